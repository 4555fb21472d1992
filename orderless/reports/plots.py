"""Plots, through seaborn. Each function draws one figure and writes it as SVG with its text kept as text."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from orderless.evaluation import average_precision_11
from orderless.reports import METRICS

PAPERS = {  # paper -> what its family is called, and its colour, the same in every plot (colour-blind safe)
    "gong2014": "MOP-CNN (Gong 2014)",
    "yoo2015": "MPP (Yoo 2015)",
    "liu2015": "Cross-layer (Liu 2015)",
    "": "Other",
}
COLOURS = dict(zip(PAPERS.values(), sns.color_palette("colorblind", len(PAPERS)), strict=True))


def begin() -> None:
    """The look of every figure; reproducible SVG."""
    sns.set_theme(style="whitegrid", context="notebook")
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "orderless", "font.family": "sans-serif", "figure.dpi": 100})


def save(figure: plt.Figure, path: str | Path) -> None:
    """Write and close a figure."""
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def labelled(rows: pd.DataFrame, names: dict[str, str], networks: dict[str, str], papers: dict[str, str]) -> pd.DataFrame:
    """Headline rows with the titles and the family that a figure shows; the network is named where there are several."""
    rows = rows.copy()
    rows["title"] = rows["representation"].map(names)
    if rows["backbone"].nunique() > 1:
        rows["title"] += " (" + rows["backbone"].map(networks) + ")"
    rows["family"] = [PAPERS[papers.get(name, "")] for name in rows["representation"]]
    rows[["value", "low", "high"]] *= 100
    return rows


def accuracy(rows: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Every representation's figure with its 95% interval, best on top. rows: of `labelled`."""
    begin()
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.38 * len(rows)))
    for place, (low, high, family) in enumerate(zip(rows["low"], rows["high"], rows["family"], strict=True)):
        axes.plot([low, high], [place, place], color=COLOURS[family], lw=2.5, solid_capstyle="round")
    sns.scatterplot(rows, x="value", y=np.arange(len(rows)), hue="family", palette=COLOURS, s=80, ax=axes, zorder=3)
    axes.set_yticks(range(len(rows)), rows["title"])
    axes.invert_yaxis()
    axes.set(
        xlabel=f"{METRICS[rows['metric'].iloc[0]]}, % (95% bootstrap interval)", ylabel="", title=f"{dataset}: figures of merit"
    )
    axes.legend(title="", loc="best", frameon=True)
    save(figure, path)


def tradeoff(rows: pd.DataFrame, cost: str, label: str, dataset: str, path: str | Path) -> None:
    """The figure against a cost (a column of the metrics, logarithmic), each point named."""
    from adjustText import adjust_text

    begin()
    np.random.seed(0)  # noqa: NPY002 (adjustText places the names by the global generator)
    figure, axes = plt.subplots(figsize=(8.5, 5.5))
    sns.scatterplot(rows, x=cost, y="value", hue="family", palette=COLOURS, s=80, ax=axes)
    axes.set(xscale="log", xlabel=label, ylabel=f"{METRICS[rows['metric'].iloc[0]]}, %", title=f"{dataset}: figure against cost")
    axes.margins(0.12)
    names = [axes.text(row[cost], row["value"], row["title"], fontsize=10) for _, row in rows.iterrows()]
    adjust_text(names, ax=axes, iter_lim=300, time_lim=30, arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.7})
    axes.legend(title="", loc="best", frameon=True)
    save(figure, path)


def confusion(targets: np.ndarray, scores: np.ndarray, classes: list[str], title: str, path: str | Path) -> None:
    """Which class is taken for which: rows the truth, columns the answer, in per cent of the truth's images."""
    begin()
    truth, predicted, count = targets.argmax(1), scores.argmax(1), len(classes)
    table = np.zeros((count, count))
    np.add.at(table, (truth, predicted), 1)
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    side = max(6.0, 0.5 * count + 2)
    figure, axes = plt.subplots(figsize=(side + 1, side))
    sns.heatmap(
        share, vmin=0, vmax=100, cmap="Blues", annot=count <= 30, fmt=".0f", square=True, ax=axes, annot_kws={"fontsize": 9},
        xticklabels=classes, yticklabels=classes, cbar_kws={"label": "% of the true class", "shrink": 0.8},
    )  # fmt: skip
    axes.set(xlabel="Answer", ylabel="Truth", title=title)
    save(figure, path)


def class_precisions(targets: np.ndarray, scores: np.ndarray, classes: list[str], title: str, path: str | Path) -> None:
    """The 11-point AP of each class, worst first."""
    begin()
    values = [100 * average_precision_11(t, s) for t, s in zip(targets.T, scores.T, strict=True)]
    rows = pd.DataFrame({"class": classes, "ap": values}).sort_values("ap")
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.32 * len(rows)))
    sns.barplot(rows, x="ap", y="class", color=COLOURS["MPP (Yoo 2015)"], ax=axes)
    for bar, value in enumerate(rows["ap"]):
        axes.text(value + 1, bar, f"{value:.0f}", va="center", fontsize=10)
    axes.set(xlabel="Average precision (11 points), %", ylabel="Class", title=title, xlim=(0, 108))
    save(figure, path)
