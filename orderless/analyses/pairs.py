"""Paired comparisons of representations on the same test images: differences, their intervals, tests corrected for their number."""

from itertools import combinations

import numpy as np
import pandas as pd

from orderless.classification.intervals import Measured, difference_interval, is_share

COLUMNS = ["a", "b", "metric", "difference", "low", "high", "n", "p", "p_holm"]


def mcnemar(a: np.ndarray, b: np.ndarray) -> float:
    """Exact two-sided McNemar test: the probability of a split of the discordant images at least as uneven, were a as good as b.

    a, b: (n,) bool, whether each image is named rightly.
    """
    from scipy.special import bdtr

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def t_test(apart: Measured) -> float:
    """Two-sided p-value of Student's t test that a difference is none."""
    from scipy.special import stdtr

    if apart.count < 2 or not apart.deviation > 0:
        return 1.0
    return float(2 * stdtr(apart.count - 1, -abs(apart.value) / apart.deviation))


def p_value(a: Measured, b: Measured) -> float:
    """Two-sided, of no difference: McNemar's for two shares, as accuracies are, else of the paired t test."""
    if is_share(a) and is_share(b):
        return mcnemar(a.parts.astype(bool), b.parts.astype(bool))
    return t_test(a - b)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values (m,) corrected for their number (Holm 1979): where all below 0.05 are believed, one is false in 1 of 20 families.

    The smallest times m, the next times m - 1, and so on; none below one that was smaller, none above 1.
    """
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(np.asarray(p, float)[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(raised, 1)
    return corrected


def compare_pairs(figures: dict[str, Measured], metric: str) -> pd.DataFrame:
    """Every ordered pair of representations: difference of their figure (a less b), its 95% interval, units, p, p after Holm.

    figures: id -> figure of `metric`, measured on the same images. The correction is for all pairs, each counted once.
    """
    rows = []
    for a, b in combinations(figures, 2):
        low, high = difference_interval(figures[a], figures[b])
        apart, p = figures[a].value - figures[b].value, p_value(figures[a], figures[b])
        rows.append((a, b, metric, apart, low, high, figures[a].count, p))
    pairs = pd.DataFrame(rows, columns=COLUMNS[:-1])
    pairs["p_holm"] = holm(pairs["p"].to_numpy())
    signs = {"a": pairs["b"], "b": pairs["a"], "difference": -pairs["difference"], "low": -pairs["high"], "high": -pairs["low"]}
    return pd.concat([pairs, pairs.assign(**signs)], ignore_index=True)


def beside_best(pairs: pd.DataFrame, best: str) -> dict[str, float]:
    """The p-value of each representation compared with the best, after Holm's correction for these comparisons alone.

    Those of 0.05 and more tie with the best: no test tells them apart.
    """
    beside = pairs[pairs["a"] == best]
    return {best: 1.0} | dict(zip(beside["b"], holm(beside["p"].to_numpy()), strict=True))
