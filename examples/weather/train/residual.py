# SPDX-License-Identifier: BSD-3-Clause
"""Thirteen yes/no properties of a day from its four measurements, by a residual network of 925,709 parameters.

    4 -> Linear 256 -> 7 x (Linear 256, ReLU, Linear 256, + input of the block) -> Linear 13

Only the last layer is trained (3,341 parameters). The others are random features, made from a seed: a file of all
weights would take 3.7 MB. Whoever has the seed has the weights to the bit, and the network is right about real days.

    OMP_NUM_THREADS=1 WEATHER_CSV=node_modules/vega-datasets/data/weather.csv python3 residual.py
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import common
import weather

WIDTH, BLOCKS, SEED = 256, 7, 2015
CALIB_ROWS = 512        # evenly spaced in the training days
PROPERTIES = {          # of maximum and minimum (degrees C), precipitation (mm) and wind (as the file has it)
    "wet": lambda high, low, rain, wind: rain > 0,
    "heavy_rain": lambda high, low, rain, wind: rain >= 10,
    "hot": lambda high, low, rain, wind: high >= 25,
    "cool": lambda high, low, rain, wind: high < 10,
    "frost": lambda high, low, rain, wind: low < 0,
    "warm_night": lambda high, low, rain, wind: low >= 15,
    "wide_range": lambda high, low, rain, wind: np.round(high - low, 1) >= 10,
    "narrow_range": lambda high, low, rain, wind: np.round(high - low, 1) < 5,
    "windy": lambda high, low, rain, wind: wind >= 5,
    "calm": lambda high, low, rain, wind: wind < 2.5,
    "wet_and_windy": lambda high, low, rain, wind: (rain > 0) & (wind >= 5),
    "wet_frost": lambda high, low, rain, wind: (rain > 0) & (low < 0),
    "dry_and_warm": lambda high, low, rain, wind: (rain == 0) & (high >= 20),
}


def linear_entry(name, inputs, outputs):
    return {"name": name, "type": "linear", "in_features": inputs, "out_features": outputs,
            "weight": name + ".weight", "bias": name + ".bias"}


def block_entries(i):
    p = "block.%d." % i
    return [linear_entry(p + "fc1", WIDTH, WIDTH), {"name": p + "relu", "type": "relu", "features": WIDTH},
            linear_entry(p + "fc2", WIDTH, WIDTH),
            {"name": p + "add", "type": "add", "features": WIDTH, "inputs": ["input of the block", p + "fc2"]}]


def generator():
    """fc1 keeps the variance of its input (bound^2 / 3 * 256 = 1), and a block adds about a sixth to it."""
    tensors = [{"name": "stem.weight", "shape": [WIDTH, 4], "uniform": 1.0},
               {"name": "stem.bias", "shape": [WIDTH], "uniform": 2.0}]
    for i in range(BLOCKS):
        for fc, bound in (("fc1", 0.109375), ("fc2", 0.0625)):
            name = "block.%d.%s" % (i, fc)
            tensors += [{"name": name + ".weight", "shape": [WIDTH, WIDTH], "uniform": bound},
                        {"name": name + ".bias", "shape": [WIDTH], "uniform": bound}]
    return {"algorithm": "splitmix64", "seed": SEED, "value": "float32(uniform) * (u * 2^-23 - 1), u = next() >> 40",
            "tensors": tensors}


def graph():
    layers = [linear_entry("stem", 4, WIDTH)] + sum((block_entries(i) for i in range(BLOCKS)), [])
    layers += [linear_entry("head", WIDTH, len(PROPERTIES)),
               {"name": "scores", "type": "sigmoid", "features": len(PROPERTIES)},
               {"name": "confidence", "type": "softmax_max", "input": "head"}]
    return {"name": "residual_4_256x7_13", "kind": "residual_mlp", "input_shape": ["batch", 4],
            "output_shape": ["batch", len(PROPERTIES)], "targets": list(PROPERTIES), "layers": layers,
            "generator": generator()}


def hidden(t, x):
    """[rows, 256], what the head sees."""
    x = F.linear(x, t["stem.weight"], t["stem.bias"])
    for i in range(BLOCKS):
        p = "block.%d." % i
        y = F.linear(x, t[p + "fc1.weight"], t[p + "fc1.bias"]).relu()
        x = x + F.linear(y, t[p + "fc2.weight"], t[p + "fc2.bias"])
    return x


def train_head(h, y, steps=2000, decay=1e-5):
    """Logistic regression on standardised features by L-BFGS; standardisation is folded into the weights."""
    mean, std = h.mean(0), h.std(0)
    z = (h - mean) / std
    w = torch.zeros(h.shape[1] + 1, y.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([w], max_iter=steps, max_eval=2 * steps, history_size=20, tolerance_grad=1e-7,
                                  tolerance_change=1e-9, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = F.binary_cross_entropy_with_logits(z @ w[:-1] + w[-1], y) + decay * (w[:-1] ** 2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    w = w.detach()
    weight = (w[:-1] / std[:, None]).T.contiguous()
    return {"head.weight": weight, "head.bias": w[-1] - weight @ mean}


def dataset():
    """(inputs [days, 4] float32, labels [days, 13] float32, year [days])"""
    d = weather.dataset()
    high, low, rain, wind = d["measured"].T
    x = np.stack([high, low, np.log1p(rain), np.log(wind)], 1)
    fit = d["year"] < weather.VAL_YEAR
    x = ((x - x[fit].mean(0)) / x[fit].std(0)).astype(np.float32)
    return x, np.stack([p(high, low, rain, wind) for p in PROPERTIES.values()], 1).astype(np.float32), d["year"]


def quality(logits, y):
    right = (logits > 0) == (y > 0.5)
    return float(right.float().mean()), float(right.all(1).float().mean())


def main():
    folder = os.path.join(common.WEATHER, "residual_4_256x7_13")
    x, y, year = dataset()
    t = {name: torch.from_numpy(a) for name, a in common.generated(generator()).items()}
    fit, test = year < weather.VAL_YEAR, year == weather.TEST_YEAR
    h = hidden(t, torch.from_numpy(x))
    head = train_head(h[fit], torch.from_numpy(y[fit]))
    logits = F.linear(h[test], head["head.weight"], head["head.bias"])
    labels, exact = quality(logits, torch.from_numpy(y[test]))
    calib = x[fit][np.linspace(0, fit.sum() - 1, CALIB_ROWS).astype(int)]
    common.save_arrays(folder, eval_inputs=x[test], eval_labels=y[test].astype(np.uint8), eval_logits=logits.numpy(),
                       calib_inputs=calib)
    common.save_safetensors(os.path.join(folder, "head.safetensors"), {name: a.numpy() for name, a in head.items()},
                            {"name": "residual_4_256x7_13"})
    common.save_json(os.path.join(folder, "graph.json"), graph())
    generated = sum(a.numel() for a in t.values())
    trained = sum(a.numel() for a in head.values())
    common.save_json(os.path.join(folder, "metrics.json"), {
        "parameters": generated + trained, "fp32_bytes": 4 * (generated + trained), "trained_parameters": trained,
        "test_days": int(test.sum()), "test_labels_right": labels, "test_days_all_right": exact,
        "test_labels_right_if_always_no": float(1 - y[test].mean()), "hidden_std": float(h.std()),
        "largest_logit": float(logits.abs().max())})


if __name__ == "__main__":
    main()
