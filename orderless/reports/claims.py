"""The papers' claims beside what this run measured."""

import pandas as pd

from orderless.reports.metrics import PAPERS
from orderless.reports.pages import render


def verdicts(claims: pd.DataFrame) -> str:
    """How many of the papers' claims hold."""
    counts = claims["verdict"].value_counts()
    held, failed, open_ = (int(counts.get(verdict, 0)) for verdict in ("holds", "does not hold", "undecided"))
    return f"Of {len(claims)} of the papers' claims, {held} hold here, {failed} do not, {open_} cannot be decided on so few images"


def claims_page(claims: pd.DataFrame, names: dict[str, str], title: str) -> str:
    """What the papers say and by how much on their data, what this run measured, whether it holds.

    claims: of `analyses.claims.judge`. names: the titles of representations by their id.
    """
    rows = [
        {
            "paper": PAPERS.get(row["paper"], row["paper"]),
            "text": row["text"],
            "a": names[row["a"]],
            "b": names[row["b"]],
            "published": ", ".join(f"{data} {100 * difference:+.1f}" for data, difference in row["published"].items()),
            "here": f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})",
            "verdict": row["verdict"],
        }
        for _, row in claims.iterrows()
    ]
    return render("claims.html", title=title, verdicts=verdicts(claims), rows=rows)
