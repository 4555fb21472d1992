"""Figures of merit, as the papers and data sets define them, with bootstrap intervals."""

from collections.abc import Callable

import numpy as np


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The share of images named rightly (top-1)."""
    return float((truth == predicted).mean())


def mean_class_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The mean over classes of the accuracy on each class's images."""
    right, count = np.bincount(truth, truth == predicted), np.bincount(truth)
    return float((right[count > 0] / count[count > 0]).mean())


def average_precision_11(target: np.ndarray, scores: np.ndarray) -> float:
    """11-point interpolated average precision (PASCAL VOC 2007 devkit).

    target: 1 positive, -1 negative, 0 left out. The mean over recalls 0, 0.1, ..., 1 of the best precision at that recall or
    beyond. Images of equal score rank in the order given. NaN where there is no positive.
    """
    used = target != 0
    order = np.argsort(-scores[used], kind="stable")
    hits = target[used][order] > 0
    positives = hits.sum()
    if positives == 0:
        return float("nan")
    found = hits.cumsum()
    precision = found / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    # recall >= k / 10, in whole numbers: 10 found >= k positives
    first = np.searchsorted(10 * found, np.arange(11) * positives)
    return float(best[first].mean())


def mean_average_precision(targets: np.ndarray, scores: np.ndarray) -> float:
    """The mean 11-point AP over the classes that have a positive."""
    return float(np.nanmean([average_precision_11(t, s) for t, s in zip(targets.T, scores.T, strict=True)]))


def draws(count: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples, count) rows of the test images drawn again with replacement."""
    return rng.integers(0, count, (resamples, count))


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95% percentile interval of bootstrapped values."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def table(targets: np.ndarray, scores: np.ndarray, task: str, resampled: np.ndarray) -> dict[str, list]:
    """Columns metric, value, low, high, n: every figure of the task with its bootstrap interval."""
    rows = []
    for metric, figure in figures(targets, scores, task).items():
        low, high = interval(np.array([figure(rows) for rows in resampled]))
        rows.append((metric, figure(np.arange(len(scores))), low, high, len(scores)))
    return dict(zip(("metric", "value", "low", "high", "n"), map(list, zip(*rows, strict=True)), strict=True))


def figures(targets: np.ndarray, scores: np.ndarray, task: str) -> dict[str, Callable[[np.ndarray], float]]:
    """Metric name -> its value on the given rows of the test images."""
    if task == "multi-label":
        return {"map11": lambda rows: mean_average_precision(targets[rows], scores[rows])}
    truth, predicted = targets.argmax(1), scores.argmax(1)
    return {
        "accuracy": lambda rows: accuracy(truth[rows], predicted[rows]),
        "mean_class_accuracy": lambda rows: mean_class_accuracy(truth[rows], predicted[rows]),
    }
