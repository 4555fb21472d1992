"""The comparison of a data set: one row a representation, best first."""

from typing import Any, NamedTuple

import pandas as pd

from orderless.reports.metrics import METRICS, SCALES, headline, readable, size
from orderless.reports.pages import render

BYTES, DIMENSIONS, MILLISECONDS = "Bytes an image", "Dimensions", "Milliseconds an image"
FORMATS = {  # column -> how a page shows its values
    **{name: f"{{:.{2 if metric in SCALES else 1}f}}".format for metric, name in METRICS.items()},
    BYTES: size,
    DIMENSIONS: "{:,}".format,
    MILLISECONDS: "{:.3g}".format,
}


class Cell(NamedTuple):
    """What a cell of a page's table shows, the number to sort by where it is one, and whether it is the best of its column."""

    text: str
    value: Any = None
    best: bool = False


def comparison(metrics: pd.DataFrame, dataset: str, names: dict[str, str], networks: dict[str, str]) -> pd.DataFrame:
    """One row a representation, best first: its figures in per cent with their intervals, dimensions, bytes, milliseconds.

    names, networks: the titles of representations and of networks by their id.
    """
    best = headline(metrics, dataset)
    rows = metrics[metrics["dataset"] == dataset]
    table = pd.DataFrame({"Representation": best["representation"].map(names), "Network": best["backbone"].map(networks)})
    for metric in [name for name in METRICS if (rows["metric"] == name).any()]:
        figures = best[["backbone", "representation"]].merge(rows[rows["metric"] == metric], on=["backbone", "representation"])
        table[METRICS[metric]] = readable(metric, figures["value"]).round(2)
        digits = 2 if metric in SCALES else 1
        table[f"95% interval, {METRICS[metric]}"] = [
            " to ".join(f"{readable(metric, end):.{digits}f}" for end in ends)
            for ends in zip(figures["low"], figures["high"], strict=True)
        ]
    table[DIMENSIONS] = best["dimensions"]
    table[BYTES] = best["bytes"]
    table[MILLISECONDS] = (1000 * best["seconds"]).round(2)
    return table


def column(values: pd.Series) -> list[Cell]:
    """The cells of a column of the comparison."""
    if values.name not in FORMATS:
        return [Cell(str(value)) for value in values]
    best = values.max() if values.name in METRICS.values() else None
    return [Cell(FORMATS[values.name](value), value, value == best) for value in values]


def comparison_page(table: pd.DataFrame, title: str, demonstration: bool, notes: dict[str, list[str]]) -> str:
    """The comparison as a page, the best of each figure in bold.

    demonstration: it is no result of any paper. notes: the title of a representation -> sentences about its figure.
    """
    rows = list(zip(*[column(table[head]) for head in table], strict=True))
    return render("comparison.html", title=title, demonstration=demonstration, heads=list(table), rows=rows, notes=notes)
