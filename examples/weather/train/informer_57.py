# SPDX-License-Identifier: BSD-3-Clause
"""Describes informer_57, an encoder classifier of 57 layers and 5,082,115 parameters (19.39 MiB in FP32) for measuring
size and latency. Neither depends on the weights, which come from a seed; there are logits to check an implementation.

    OMP_NUM_THREADS=1 python3 informer_57.py
"""
import os

import torch

import common
import informer

CONFIG = {"features": 100, "length": 96, "d_model": 256, "heads": 8, "d_ff": 512, "layers": 8, "classes": 3,
          "dropout": 0.2, "distil_after": [1, 3, 5, 7], "pool_after": [1, 3]}
LAYERS, PARAMETERS = 57, 5082115
SEED, CHECK_SEED, CHECK_WINDOWS = 57, 58, 4


def tensor_entry(name, tensor, modules):
    """PyTorch's defaults: weight and bias uniform in +-1 / sqrt(inputs of the layer), layer norms the identity."""
    entry = {"name": name, "shape": list(tensor.shape)}
    owner = modules[name.rpartition(".")[0]]
    if isinstance(owner, torch.nn.LayerNorm):
        return {**entry, "constant": 1.0 if name.endswith("weight") else 0.0}
    return {**entry, "uniform": owner.weight[0].numel() ** -0.5}


def generator(model):
    modules = dict(model.named_modules())
    return {"algorithm": "splitmix64", "seed": SEED, "value": "float32(uniform) * (u * 2^-23 - 1), u = next() >> 40",
            "sinusoidal": {"name": "pos.table", "shape": list(model.pos.table.shape)},
            "tensors": [tensor_entry(name, t, modules) for name, t in model.named_parameters()]}


def check_inputs():
    """Independent, of mean 0 and variance 1."""
    return {"algorithm": "splitmix64", "seed": CHECK_SEED, "tensors": [
        {"name": "check_inputs", "shape": [CHECK_WINDOWS, CONFIG["length"], CONFIG["features"]], "uniform": 3 ** 0.5}]}


def main():
    model = informer.Informer(CONFIG).eval()
    weights = generator(model)
    graph = informer.graph(CONFIG, "informer_57", parameters=PARAMETERS, generator=weights, check_inputs=check_inputs())
    parameters = sum(p.numel() for p in model.parameters())
    if (graph["layer_count"], parameters) != (LAYERS, PARAMETERS):
        raise ValueError("%d layers, %d parameters" % (graph["layer_count"], parameters))
    tensors = {name: torch.from_numpy(a) for name, a in common.generated(weights).items()}
    model.load_state_dict({**tensors, "pos.table": model.pos.table})
    with torch.no_grad():
        logits = model(torch.from_numpy(common.generated(check_inputs())["check_inputs"]))
    folder = os.path.join(common.EXAMPLES, "informer_57")
    common.save_arrays(folder, check_logits=logits.numpy())
    common.save_json(os.path.join(folder, "graph.json"), graph)


if __name__ == "__main__":
    main()
