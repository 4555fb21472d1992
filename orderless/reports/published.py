"""The papers' figures beside the run's: where both are of one data set, and of one network or one that stands for it."""

import pandas as pd

from orderless.reports.metrics import METRICS, PAPERS
from orderless.reports.pages import render

OF_PAPERS = ["paper", "table", "backbone", "stands_for", "method", "representation", "metric", "certainty", "note"]


def beside(rows: list[dict[str, str]], metrics: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """One row a published figure that this run measured too: both, and their difference.

    rows: of `catalog.published`. metrics: the run's, one data set. classes: backbone, representation, class and value
    of each class.
    """
    measured = {(r["backbone"], r["representation"], r["metric"]): (r["value"], r["low"], r["high"]) for _, r in metrics.iterrows()}
    for _, r in classes.iterrows():
        measured[r["backbone"], r["representation"], f"ap11:{r['class']}"] = (r["value"], None, None)
    both = []
    for row in rows:
        key = (row["backbone"], row["representation"], row["metric"])
        if key in measured:
            value, low, high = measured[key]
            figures = {"published": float(row["value"]), "measured": value, "low": low, "high": high}
            both.append({name: row[name] for name in OF_PAPERS} | figures | {"difference": value - float(row["value"])})
    return pd.DataFrame(both, columns=[*OF_PAPERS, "published", "measured", "low", "high", "difference"])


def published_page(table: pd.DataFrame, names: dict[str, str], networks: dict[str, str], title: str, fraction: float) -> str:
    """The same as a page. names, networks: the titles of representations and of networks by their id."""
    rows = [
        {"Paper": PAPERS[row["paper"]], "Table": row["table"], "System": row["method"], "Here": names[row["representation"]],
         "Network": network_name(row, networks), "Figure": figure_name(row["metric"]), "Published": f"{100 * row['published']:.2f}",
         "Measured": f"{100 * row['measured']:.2f}", "95% interval": interval(row), "Difference": f"{100 * row['difference']:+.2f}",
         "Note": row["note"]}
        for _, row in table.iterrows()
    ]  # fmt: skip
    return render("published.html", title=title, fraction=fraction, rows=rows)


def network_name(row: dict[str, str] | pd.Series, networks: dict[str, str]) -> str:
    """The title of a published row's network here, and what it is to the paper's where that is another."""
    return ", ".join(filter(None, [networks[row["backbone"]], row["stands_for"]]))


def figure_name(metric: str) -> str:
    """A metric as people read it; ap11:<class> is that of one class."""
    return f"AP of {metric[5:]}" if metric.startswith("ap11:") else METRICS[metric]


def interval(row: pd.Series) -> str:
    """The ends in per cent; empty where there is none."""
    return "" if pd.isna(row["low"]) else f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"
