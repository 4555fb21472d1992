"""Figures of a run: what they are called, how people read them, what an image costs."""

from pathlib import Path
from typing import Any

import pandas as pd

from orderless.catalog.plans import leaves
from orderless.files.results import name_of

COLUMNS = ["dataset", "backbone", "representation", "metric", "value", "low", "high", "n", "dimensions", "bytes", "seconds"]
COLUMNS += ["recipe"]  # the hash in the path of the figure's files
PAPERS = {"gong2014": "Gong 2014", "yoo2015": "Yoo 2015", "liu2015": "Liu 2015", "li2016": "Li 2016"}
METRICS = {  # the figure by which a data set is judged comes first
    "accuracy": "Accuracy",
    "mean_class_accuracy": "Mean class accuracy",
    "map11": "mAP (11 points)",
    "map": "mAP",
    "map_trapezoid": "mAP (trapezoid)",
    "ns": "N-S score (of 4)",
    "p1": "First is right",
    "p10": "Precision at 10",
}
SCALES = {"ns": 4}  # what a figure is multiplied by to be read; all others are per cent


def readable(metric: str, value):
    """A figure, a fraction of one, as people read it: per cent, or the N-S score out of four."""
    return SCALES.get(metric, 100) * value


def probability(p: float) -> str:
    """A p-value as people read it; empty where there is none."""
    if pd.isna(p):
        return ""
    return f"{p:.2g}" if p >= 0.0001 else "< 0.0001"


def size(count: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def seconds_per_image(plan: dict[str, Any], name: str, extraction: pd.DataFrame, encoding: pd.DataFrame) -> float:
    """Seconds to turn one image into the representation, made alone: cutting, forward passes, projection, encoding.

    extraction: the shards' timings, one row a shard and set: seconds of its own, those of its forward passes, images. Layers of
    the same views share their passes. encoding: one row a shard and representation: seconds, images.
    """
    parts = leaves(plan, name)
    sets = {plan["representations"][leaf].get("set") for leaf in parts}
    total = 0.0
    for table, key, wanted in ((extraction, "set", sets), (encoding, "representation", set(parts))):
        part = table[table[key].isin(wanted)].groupby(key)[["seconds", "images"]].sum()
        total += float((part["seconds"] / part["images"]).sum())
    passes = extraction[extraction["set"].isin(sets)].groupby("set")[["forward", "images"]].sum()
    each = passes["forward"] / passes["images"]
    return total + float(each.groupby(each.index.str.split(".").str[0]).max().sum())


def read_timings(paths: list[str]) -> pd.DataFrame:
    """All shards' timings in one table."""
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


def read_seeds(paths: list[str]) -> pd.DataFrame:
    """The figures of representations made with several seeds: representation, seed (0 the run's own), metric, value."""
    rows = []
    for path in paths:
        name, _, number = name_of(path).partition("@")
        first = pd.read_csv(path).iloc[0]
        rows.append({"representation": name, "seed": int(number or 0), "metric": first["metric"], "value": first["value"]})
    return pd.DataFrame(rows, columns=["representation", "seed", "metric", "value"])


def titles(catalog: dict[str, dict], section: str) -> dict[str, str]:
    """id -> title, the id itself where there is none."""
    return {name: entry.get("title", name) for name, entry in catalog[section].items()}


def read_metrics(path: str | Path) -> pd.DataFrame:
    """The tidy metrics of a run."""
    return pd.read_csv(path)


def headline(metrics: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The rows of a data set for the metric by which it is judged, best first."""
    rows = metrics[metrics["dataset"] == dataset]
    metric = next(name for name in METRICS if (rows["metric"] == name).any())
    return rows[rows["metric"] == metric].sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
