"""The papers' claims held against paired comparisons."""

from typing import Any

import numpy as np
import pandas as pd


def verdict(claim: dict[str, Any], low: float, high: float) -> str:
    """Whether a claim holds: the interval of the difference wholly on its side, wholly against it, or neither."""
    least, most = (-claim["within"], claim["within"]) if "about" in claim else (0.0, np.inf)
    if low > least and high < most:
        return "holds"
    return "does not hold" if high < least or low > most else "undecided"


def judge(claims: list[dict[str, Any]], pairs: pd.DataFrame) -> pd.DataFrame:
    """Each claim whose representations were run: paper, text, a, b, published, difference, low, high, verdict."""
    table = pairs.set_index(["a", "b"])
    rows = []
    for claim in claims:
        pair = tuple(claim["about"]) if "about" in claim else (claim["better"], claim["worse"])
        if pair in table.index:
            difference, low, high = (float(table.loc[pair, key]) for key in ("difference", "low", "high"))
            rows.append(
                {"paper": claim["paper"], "text": claim["text"], "a": pair[0], "b": pair[1], "published": claim["published"],
                 "difference": difference, "low": low, "high": high, "verdict": verdict(claim, low, high)}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=["paper", "text", "a", "b", "published", "difference", "low", "high", "verdict"])
