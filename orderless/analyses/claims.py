"""The papers' claims held against paired comparisons.

A claim names the differences for which it is true (`region`). Two one-sided tests ask whether the difference measured lies there
or outside; twice the smaller p is the claim's, and is corrected for the number of claims judged (Holm). So `better` is a two-sided
test of no difference, `no worse` one of non-inferiority and `about` one of equivalence, each side at 2.5%.
"""

from typing import Any

import numpy as np
import pandas as pd

from orderless.analyses.pairs import holm
from orderless.classification.intervals import quantile

HOLDS, FAILS, OPEN, FEW, CHANCE, NONE = (
    "holds", "does not hold", "undecided", "too few test images to tell", "within the spread of seeds", "no verdict",
)  # fmt: skip
VERDICTS = (HOLDS, FAILS, CHANCE, OPEN, FEW, NONE)
SCALES = 7  # of the figures in paper B
COLUMNS = ["paper", "text", "says", "margin", "a", "b", "published", "difference", "low", "high", "n", "p", "p_holm"]
COLUMNS += ["seeds_low", "seeds_high", "verdict"]


def region(says: str, margin: float) -> tuple[float, float]:
    """The differences for which a claim is true, from and to."""
    return {
        "better": (0, np.inf),
        "worse": (-np.inf, 0),
        "no worse": (-margin, np.inf),
        "clearly worse": (-np.inf, -margin),
        "about": (-margin, margin),
    }[says]


def tails(pair: pd.Series, bound: float) -> tuple[float, float]:
    """One-sided p-values of a row of `compare_pairs` that the difference is above a bound, and that it is below."""
    from scipy.special import stdtr

    if bound == 0:  # the test of the row itself, which for accuracy is exact
        less, more = pair["p"] / 2, 1 - pair["p"] / 2
        return (less, more) if pair["difference"] > 0 else (more, less)
    deviation = (pair["high"] - pair["low"]) / 2 / quantile(pair["n"])
    apart = (pair["low"] + pair["high"]) / 2 - bound
    if not deviation > 0:
        return float(apart <= 0), float(apart >= 0)
    return float(stdtr(pair["n"] - 1, -apart / deviation)), float(stdtr(pair["n"] - 1, apart / deviation))


def sides(pair: pd.Series, low: float, high: float) -> tuple[float, float]:
    """One-sided p-values that a difference lies inside a region, and that it lies outside."""
    tests = [tails(pair, low)] if np.isfinite(low) else []
    tests += [tails(pair, high)[::-1]] if np.isfinite(high) else []
    inside, outside = zip(*tests, strict=True)
    return max(inside), min(outside)


def weigh(rows: pd.DataFrame, true: tuple[float, float], than: str) -> tuple[pd.Series, float, float]:
    """The row that decides a claim about several, and the claim's p-values for and against.

    than: the claim is about `every` row, which takes all tests; or about `some`, one of which is enough, corrected for their
    number.
    """
    inside, outside = np.array([sides(pair, *true) for _, pair in rows.iterrows()]).T
    if than == "every":
        return rows.iloc[int(inside.argmax())], inside.max(), min(1.0, len(rows) * outside.min())
    return rows.iloc[int(inside.argmin())], min(1.0, len(rows) * inside.min()), outside.max()


def compared(claim: dict[str, Any], pairs: pd.DataFrame, scales: pd.DataFrame) -> pd.DataFrame:
    """The rows of `compare_pairs` that a claim is about. scales: those of the study of scales."""
    if "scales" not in claim:
        return pairs[(pairs["a"] == claim["first"]) & (pairs["b"] == claim["second"])]
    stem = f"{claim['scales']['of']}.{claim['scales']['study']}"
    rows = scales[scales["a"].str.match(rf"{stem}\d+$") & scales["b"].str.match(rf"{stem}\d+$")]
    finest = max((int(name.removeprefix(stem)) for name in rows["a"]), default=0)
    return rows[rows["a"] == f"{stem}{finest}"]


def direction(claim: dict[str, Any], dataset: str, rows: pd.DataFrame) -> str | None:
    """What a claim says of a data set; None where the papers give it no direction."""
    if "scales" in claim and len(rows) != SCALES - 1:
        return None
    says = claim["says"]
    return says.get(dataset) if isinstance(says, dict) else says


def seed_range(pair: pd.Series, seeds: pd.DataFrame) -> tuple[float, float]:
    """From and to where the difference goes when each of the two is made with any of its seeds; NaN where neither was."""
    moved = {}
    for name in (pair["a"], pair["b"]):
        values = seeds[seeds["representation"] == name].sort_values("seed")["value"].to_numpy()
        moved[name] = values - values[0] if len(values) else np.zeros(1)
    a, b = moved.values()
    if len(a) == len(b) == 1:
        return np.nan, np.nan
    return pair["difference"] + a.min() - b.max(), pair["difference"] + a.max() - b.min()


def verdict(row: dict[str, Any], low: float, high: float) -> str:
    """One of VERDICTS, from a row of `judge` and the region of its claim."""
    if row["p_holm"] >= 0.05:
        return FEW if row["says"] in ("no worse", "about") and (row["high"] - row["low"]) / 2 >= row["margin"] else OPEN
    first, last = row["seeds_low"], row["seeds_high"]
    agree = (low < first and last < high) if row["holds"] else (last <= low or high <= first)
    if not np.isnan(first) and not agree:
        return CHANCE
    return HOLDS if row["holds"] else FAILS


def judge(
    claims: list[dict[str, Any]], dataset: str, pairs: pd.DataFrame, scales: pd.DataFrame, seeds: pd.DataFrame
) -> pd.DataFrame:
    """Each claim whose representations were run, with COLUMNS; p and its correction only where there is a verdict.

    pairs: of `compare_pairs`; scales: the same between rows of the study of scales; seeds: representation, seed, value. The last
    two may be empty.
    """
    rows = []
    for claim in claims:
        found = compared(claim, pairs, scales)
        if not len(found):
            continue
        says, margin = direction(claim, dataset, found), claim.get("margin", 0.0)
        row: dict[str, Any] = {key: claim[key] for key in ("paper", "text", "published")} | {"says": says, "verdict": NONE}
        pair, p, ends = found.iloc[0], np.nan, (np.nan, np.nan)
        if says:
            row["region"] = region(says, margin)
            pair, inside, outside = weigh(found, row["region"], claim.get("scales", {}).get("than", "every"))
            p, row["holds"] = min(1.0, 2 * min(inside, outside)), inside < outside
            ends = seed_range(pair, seeds)
        row |= {
            "margin": None if says in ("better", "worse", None) else margin,
            "p": p,
            "seeds_low": ends[0],
            "seeds_high": ends[1],
        }
        rows.append(row | {key: pair[key] for key in ("a", "b", "difference", "low", "high", "n")})
    judged = [row for row in rows if row["says"]]
    for row, corrected in zip(judged, holm(np.array([row["p"] for row in judged])), strict=True):
        row["p_holm"] = corrected
        row["verdict"] = verdict(row, *row["region"])
    return pd.DataFrame(rows, columns=COLUMNS)
