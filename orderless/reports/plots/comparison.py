"""A data set's representations beside one another: figures with intervals, figures against costs."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from orderless.reports.metrics import METRICS, SCALES, readable
from orderless.reports.plots.style import FAMILIES, begin, colour, legend_of_families, save


def labelled(rows: pd.DataFrame, names: dict[str, str], networks: dict[str, str], papers: dict[str, str]) -> pd.DataFrame:
    """Headline rows (of `metrics.headline`) with their figures as people read them, titles, and the family that sets the colour.

    names, networks, papers: title of a representation, title of a network, paper of a representation, by id. The network is
    named where there are several.
    """
    rows = rows.copy()
    rows["title"] = rows["representation"].map(names)
    if rows["backbone"].nunique() > 1:
        rows["title"] += " (" + rows["backbone"].map(networks) + ")"
    rows["family"] = [FAMILIES[papers.get(name, "")] for name in rows["representation"]]
    rows[["value", "low", "high"]] = readable(rows["metric"].iloc[0], rows[["value", "low", "high"]])
    return rows


def figure_label(rows: pd.DataFrame) -> str:
    """What the axis of the figures says."""
    metric = rows["metric"].iloc[0]
    return METRICS[metric] if metric in SCALES else f"{METRICS[metric]}, %"


def accuracy(rows: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Every representation's figure with its 95% interval, best on top. rows: of `labelled`."""
    begin()
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.38 * len(rows)))
    for place, (_, row) in enumerate(rows.iterrows()):
        shade = colour(row["representation"], row["family"])
        axes.plot([row["low"], row["high"]], [place, place], color=shade, lw=2.5, solid_capstyle="round")
        axes.plot(row["value"], place, marker="o", ms=9, color=shade, mec="white")
    axes.set_yticks(range(len(rows)), rows["title"])
    axes.invert_yaxis()
    axes.set(xlabel=f"{figure_label(rows)} (95% interval)", ylabel="", title=f"{dataset}: figures of merit")
    legend_of_families(axes, rows)
    save(figure, path)


def front(rows: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The rows that no other beats at their cost or less, cheapest first."""
    ordered = rows.sort_values([cost, "value"], ascending=[True, False])
    return ordered[ordered["value"] > ordered["value"].cummax().shift(fill_value=-np.inf)]


def tradeoff(rows: pd.DataFrame, cost: str, label: str, dataset: str, path: str | Path) -> None:
    """The figure against a cost (a column of the metrics, logarithmic), and the front that no other representation beats.

    Every point is named where there are few; where there are many, those of the front. Each point says on hovering what it is.
    """
    from adjustText import adjust_text

    begin()
    np.random.seed(0)  # noqa: NPY002 (adjustText places the names by the global generator)
    best = front(rows, cost)
    figure, axes = plt.subplots(figsize=(8.5, 5.5))
    (line,) = axes.step(best[cost], best["value"], where="post", color="0.6", lw=1.5, zorder=0, label="Best for its cost")
    tips = {}
    for place, (_, row) in enumerate(rows.iterrows()):
        shade = colour(row["representation"], row["family"])
        axes.plot(row[cost], row["value"], marker="o", ms=9, color=shade, mec="white", gid=f"point-{place}")
        tips[f"point-{place}"] = f"{row['title']}: {row['value']:.1f} ({row['low']:.1f} to {row['high']:.1f}), {row[cost]:,.3g}"
    axes.set(xscale="log", xlabel=label, ylabel=figure_label(rows), title=f"{dataset}: figure against cost")
    axes.margins(0.15)
    named = rows if len(rows) <= 16 else best
    names = [axes.text(row[cost], row["value"], row["title"], fontsize=10) for _, row in named.iterrows()]
    adjust_text(names, ax=axes, iter_lim=300, arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.7})
    legend_of_families(axes, rows, line)
    save(figure, path, tips)
