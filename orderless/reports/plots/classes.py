"""One representation class by class."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from orderless.classification.evaluation import average_precision_11
from orderless.reports.plots.style import COLOURS, begin, save


def confusion(targets: np.ndarray, scores: np.ndarray, classes: list[str], title: str, path: str | Path) -> None:
    """Which class is taken for which: rows the truth, columns the answer, in per cent of the truth's images.

    targets, scores: (images, classes); the truth is the largest target, the answer the largest score.
    """
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
    """The 11-point AP of each class, worst first. targets, scores: (images, classes)."""
    begin()
    values = [100 * float(average_precision_11(t, s)[0]) for t, s in zip(targets.T, scores.T, strict=True)]
    rows = pd.DataFrame({"class": classes, "ap": values}).sort_values("ap")
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.32 * len(rows)))
    sns.barplot(rows, x="ap", y="class", color=COLOURS["MPP (Yoo 2015)"], ax=axes)
    for bar, value in enumerate(rows["ap"]):
        axes.text(value + 1, bar, f"{value:.0f}", va="center", fontsize=10)
    axes.set(xlabel="Average precision (11 points), %", ylabel="Class", title=title, xlim=(0, 108))
    save(figure, path)
