# SPDX-License-Identifier: BSD-3-Clause
"""Daily weather of Seattle and New York, 2012 to 2015 -> 20 features a day and a class of tomorrow's maximum
temperature against today's: 0 colder, 1 about the same, 2 warmer (cut at the thirds of the training part).

    WEATHER_CSV=node_modules/vega-datasets/data/weather.csv python3 weather.py

The days of both cities stand one below the other; no window reaches from one into the other. Features of a day use that
day and earlier ones of its city only; its label uses the next day only. Normals, cuts and standardisation use the years
of the training part.
"""
import csv
import datetime
import hashlib
import os

import numpy as np

CSV = os.environ.get("WEATHER_CSV", "node_modules/vega-datasets/data/weather.csv")
SHA1 = "33e7508566f8147b72480e4d9d123bf60dca9fab"   # of weather.csv in vega-datasets 3.2.1
CITIES = ("Seattle", "New York")
WINDOW = 96                     # days in an input window
WARM_UP = 29                    # first days of a city dropped: the longest look-back of a feature
VAL_YEAR, TEST_YEAR = 2014, 2015    # a window belongs to the year of its last day; earlier years are the training part
MEASURED = ("temp_max", "temp_min", "precipitation", "wind")
CLIP = 8.0                      # standardised features are clipped to +-CLIP
CLASSES = ("colder", "about the same", "warmer")


def read_csv(path=CSV):
    """Per city a dict of columns."""
    with open(path, "rb") as f:
        raw = f.read()
    if hashlib.sha1(raw).hexdigest() != SHA1:
        raise ValueError("%s is not weather.csv of vega-datasets 3.2.1" % path)
    rows = list(csv.DictReader(raw.decode().splitlines()))
    cities = []
    for name in CITIES:
        own = [r for r in rows if r["location"] == name]
        dates = [datetime.date.fromisoformat(r["date"]) for r in own]
        if any((b - a).days != 1 for a, b in zip(dates, dates[1:])):
            raise ValueError("%s: a day is missing" % name)
        city = {k: np.array([float(r[k]) for r in own]) for k in MEASURED}
        city.update(name=name, dates=dates, year=np.array([d.year for d in dates]),
                    phase=np.array([2 * np.pi * (d.timetuple().tm_yday - 1) / 365.25 for d in dates]),
                    weather=np.array([r["weather"] for r in own]))
        cities.append(city)
    return cities


def normal(x, phase, train):
    """Seasonal normal: mean and two harmonics of the year, fitted to the training days."""
    basis = np.stack([np.ones_like(phase)] + [f(k * phase) for k in (1, 2) for f in (np.sin, np.cos)], 1)
    return basis @ np.linalg.lstsq(basis[train], x[train], rcond=None)[0]


def mean(x, n):
    """Of the last n days; NaN before there are n."""
    padded = np.concatenate([np.full(n - 1, np.nan), x])
    return np.lib.stride_tricks.sliding_window_view(padded, n).mean(1)


def change(x):
    """Against the day before, 0 on the first day; to a tenth, as temperatures are, so that equal changes are equal."""
    return np.round(np.diff(x, prepend=x[0]), 1)


def features(c):
    """{name: [days]}, NaN while a look-back is not filled."""
    train = c["year"] < VAL_YEAR
    high, low = (c[k] - normal(c[k], c["phase"], train) for k in ("temp_max", "temp_min"))
    rain, wind = np.log1p(c["precipitation"]), np.log(c["wind"])
    f = {"temp_max": c["temp_max"], "temp_min": c["temp_min"], "precipitation": rain, "wind": wind,
         "range": c["temp_max"] - c["temp_min"], "max_anomaly": high, "min_anomaly": low,
         "max_change": change(c["temp_max"]), "min_change": change(c["temp_min"]),
         "wet": (c["precipitation"] > 0).astype(float), "fog": (c["weather"] == "fog").astype(float)}
    for n in (3, 7, 30):
        f["max_anomaly_%d" % n] = mean(high, n)
    for n in (7, 30):
        f["precipitation_%d" % n] = mean(rain, n)
    f["wind_7"] = mean(wind, 7)
    f["season_sin"], f["season_cos"] = np.sin(c["phase"]), np.cos(c["phase"])
    f["new_york"] = np.full(len(high), float(c["name"] == "New York"))
    return f


def city_rows(c):
    """A row a day: features, tomorrow's maximum minus today's (NaN on the last day), measured columns, year."""
    f = features(c)
    target = np.append(change(c["temp_max"])[1:], np.nan)
    measured = np.stack([c[k] for k in MEASURED], 1)
    return list(f), [v[WARM_UP:] for v in (np.stack(list(f.values()), 1), target, measured, c["year"])]


def window_ends(cities):
    """Rows of the last days of all windows: a whole window before them, and a day of the same city after them."""
    first, ends = 0, []
    for days in cities:
        ends.append(np.arange(first + WINDOW - 1, first + days - 1))
        first += days
    return np.concatenate(ends)


def dataset(path=CSV):
    """A dict: features [days, 20] float32, labels [days] (-1: none), names, measured [days, 4], year, dates, cut
    (degrees C), for each part the row of the last day of each of its windows, and persistence [days]: the class if
    tomorrow's change were today's."""
    cities = read_csv(path)
    names = city_rows(cities[0])[0]
    x, target, measured, year = (np.concatenate(v) for v in zip(*(city_rows(c)[1] for c in cities)))
    ends = window_ends([len(c["dates"]) - WARM_UP for c in cities])
    train = ends[year[ends + 1] < VAL_YEAR]                 # the label's day, too, lies inside the part
    val = ends[(year[ends] == VAL_YEAR) & (year[ends + 1] == VAL_YEAR)]
    test = ends[year[ends] == TEST_YEAR]
    fit = year < VAL_YEAR
    z = np.clip((x - x[fit].mean(0)) / x[fit].std(0), -CLIP, CLIP).astype(np.float32)
    cut = np.quantile(target[train], [1 / 3, 2 / 3])
    labels = np.where(np.isnan(target), -1, np.digitize(np.nan_to_num(target), cut)).astype(np.int32)
    return {"features": z, "labels": labels, "names": names, "measured": measured, "year": year,
            "dates": sum((c["dates"][WARM_UP:] for c in cities), []), "cut": cut,
            "train": train, "val": val, "test": test, "persistence": np.digitize(change(measured[:, 0]), cut)}


def gather(z, ends):
    """[len(ends), WINDOW, features]"""
    return np.stack([z[e - WINDOW + 1:e + 1] for e in ends])


if __name__ == "__main__":
    d = dataset()
    print("rows", d["features"].shape, d["dates"][0], d["dates"][-1], "cuts (degrees C)", d["cut"])
    for part in ("train", "val", "test"):
        e = d[part]
        y = d["labels"][e]
        print("%-5s %d windows %s to %s, class shares %s, persistence %.4f" % (
            part, len(e), d["dates"][e[0]], d["dates"][e[-1]], np.bincount(y, minlength=3) / len(y),
            (d["persistence"][e] == y).mean()))
    print("max|z| %.2f, share clipped %.5f" % (np.abs(d["features"]).max(), (np.abs(d["features"]) >= CLIP).mean()))
