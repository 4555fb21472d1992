"""The first page of a report: which representation wins, by how much, at what cost; what the papers say; where it fails."""

from typing import Any, NamedTuple

import pandas as pd

from orderless.reports.metrics import headline, probability, readable, size


class Entry(NamedTuple):
    """What the summary says of a representation: its name, figure with interval, costs, points behind the best, p of that."""

    name: str
    figure: str
    cost: str
    behind: str
    p: str


def entry(row: pd.Series, best: pd.Series, names: dict[str, str], p: float) -> Entry:
    """A row of the metrics as people read it."""
    value, low, high = (readable(row["metric"], row[key]) for key in ("value", "low", "high"))
    return Entry(
        name=names[row["representation"]],
        figure=f"{value:.1f} ({low:.1f} to {high:.1f})",
        cost=f"{row['dimensions']:,} dimensions, {size(row['bytes'])}, {1000 * row['seconds']:.3g} ms an image",
        behind=f"{readable(row['metric'], best['value'] - row['value']):.1f} points",
        p=probability(p),
    )


def winners(metrics: pd.DataFrame, dataset: str, names: dict[str, str], p: dict[str, float]) -> dict[str, Any]:
    """The representations of a data set that the summary names; None where there is nothing to say.

    best, next: the first two. ties: how many others tie with the best. fastest, smallest: of these, as nobody needs to pay for a
    difference that the test images do not show. baseline: fc7 of the whole image. p: of `analyses.pairs.beside_best`.
    """
    rows = headline(metrics, dataset)
    best = rows.iloc[0]
    good = rows[rows["representation"].map(p) >= 0.05]

    def one(row: pd.Series) -> Entry:
        return entry(row, best, names, p[row["representation"]])

    chosen = {
        "next": rows.iloc[1:2],
        "fastest": good.sort_values(["seconds", "dimensions"]).iloc[:1],
        "smallest": good.sort_values(["bytes", "seconds"]).iloc[:1],
        "baseline": rows[rows["representation"] == "fc7"].iloc[:1],
    }
    others = {role: row[row["representation"] != best["representation"]] for role, row in chosen.items()}
    entries = {role: one(row.iloc[0]) if len(row) else None for role, row in others.items()}
    return {"best": one(best), "ties": len(good) - 1} | entries


def beside_papers(published: pd.DataFrame, backbone: str) -> dict[str, Any] | None:
    """How many published figures are of a network, and how far the run's are from them: the median, in points."""
    rows = published[published["backbone"] == backbone] if len(published) else published
    return {"count": len(rows), "median": 100 * rows["difference"].median()} if len(rows) else None
