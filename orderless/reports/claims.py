"""The papers' claims beside what this run measured."""

import re
from typing import Any

import pandas as pd

from orderless.reports.metrics import PAPERS, probability
from orderless.reports.pages import render

TOLD = {  # verdict of `analyses.claims` -> what is said of their number
    "holds": "hold here",
    "does not hold": "do not",
    "within the spread of seeds": "lie within the spread of seeds",
    "undecided": "are undecided",
    "too few test images to tell": "need more test images",
}
STUDIED = re.compile(r"(?P<base>.+)\.(?P<study>first|alone)(?P<scale>\d+)")  # a row of the study of scales


def verdicts(claims: pd.DataFrame) -> str:
    """How many of the papers' claims hold."""
    counts = claims["verdict"].value_counts()
    told = [f"{counts.get(verdict, 0)} {words}" for verdict, words in TOLD.items()]
    judged = int(sum(counts.get(verdict, 0) for verdict in TOLD))
    left = f"; {len(claims) - judged} more give no direction for such data" if judged < len(claims) else ""
    return f"Of {judged} of the papers' claims, {', '.join(told)}{left}"


def title_of(name: str, names: dict[str, str]) -> str:
    """The title of a representation, or of a row of the study of scales."""
    found = STUDIED.fullmatch(name)
    if name in names or not found:
        return names[name]
    what = "first {} scales" if found["study"] == "first" else "scale {} alone"
    return f"{names[found['base']]}, {what.format(found['scale'])}"


def wanted(row: pd.Series) -> str:
    """For which differences a claim is true, in points."""
    if not isinstance(row["says"], str):
        return ""
    margin = f"{100 * row['margin']:.1f}" if pd.notna(row["margin"]) else "0"
    return {
        "better": "above 0",
        "worse": "below 0",
        "no worse": f"above -{margin}",
        "clearly worse": f"below -{margin}",
        "about": f"-{margin} to +{margin}",
    }[row["says"]]


def claim_row(row: pd.Series, names: dict[str, str]) -> dict[str, Any]:
    """A claim as people read it."""
    seeds = ""
    if pd.notna(row["seeds_low"]):
        seeds = f"{100 * row['seeds_low']:+.1f} to {100 * row['seeds_high']:+.1f}"
    return {
        "paper": PAPERS.get(row["paper"], row["paper"]),
        "text": row["text"],
        "a": title_of(row["a"], names),
        "b": title_of(row["b"], names),
        "published": ", ".join(f"{data} {100 * difference:+.1f}" for data, difference in row["published"].items()) or "a figure",
        "wanted": wanted(row),
        "here": f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})",
        "seeds": seeds,
        "p": probability(row["p"]),
        "p_holm": probability(row["p_holm"]),
        "verdict": row["verdict"],
    }


def claims_page(claims: pd.DataFrame, names: dict[str, str], title: str) -> str:
    """What the papers say and by how much on their data, what this run measured, whether it holds.

    claims: of `analyses.claims.judge`. names: the titles of representations by their id.
    """
    rows = [claim_row(row, names) for _, row in claims.iterrows()]
    return render("claims.html", title=title, verdicts=verdicts(claims), rows=rows)
