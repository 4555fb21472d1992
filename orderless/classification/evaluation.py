"""Figures of merit, as the papers and data sets define them."""

import numpy as np

from orderless.classification.intervals import Measured, interval, mean_of


def mean_class_accuracy(correct: np.ndarray, truth: np.ndarray) -> Measured:
    """The mean over classes of the share of a class's images that are classified correctly.

    correct: (n,) bool. truth: (n,) the class of each image, any integers.
    """
    _, classes = np.unique(truth, return_inverse=True)
    counts = np.bincount(classes)
    shares = np.bincount(classes, correct) / counts
    moved = (correct - shares[classes]) * len(correct) / (len(counts) * counts[classes])  # by each image, as often as it counts
    return mean_of(shares.mean() + moved)


def average_precision_11(target: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """11-point interpolated average precision (PASCAL VOC 2007 devkit), (B,).

    The mean over recalls 0, 0.1, ..., 1 of the best precision at that recall or a higher one. NaN if there is no positive.
    target: (n,) of 1 (positive), -1 (negative) or 0 (left out). scores: (n,); images of equal score rank in the given order.
    weights: (B, n) integers, how often each image counts; once if none are given.
    """
    weights = np.ones((1, len(target)), np.int16) if weights is None else weights
    used = np.flatnonzero(target != 0)
    order = used[np.argsort(-scores[used], kind="stable")]
    positive = np.flatnonzero(target[order] > 0)  # precision is best where a positive has just been found
    if not len(positive):
        return np.full(len(weights), np.nan)
    ranked = weights[:, order]
    found = ranked[:, positive].cumsum(1, dtype=np.int32)
    precision = found / np.maximum(ranked.cumsum(1, dtype=np.int32)[:, positive], 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    total, tenfold = found[:, -1:], 10 * found
    # recall >= k / 10 in whole numbers: 10 found >= k total; recall 0 is reached by the first image
    points = [np.take_along_axis(best, (tenfold >= k * total).argmax(1)[:, None], 1)[:, 0] for k in range(11)]
    return np.where(total[:, 0] > 0, np.mean(points, axis=0), np.nan)


def mean_average_precision(targets: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The mean 11-point AP over the classes that have a positive image, (B,)."""
    return np.nanmean([average_precision_11(t, s, weights) for t, s in zip(targets.T, scores.T, strict=True)], axis=0)


def headline(targets: np.ndarray, scores: np.ndarray, task: str) -> tuple[str, float]:
    """The metric that judges a data set, and its value. targets, scores: (n, classes)."""
    if task == "multi-label":
        return "map11", float(mean_average_precision(targets, scores)[0])
    return "accuracy", float((targets.argmax(1) == scores.argmax(1)).mean())


def measure(targets: np.ndarray, scores: np.ndarray, task: str, halves: np.ndarray) -> dict[str, Measured]:
    """Metric name -> its figure. The metric that judges the data set comes first. halves: of `intervals.halves`."""
    if task == "multi-label":
        _, value = headline(targets, scores, task)
        return {"map11": Measured(value, len(targets), mean_average_precision(targets, scores, halves), mean=False)}
    truth = targets.argmax(1)
    correct = truth == scores.argmax(1)
    return {"accuracy": mean_of(correct), "mean_class_accuracy": mean_class_accuracy(correct, truth)}


def table(figures: dict[str, Measured], count: int) -> dict[str, list]:
    """The columns metric, value, low, high and n: every figure with its 95% interval. count: of test images, or of queries."""
    ends = [interval(figure) for figure in figures.values()]
    values = [figure.value for figure in figures.values()]
    low, high = (list(column) for column in zip(*ends, strict=True))
    return {"metric": list(figures), "value": values, "low": low, "high": high, "n": [count] * len(figures)}
