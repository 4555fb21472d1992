"""The figures of a data set class by class, as paper B's Table 5."""

from pathlib import Path

import numpy as np
import pandas as pd

from orderless.classification.evaluation import average_precision_11
from orderless.reports.pages import render


def class_table(files: dict[str, tuple[np.ndarray, np.ndarray]], classes: list[str], task: str) -> pd.DataFrame:
    """One row a representation, one column a class: its 11-point AP, or the share of its images named rightly; and their mean.

    files: title -> (targets, scores), both (images, classes). In per cent; the last column is the mean, best first.
    """
    rows = {}
    for name, (targets, scores) in files.items():
        if task == "multi-label":
            values = [float(average_precision_11(t, s)[0]) for t, s in zip(targets.T, scores.T, strict=True)]
        else:
            truth, right = targets.argmax(1), targets.argmax(1) == scores.argmax(1)
            values = [float(right[truth == k].mean()) if (truth == k).any() else float("nan") for k in range(len(classes))]
        rows[name] = [*values, float(np.nanmean(values))]
    table = (100 * pd.DataFrame.from_dict(rows, orient="index", columns=[*classes, "Mean"])).round(1)
    order = np.argsort(-table.iloc[:, -1].to_numpy(), kind="stable")  # by place: a class may be called Mean
    return table.iloc[order].rename_axis("Representation")


def read_class_table(path: str | Path) -> pd.DataFrame:
    """The table of classes as `plot_classes` wrote it. Any word may be the name of a class or of a representation."""
    return pd.read_csv(path, index_col=0, keep_default_na=False, na_values=[""])


def worst_classes(table: pd.DataFrame, name: str) -> list[tuple[str, float]]:
    """The three classes at which a representation is worst, and its figures there; less where it is right on all others."""
    row = table.loc[name].iloc[:-1].sort_values()  # without the mean
    return [(str(label), value) for label, value in row.head(3).items() if value < 100]


def classes_page(table: pd.DataFrame, title: str, task: str) -> str:
    """The table of classes as a page, the best of each class in bold."""
    figure = "Average precision (11 points)" if task == "multi-label" else "Share of the class's images named rightly"
    rows = [{"name": name, "figures": figures} for name, figures in zip(table.index, table.to_numpy(), strict=True)]
    heads = [table.index.name, *table.columns]
    return render("classes.html", title=title, figure=figure, heads=heads, rows=rows, best=table.max().to_numpy())
