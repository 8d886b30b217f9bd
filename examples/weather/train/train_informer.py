# SPDX-License-Identifier: BSD-3-Clause
"""Trains informer_small and writes it and its data.

    OMP_NUM_THREADS=1 WEATHER_CSV=node_modules/vega-datasets/data/weather.csv python3 train_informer.py

With --dry it prints the validation scores of a setting and writes nothing; the settings were chosen by those alone.
"""
import argparse
import copy
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

import common
import informer
import weather

CONFIG = {"features": 20, "length": weather.WINDOW, "d_model": 64, "heads": 8, "d_ff": 256, "layers": 4, "classes": 3,
          "dropout": 0.2, "distil_after": [1, 3], "pool_after": [1]}
CALIB_WINDOWS = 128     # evenly spaced in the training part


def windows(d, part):
    return torch.from_numpy(weather.gather(d["features"], d[part])), torch.from_numpy(d["labels"][d[part]]).long()


def logits_of(model, x, batch=64):
    model.eval()
    with torch.no_grad():
        return torch.cat([model(x[i:i + batch]) for i in range(0, len(x), batch)])


def accuracy(logits, y):
    return float((logits.argmax(1) == y).float().mean())


def train(d, epochs, lr, noise, seed, batch=32, weight_decay=0.02, warm_up=100, smoothing=0.1):
    """AdamW, linear warm-up, then cosine; keeps the weights of the best epoch by validation loss."""
    torch.manual_seed(seed)
    model, rng = informer.Informer(CONFIG), np.random.default_rng(seed)
    (x, y), (val_x, val_y) = windows(d, "train"), windows(d, "val")
    steps = epochs * (len(x) // batch)
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * min(1.0, s / steps))))
    best, best_state = None, None
    for epoch in range(epochs):
        model.train()
        for chosen in rng.permutation(len(x))[:len(x) // batch * batch].reshape(-1, batch):
            loss = F.cross_entropy(model(x[chosen] + noise * torch.randn_like(x[chosen])), y[chosen],
                                   label_smoothing=smoothing)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        logits = logits_of(model, val_x)
        val_loss = F.cross_entropy(logits, val_y).item()
        print("epoch %d  loss %.4f  val loss %.4f  val acc %.4f" % (
            epoch + 1, loss.item(), val_loss, accuracy(logits, val_y)), flush=True)
        if best is None or val_loss < best:
            best, best_state = val_loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    return model


def logistic_regression(d, decay=1e-2):
    """Test accuracy on the features of the window's last day."""
    x, y = torch.from_numpy(d["features"]), torch.from_numpy(d["labels"]).long()
    w = torch.zeros(x.shape[1] + 1, 3, requires_grad=True)
    optimiser = torch.optim.LBFGS([w], max_iter=500)

    def score(part):
        return x[d[part]] @ w[:-1] + w[-1]

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(score("train"), y[d["train"]]) + decay * (w[:-1] ** 2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return accuracy(score("test"), y[d["test"]])


def export_data(d):
    calib = d["train"][np.linspace(0, len(d["train"]) - 1, CALIB_WINDOWS).astype(int)]
    ends = {part + "_ends": e.astype(np.int32)
            for part, e in (("train", d["train"]), ("val", d["val"]), ("test", d["test"]), ("calib", calib))}
    common.save_arrays(os.path.join(common.WEATHER, "data"), features=d["features"], labels=d["labels"], **ends)
    common.save_json(os.path.join(common.WEATHER, "data", "info.json"), {
        "window": weather.WINDOW, "cities": weather.CITIES,
        "first_day": str(d["dates"][0]), "last_day": str(d["dates"][-1]),
        "val_year": weather.VAL_YEAR, "test_year": weather.TEST_YEAR, "classes": weather.CLASSES,
        "cuts_degrees_celsius": [float(v) for v in d["cut"]], "clip": weather.CLIP, "features": d["names"]})


def export_model(model, d):
    folder = os.path.join(common.WEATHER, "informer_small")
    (val_x, val_y), (test_x, test_y) = windows(d, "val"), windows(d, "test")
    logits = logits_of(model, test_x)
    parameters = sum(p.numel() for p in model.parameters())
    common.save_arrays(folder, eval_logits=logits.numpy())
    common.save_safetensors(os.path.join(folder, "model.safetensors"),
                            {name: t.numpy() for name, t in model.state_dict().items()}, {"name": "informer_small"})
    common.save_json(os.path.join(folder, "graph.json"), informer.graph(CONFIG, "informer_small", data="../data"))
    common.save_json(os.path.join(folder, "metrics.json"), {
        "parameters": parameters, "fp32_bytes": 4 * parameters,
        "val_accuracy": accuracy(logits_of(model, val_x), val_y), "test_accuracy": accuracy(logits, test_y),
        "test_recall_per_class": [accuracy(logits[test_y == k], test_y[test_y == k]) for k in range(3)],
        "test_windows": len(test_y), "test_largest_class": float(torch.bincount(test_y).max() / len(test_y)),
        "test_persistence": float((d["persistence"][d["test"]] == test_y.numpy()).mean()),
        "test_logistic_regression": logistic_regression(d)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--noise", type=float, default=0.6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true")
    a = parser.parse_args()
    d = weather.dataset()
    model = train(d, a.epochs, a.lr, a.noise, a.seed)
    if not a.dry:
        export_data(d)
        export_model(model, d)


if __name__ == "__main__":
    main()
