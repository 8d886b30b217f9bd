#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Copies a small part of a folder of golden vectors: enough cases to meet every feature of a family.

usage: subset.py FULL_FOLDER SUBSET_FOLDER

A feature is an op; a tag, a flag, a named choice or a code range with an op; a rank, an element type, an empty tensor
or a kind of tolerance with an op; the operands of a saturation trap. Small cases are taken first, cases above
MAX_CASE_BYTES are left out. SUBSET_FOLDER may hold an earlier subset: its families are replaced, other files stay.
"""
import json
import re
import shutil
import sys
from collections import Counter
from pathlib import Path

FAMILIES = ["quantize", "fake_quantize", "observers", "int_gemm", "half", "metrics", "models", "percentile"]
CASES_PER_FEATURE = 1
MAX_CASE_BYTES = 700_000


def arrays(case):
    for part in ("inputs", "outputs", "aux"):
        for name, array in case.get(part, {}).items():
            yield part, name, array


def attribute_features(attrs):
    for name, value in attrs.items():
        if isinstance(value, (bool, str)) or name in ("axis", "weight_bits"):
            yield name, value
        elif name in ("m", "k", "n"):
            yield name, value.bit_length()
    for low, high in (("qmin", "qmax"), ("quant_min", "quant_max")):
        if low in attrs:
            yield "range", attrs[low], attrs[high]


def features(case):
    op = case["op"]
    yield op, "op"
    yield from ((op, "tag", tag) for tag in case.get("tags", []))
    yield from ((op, "attribute", *feature) for feature in attribute_features(case["attrs"]))
    if "saturation-trap" in case.get("tags", []):
        yield op, "trap", re.sub(r"_k\d+$", "", case["name"])
    for part, name, array in arrays(case):
        batch_free = name.rstrip("0123456789")
        yield op, part, batch_free, array["dtype"], len(array["shape"]), 0 in array["shape"]
        if "tolerance" in array:
            tolerance = array["tolerance"]
            yield op, "tolerance", tolerance["kind"], "mask" in tolerance, "exact_mask" in tolerance


def size_of(case, folder):
    return sum((folder / array["file"]).stat().st_size for _, _, array in arrays(case))


def chosen_cases(cases, folder):
    met = Counter()
    chosen = set()
    for case in sorted(cases, key=lambda case: (size_of(case, folder), case["name"])):
        wanted = set(features(case))
        if size_of(case, folder) <= MAX_CASE_BYTES and any(met[feature] < CASES_PER_FEATURE for feature in wanted):
            met.update(wanted)
            chosen.add(case["name"])
    return [case for case in cases if case["name"] in chosen]


def copy_family(full, subset):
    manifest = json.loads((full / "manifest.json").read_text())
    count = len(manifest["cases"])
    manifest["cases"] = chosen_cases(manifest["cases"], full)
    manifest["count"] = len(manifest["cases"])
    shutil.rmtree(subset, ignore_errors=True)
    files = {array["file"] for case in manifest["cases"] for _, _, array in arrays(case)}
    for file in sorted(files):
        (subset / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(full / file, subset / file)
    lines = ",\n".join(json.dumps(case) for case in manifest.pop("cases"))
    head = json.dumps(manifest)[:-1]
    (subset / "manifest.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n')
    size = sum((subset / file).stat().st_size for file in files)
    print(f"{full.name}: {manifest['count']} of {count} cases, {len(files)} files, {size} bytes")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    full, subset = Path(sys.argv[1]), Path(sys.argv[2])
    for family in FAMILIES:
        copy_family(full / family, subset / family)


if __name__ == "__main__":
    main()
