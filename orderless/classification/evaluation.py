"""Figures of merit, as the papers and data sets define them, with bootstrap intervals.

Each figure is computed for many weightings of the test images at once: weights (B, n) say how often each image counts, all
ones for the figure itself, the multiplicities of a resample for the bootstrap.
"""

from collections.abc import Callable

import numpy as np

Figure = Callable[[np.ndarray], np.ndarray]  # weights (B, n) -> figures (B,)


def accuracy(right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of images named rightly (top-1). right: (n,) bool; weights (B, n). Returns (B,)."""
    return weights @ right.astype(float) / weights.sum(1)


def mean_class_accuracy(right: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean over classes of the accuracy on each class's images; a class without weight does not count."""
    shares = []
    for k in np.unique(truth):
        own = truth == k
        count = weights[:, own].sum(1)
        hits = weights[:, own] @ right[own].astype(float)
        shares.append(np.divide(hits, count, out=np.full(len(weights), np.nan), where=count > 0))
    return np.nanmean(shares, axis=0)


def average_precision_11(target: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """11-point interpolated average precision (PASCAL VOC 2007 devkit), (B,).

    target: (n,) 1 positive, -1 negative, 0 left out. The mean over recalls 0, 0.1, ..., 1 of the best precision at that
    recall or beyond. Images of equal score rank in the order given. NaN where there is no positive.
    weights: (B, n) whole numbers; an image that counts twice is two images of the same score.
    """
    used = target != 0
    order = np.flatnonzero(used)[np.argsort(-scores[used], kind="stable")]
    weights = np.ones((1, len(target))) if weights is None else weights
    ranked = weights[:, order]
    found = (ranked * (target[order] > 0)).cumsum(1)
    precision = found / np.maximum(ranked.cumsum(1), 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    positives = found[:, -1:]
    # recall >= k / 10, in whole numbers: 10 found >= k positives; recall 0 is reached by the first image
    points = [np.take_along_axis(best, (10 * found >= k * positives).argmax(1)[:, None], 1)[:, 0] for k in range(11)]
    return np.where(positives[:, 0] > 0, np.mean(points, axis=0), np.nan)


def mean_average_precision(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The mean 11-point AP over the classes that have a positive, (B,)."""
    return np.nanmean([average_precision_11(t, s, weights) for t, s in zip(targets.T, scores.T, strict=True)], axis=0)


def figures(targets: np.ndarray, scores: np.ndarray, task: str) -> dict[str, Figure]:
    """Metric name -> its figure; the one by which the data set is judged comes first. targets, scores: (n, classes)."""
    if task == "multi-label":
        return {"map11": lambda weights: mean_average_precision(targets, scores, weights)}
    truth = targets.argmax(1)
    right = truth == scores.argmax(1)
    return {
        "accuracy": lambda weights: accuracy(right, weights),
        "mean_class_accuracy": lambda weights: mean_class_accuracy(right, truth, weights),
    }


def headline(targets: np.ndarray, scores: np.ndarray, task: str) -> tuple[str, float]:
    """The metric by which a data set is judged, and its value."""
    metric, figure = next(iter(figures(targets, scores, task).items()))
    return metric, float(figure(np.ones((1, len(scores))))[0])


def resample(count: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """(times, count) weights of bootstrap resamples: how often each test image was drawn."""
    drawn = rng.integers(0, count, (times, count))
    return np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(float)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95% percentile interval of bootstrapped values."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def table(targets: np.ndarray, scores: np.ndarray, task: str, resamples: np.ndarray) -> dict[str, list]:
    """Columns metric, value, low, high, n: every figure of the task with its bootstrap interval."""
    found: dict[str, list] = {key: [] for key in ("metric", "value", "low", "high", "n")}
    for metric, figure in figures(targets, scores, task).items():
        value = float(figure(np.ones((1, len(scores))))[0])
        for key, item in zip(found, (metric, value, *interval(figure(resamples)), len(scores)), strict=True):
            found[key].append(item)
    return found
