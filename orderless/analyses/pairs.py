"""Paired comparison of representations on the same test images, and the papers' claims held against them."""

import numpy as np
import pandas as pd

from orderless.classification.evaluation import figures, headline, interval


def mcnemar(a: np.ndarray, b: np.ndarray) -> float:
    """Exact two-sided McNemar test: the probability of a split of the discordant images at least as uneven, were a as good as b.

    a, b: (n,) bool, whether each image is named rightly.
    """
    from scipy.stats import binomtest

    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return 1.0 if only_a + only_b == 0 else float(binomtest(only_a, only_a + only_b).pvalue)


def bootstrap_p(differences: np.ndarray) -> float:
    """Two-sided p-value of a paired bootstrap: twice the share of resampled differences on the lesser side of zero."""
    share = min((differences <= 0).mean(), (differences >= 0).mean())
    return float(min(1.0, 2 * max(share, 1 / len(differences))))


def compare_pairs(targets: np.ndarray, scores: dict[str, np.ndarray], task: str, resampled: np.ndarray) -> pd.DataFrame:
    """Every ordered pair of representations: difference of their figure (a minus b), its 95% interval, p.

    targets (n, classes); scores: id -> (n, classes); resampled: (B, n) bootstrap weights, the same for both of a pair.
    p: McNemar's for accuracy, the paired bootstrap's for mAP.
    """
    truth = targets.argmax(1)
    right = {name: s.argmax(1) == truth for name, s in scores.items()}
    values, draws = {}, {}
    for name, s in scores.items():
        metric, values[name] = headline(targets, s, task)
        draws[name] = figures(targets, s, task)[metric](resampled)
    rows = []
    for a in scores:
        for b in scores:
            if a != b:
                low, high = interval(draws[a] - draws[b])
                p = mcnemar(right[a], right[b]) if metric == "accuracy" else bootstrap_p(draws[a] - draws[b])
                rows.append((a, b, metric, values[a] - values[b], low, high, p))
    return pd.DataFrame(rows, columns=["a", "b", "metric", "difference", "low", "high", "p"])
