# SPDX-License-Identifier: BSD-3-Clause
"""The files that the scripts write, and weights from a seed."""
import json
import os
import struct

import numpy as np

EXAMPLES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEATHER = os.path.join(EXAMPLES, "weather")


def save_safetensors(path, tensors, metadata):
    """{name: float32 array}, in the given order."""
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for name, array in tensors.items():
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + len(raw)]}
        blobs.append(raw)
        offset += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load_safetensors(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(length)), f.read()
    return {name: np.frombuffer(data[i["data_offsets"][0]:i["data_offsets"][1]], "<f4").reshape(i["shape"])
            for name, i in header.items() if name != "__metadata__"}


def save_json(path, value):
    with open(path, "w") as f:
        json.dump(value, f, indent=1)
        f.write("\n")


def save_arrays(folder, **arrays):
    os.makedirs(folder, exist_ok=True)
    for name, array in arrays.items():
        np.save(os.path.join(folder, name + ".npy"), array)


def splitmix64(seed, first, count):
    """Outputs first .. first + count - 1 of SplitMix64 (Steele, Lea, Flood 2014); 64-bit arithmetic wraps around."""
    z = np.uint64(seed) + np.uint64(0x9e3779b97f4a7c15) * np.arange(first + 1, first + count + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return z ^ (z >> np.uint64(31))


def generated(generator):
    """The tensors that a graph's "generator" describes, {name: float32 array}: one stream of SplitMix64 fills the
    "uniform" ones in the order of the list, each row-major, with float32(bound) * (u * 2^-23 - 1), u the upper 24 bits
    of an output: one rounding, so the same bits everywhere. A "constant" draws nothing."""
    tensors, drawn = {}, 0
    for t in generator["tensors"]:
        count = int(np.prod(t["shape"]))
        if "constant" in t:
            values = np.full(count, t["constant"], np.float32)
        else:
            u = (splitmix64(generator["seed"], drawn, count) >> np.uint64(40)).astype(np.float32)
            values = np.float32(t["uniform"]) * (u * np.float32(2.0 ** -23) - np.float32(1))
            drawn += count
        tensors[t["name"]] = values.reshape(t["shape"])
    return tensors
