# SPDX-License-Identifier: BSD-3-Clause
"""An encoder classifier after Informer (Zhou et al. 2021): token embedding (Conv1d), sinusoidal positions, post-norm
encoder layers, distilling Conv1d layers of which some are followed by a max pool, and a projection of the last step.

Attention is full: Informer's ProbSparse selection saves nothing worth having at 96 steps. The distilling step has
neither batch norm nor ELU, and padding is zeros, not circular.
"""
import math

import torch
import torch.nn as nn


class Attention(nn.Module):
    def __init__(self, d_model, heads):
        super().__init__()
        self.heads, self.d_head = heads, d_model // heads
        self.q_proj, self.k_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.v_proj, self.out_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (f(x).view(b, t, self.heads, self.d_head).transpose(1, 2)
                   for f in (self.q_proj, self.k_proj, self.v_proj))
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(self.d_head), dim=-1)
        return self.out_proj((weights @ v).transpose(1, 2).reshape(b, t, d))


class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)


class EncoderLayer(nn.Module):
    def __init__(self, d_model, heads, d_ff, dropout):
        super().__init__()
        self.attn = Attention(d_model, heads)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.ffn, self.act = FeedForward(d_model, d_ff), nn.GELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = self.norm1(x + self.dropout(self.attn(x)))
        return self.norm2(x + self.dropout(self.ffn.fc2(self.act(self.ffn.fc1(x)))))


def sinusoid(length, d_model):
    """[length, d_model]: sin(t / 10000^(2i / d_model)) in column 2i, the cosine in column 2i + 1."""
    position = torch.arange(length, dtype=torch.float64).unsqueeze(1)
    rate = torch.exp(torch.arange(0, d_model, 2, dtype=torch.float64) * (-math.log(10000.0) / d_model))
    return torch.stack([torch.sin(position * rate), torch.cos(position * rate)], 2).reshape(length, d_model).float()


class Positional(nn.Module):
    def __init__(self, length, d_model):
        super().__init__()
        self.register_buffer("table", sinusoid(length, d_model))

    def forward(self, x):
        return x + self.table[:x.shape[1]]


class Informer(nn.Module):
    """config: features, length, d_model, heads, d_ff, layers, classes, dropout, distil_after (encoder layers that a
    distilling convolution follows), pool_after (those of them whose convolution a pool follows)."""

    def __init__(self, config):
        super().__init__()
        c = self.config = dict(config)
        d = c["d_model"]
        self.embed = nn.Conv1d(c["features"], d, 3, padding=1)
        self.pos = Positional(c["length"], d)
        self.encoder = nn.ModuleList(EncoderLayer(d, c["heads"], c["d_ff"], c["dropout"]) for _ in range(c["layers"]))
        self.distil = nn.ModuleList(nn.Conv1d(d, d, 3, padding=1) for _ in c["distil_after"])
        self.pool = nn.ModuleList(nn.MaxPool1d(3, stride=2, padding=1) for _ in c["pool_after"])
        self.head = nn.Linear(d, c["classes"])

    def forward(self, x):                       # [batch, time, features]
        c = self.config
        x = self.pos(self.embed(x.transpose(1, 2)).transpose(1, 2))
        for i, layer in enumerate(self.encoder):
            x = layer(x)
            if i in c["distil_after"]:
                y = self.distil[c["distil_after"].index(i)](x.transpose(1, 2))
                if i in c["pool_after"]:
                    y = self.pool[c["pool_after"].index(i)](y)
                x = y.transpose(1, 2)
        return self.head(x[:, -1])


def conv_entry(name, role, inputs, outputs, time):
    return {"name": name, "type": "conv1d", "role": role, "in_channels": inputs, "out_channels": outputs, "kernel": 3,
            "stride": 1, "padding": 1, "padding_mode": "zeros", "time": time,
            "weight": name + ".weight", "bias": name + ".bias"}


def norm_entry(name, features, residual):
    return {"name": name, "type": "layer_norm", "features": features, "eps": 1e-5,
            "weight": name + ".weight", "bias": name + ".bias", "residual": residual}


def tensors_of(name, parts):
    return ["%s.%s.%s" % (name, part, what) for part in parts for what in ("weight", "bias")]


def encoder_entries(c, i, time):
    """An encoder layer counts attention, dropout, two norms, feed-forward and activation: six layers."""
    p, d = "encoder.%d." % i, c["d_model"]
    return [
        {"name": p + "attn", "type": "multi_head_attention", "d_model": d, "heads": c["heads"],
         "d_head": d // c["heads"], "time": time, "scale": "1/sqrt(d_head)",
         "tensors": tensors_of(p + "attn", ("q_proj", "k_proj", "v_proj", "out_proj"))},
        {"name": p + "dropout", "type": "dropout", "p": c["dropout"], "inference": "identity"},
        norm_entry(p + "norm1", d, "norm1(x + dropout(attn(x)))"),
        {"name": p + "ffn", "type": "feed_forward", "d_model": d, "d_ff": c["d_ff"], "time": time,
         "activation": p + "act", "tensors": tensors_of(p + "ffn", ("fc1", "fc2"))},
        {"name": p + "act", "type": "gelu", "approximate": "none (erf)", "inside": p + "ffn, between fc1 and fc2",
         "features": c["d_ff"]},
        norm_entry(p + "norm2", d, "norm2(x + dropout(ffn(x)))")]


def graph(c, name, **extra):
    """Every layer in the order of execution."""
    d, t = c["d_model"], c["length"]
    layers = [conv_entry("embed", "token_embedding", c["features"], d, t),
              {"name": "pos", "type": "positional_encoding", "role": "added to the embedding", "table": "pos.table",
               "shape": [t, d]}]
    for i in range(c["layers"]):
        layers += encoder_entries(c, i, t)
        if i in c["distil_after"]:
            layers.append(conv_entry("distil.%d" % c["distil_after"].index(i), "distilling", d, d, t))
        if i in c["pool_after"]:
            layers.append({"name": "pool.%d" % c["pool_after"].index(i), "type": "max_pool1d", "kernel": 3, "stride": 2,
                           "padding": 1, "padding_value": "-inf", "time_in": t, "time_out": (t + 1) // 2})
            t = (t + 1) // 2
    layers.append({"name": "head", "type": "linear", "role": "output_projection", "input": "last time step",
                   "in_features": d, "out_features": c["classes"], "weight": "head.weight", "bias": "head.bias"})
    return {"name": name, "kind": "informer_encoder", "config": c, "layer_count": len(layers),
            "input_shape": ["batch", c["length"], c["features"]], "output_shape": ["batch", c["classes"]],
            "conventions": "linear: y = x W^T + b, W [out, in]; conv1d weight [out, in, kernel] over time, "
                           "cross-correlation; post-norm; no activation after the distilling convs; "
                           "tensors FP32 little-endian row-major",
            **extra, "layers": layers}
