"""The first page of a report: which representation wins, by how much, at what cost; what the papers say; where it fails."""

import html

import pandas as pd

from orderless.reports import headline, readable
from orderless.reports.tables import page, size


def figure(row: pd.Series) -> str:
    """A figure with its interval, as people read it."""
    value, low, high = (readable(row["metric"], row[key]) for key in ("value", "low", "high"))
    return f"{value:.1f} ({low:.1f} to {high:.1f})"


def cost(row: pd.Series) -> str:
    """What a representation takes."""
    return f"{row['dimensions']:,} dimensions, {size(row['bytes'])}, {1000 * row['seconds']:.3g} ms an image"


def winners(metrics: pd.DataFrame, dataset: str, names: dict[str, str]) -> list[tuple[str, str]]:
    """What there is to say of a data set: heading and words."""
    rows = headline(metrics, dataset)
    first = rows.iloc[0]
    said = [("Best", f"{names[first['representation']]}: {figure(first)}; {cost(first)}")]
    if len(rows) > 1:
        second = rows.iloc[1]
        ahead = readable(first["metric"], first["value"] - second["value"])
        said.append(("Next", f"{names[second['representation']]}, {ahead:.1f} points behind: {figure(second)}"))
    # Nobody needs to pay for a difference that the test images do not show.
    good = rows[rows["high"] >= first["low"]]
    cheap = {
        "Fastest whose interval meets the best's": good.sort_values(["seconds", "dimensions"]).iloc[0],
        "Smallest of these": good.sort_values(["bytes", "seconds"]).iloc[0],
    }
    for head, row in cheap.items():
        if row["representation"] != first["representation"]:
            said.append((head, f"{names[row['representation']]}: {figure(row)}; {cost(row)}"))
    if "fc7" in set(rows["representation"]) and first["representation"] != "fc7":
        base = rows[rows["representation"] == "fc7"].iloc[0]
        ahead = readable(first["metric"], first["value"] - base["value"])
        said.append(("One activation of the whole image", f"{names['fc7']}: {figure(base)}, {ahead:.1f} points behind the best"))
    return said


def failures(classes: pd.DataFrame, best: str) -> str:
    """The three worst classes of a representation. classes: one row a representation, one column a class, and Mean."""
    row = classes.set_index("Representation").loc[best].drop("Mean").sort_values()
    return ", ".join(f"{label} ({value:.0f}%)" for label, value in row.head(3).items() if value < 100) or "nowhere"


def summary_html(run: str, parts: dict[str, list[tuple[str, str]]], note: str) -> str:
    """The page. parts: data set -> headings and words."""
    body = f"<p>{html.escape(note)}</p>\n"
    for title, said in parts.items():
        rows = "".join(f"<tr><th>{html.escape(head)}</th><td>{html.escape(words)}</td></tr>\n" for head, words in said)
        body += f"<h2>{html.escape(title)}</h2>\n<table class=text>{rows}</table>\n"
    return page(f"Summary: {run}", body)
