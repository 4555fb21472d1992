"""Figures of merit, as the papers and data sets define them, with bootstrap intervals.

Each figure is computed for B weightings of the n test images at once. weights (B, n) say how often each image counts: once for the
figure itself; for the bootstrap, as often as a resample drew it.
"""

from collections.abc import Callable

import numpy as np

Figure = Callable[[np.ndarray], np.ndarray]  # weights (B, n) -> figures (B,)


def accuracy(correct: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of images that are classified correctly (top-1). correct: (n,) bool. weights: (B, n). Returns (B,)."""
    return weights @ correct.astype(float) / weights.sum(1)


def mean_class_accuracy(correct: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean over classes of the accuracy on the images of a class. A class whose images all weigh 0 does not count."""
    shares = []
    for k in np.unique(truth):
        members = truth == k
        count = weights[:, members].sum(1)
        hits = weights[:, members] @ correct[members].astype(float)
        shares.append(np.divide(hits, count, out=np.full(len(weights), np.nan), where=count > 0))
    return np.nanmean(shares, axis=0)


def average_precision_11(target: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """11-point interpolated average precision (PASCAL VOC 2007 devkit), (B,).

    The mean over recalls 0, 0.1, ..., 1 of the best precision at that recall or a higher one. NaN if there is no positive.
    target: (n,) of 1 (positive), -1 (negative) or 0 (left out). scores: (n,); images of equal score rank in the given order.
    weights: (B, n) whole numbers; an image that counts twice is the same as two images of equal score.
    """
    used = target != 0
    order = np.flatnonzero(used)[np.argsort(-scores[used], kind="stable")]
    weights = np.ones((1, len(target))) if weights is None else weights
    ranked = weights[:, order]
    positives_so_far = (ranked * (target[order] > 0)).cumsum(1)
    precision = positives_so_far / np.maximum(ranked.cumsum(1), 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    positives = positives_so_far[:, -1:]
    # recall >= k / 10 in whole numbers: 10 positives_so_far >= k positives; recall 0 is reached by the first image
    points = [np.take_along_axis(best, (10 * positives_so_far >= k * positives).argmax(1)[:, None], 1)[:, 0] for k in range(11)]
    return np.where(positives[:, 0] > 0, np.mean(points, axis=0), np.nan)


def mean_average_precision(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The mean 11-point AP over the classes that have a positive image, (B,)."""
    return np.nanmean([average_precision_11(t, s, weights) for t, s in zip(targets.T, scores.T, strict=True)], axis=0)


def figures(targets: np.ndarray, scores: np.ndarray, task: str) -> dict[str, Figure]:
    """Metric name -> function of weights. The metric that judges the data set comes first. targets, scores: (n, classes)."""
    if task == "multi-label":
        return {"map11": lambda weights: mean_average_precision(targets, scores, weights)}
    truth = targets.argmax(1)
    correct = truth == scores.argmax(1)
    return {
        "accuracy": lambda weights: accuracy(correct, weights),
        "mean_class_accuracy": lambda weights: mean_class_accuracy(correct, truth, weights),
    }


def headline(targets: np.ndarray, scores: np.ndarray, task: str) -> tuple[str, float]:
    """The metric that judges a data set, and its value."""
    metric, figure = next(iter(figures(targets, scores, task).items()))
    return metric, float(figure(np.ones((1, len(scores))))[0])


def resample(count: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """The weights of `times` bootstrap resamples, (times, count): how often each of `count` test images was drawn."""
    drawn = rng.integers(0, count, (times, count))
    return np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(float)


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95% percentile interval of bootstrapped values."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def table(targets: np.ndarray, scores: np.ndarray, task: str, resamples: np.ndarray) -> dict[str, list]:
    """The columns metric, value, low, high and n: every figure of the task with its bootstrap interval."""
    columns: dict[str, list] = {key: [] for key in ("metric", "value", "low", "high", "n")}
    for metric, figure in figures(targets, scores, task).items():
        value = float(figure(np.ones((1, len(scores))))[0])
        for key, item in zip(columns, (metric, value, *interval(figure(resamples)), len(scores)), strict=True):
            columns[key].append(item)
    return columns
