# SPDX-License-Identifier: BSD-3-Clause
"""Runs the models with numpy alone, from their files, and compares with the saved logits of PyTorch.

    python3 check.py
"""
import json
import math
import os

import numpy as np

import common

TOLERANCE = 1e-4        # of the largest logit


def linear(x, t, name):
    return x @ t[name + ".weight"].T + t[name + ".bias"]


def conv1d(x, w, b):                        # [batch, time, in], [out, in, 3]; zero padding
    p = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    return sum(p[:, k:k + x.shape[1]] @ w[:, :, k].T for k in range(3)) + b


def max_pool(x):                            # kernel 3, stride 2, padding 1
    p = np.pad(x, ((0, 0), (1, 1), (0, 0)), constant_values=-np.inf)
    return np.stack([p[:, 2 * i:2 * i + 3].max(1) for i in range((x.shape[1] + 1) // 2)], 1)


def layer_norm(x, t, name, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + eps) * t[name + ".weight"] + t[name + ".bias"]


def gelu(x):
    return (0.5 * x * (1 + np.vectorize(math.erf, otypes=[np.float64])(x / math.sqrt(2)))).astype(np.float32)


def attention(x, t, name, heads):
    b, n, d = x.shape
    q, k, v = (linear(x, t, "%s.%s_proj" % (name, p)).reshape(b, n, heads, d // heads).transpose(0, 2, 1, 3)
               for p in "qkv")
    s = q @ k.transpose(0, 1, 3, 2) / math.sqrt(d // heads)
    s = np.exp(s - s.max(-1, keepdims=True))
    y = (s / s.sum(-1, keepdims=True)) @ v
    return linear(y.transpose(0, 2, 1, 3).reshape(b, n, d), t, name + ".out_proj")


def forward(graph, t, x):
    branch = block = None       # output of the last attention or feed-forward; input of the residual block
    for layer in graph["layers"]:
        name, kind = layer["name"], layer["type"]
        if kind == "linear":
            if layer.get("input") == "last time step":
                x = x[:, -1]
            block = x if name.endswith(".fc1") else block
            x = linear(x, t, name)
        elif kind == "relu":
            x = np.maximum(x, 0)
        elif kind == "add":
            x = x + block
        elif kind == "conv1d":
            x = conv1d(x, t[layer["weight"]], t[layer["bias"]])
        elif kind == "positional_encoding":
            x = x + t[layer["table"]]
        elif kind == "multi_head_attention":
            branch = attention(x, t, name, layer["heads"])
        elif kind == "feed_forward":
            branch = linear(gelu(linear(x, t, name + ".fc1")), t, name + ".fc2")
        elif kind == "layer_norm":
            x = layer_norm(x + branch, t, name, layer["eps"])
        elif kind == "max_pool1d":
            x = max_pool(x)
        elif kind not in ("dropout", "gelu", "sigmoid", "softmax_max"):
            raise ValueError(kind)
    return x


def sinusoid(length, d):
    angle = np.arange(length)[:, None] / 10000.0 ** (np.arange(0, d, 2) / d)
    return np.stack([np.sin(angle), np.cos(angle)], 2).reshape(length, d).astype(np.float32)


def array(*path):
    return np.load(os.path.join(*path))


def weather_informer(folder, graph):
    features, ends = array(folder, graph["data"], "features.npy"), array(folder, graph["data"], "test_ends.npy")
    windows = np.stack([features[e - graph["config"]["length"] + 1:e + 1] for e in ends])
    return common.load_safetensors(os.path.join(folder, "model.safetensors")), windows, array(folder, "eval_logits.npy")


def weather_residual(folder, graph):
    t = {**common.generated(graph["generator"]), **common.load_safetensors(os.path.join(folder, "head.safetensors"))}
    return t, array(folder, "eval_inputs.npy"), array(folder, "eval_logits.npy")


def informer_57(folder, graph):
    t = {**common.generated(graph["generator"]), "pos.table": sinusoid(*graph["generator"]["sinusoidal"]["shape"])}
    return t, common.generated(graph["check_inputs"])["check_inputs"], array(folder, "check_logits.npy")


def main():
    for parts, files in ((("weather", "informer_small"), weather_informer),
                         (("weather", "residual_4_256x7_13"), weather_residual), (("informer_57",), informer_57)):
        folder = os.path.join(common.EXAMPLES, *parts)
        with open(os.path.join(folder, "graph.json")) as f:
            graph = json.load(f)
        t, x, expected = files(folder, graph)
        error = np.abs(forward(graph, t, x) - expected).max() / np.abs(expected).max()
        parameters = sum(a.size for name, a in t.items() if name != "pos.table")
        print("%-20s %3d layers %9d parameters  largest error %.1e of the largest logit" % (
            graph["name"], len(graph["layers"]), parameters, error))
        if not error <= TOLERANCE:
            raise SystemExit("the logits differ")


if __name__ == "__main__":
    main()
