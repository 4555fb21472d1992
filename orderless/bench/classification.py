"""Topic: support vector machines on long vectors, by one kernel for all classes and values of C, beside LinearSVC."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import torch

from orderless.bench.measure import comparison, timed
from orderless.classification.classifiers import choose_c, fit_dual, folds
from orderless.classification.evaluation import headline
from orderless.classification.kernel import gram
from orderless.representations.normalisation import l2

IMAGES, DIMENSIONS, CLASSES, GRID, FOLDS = 5000, 65_536, 20, [0.1, 0.3, 1, 3, 10], 3


def vectors() -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (IMAGES, DIMENSIONS) float32 in CLASSES classes that overlap, and their targets of 1 and -1."""
    rng = np.random.default_rng(0)
    truth = np.arange(IMAGES) % CLASSES
    centres = rng.normal(size=(CLASSES, DIMENSIONS)).astype(np.float32)
    x = np.empty((IMAGES, DIMENSIONS), np.float32)
    for first in range(0, IMAGES, 500):
        part = truth[first : first + 500]
        x[first : first + 500] = l2(rng.normal(size=(len(part), DIMENSIONS)).astype(np.float32) + 0.035 * centres[part])
    return x, np.where(np.eye(CLASSES)[truth] > 0, 1, -1).astype(np.int8)


def of_linear_svc(x: np.ndarray, target: np.ndarray, c: float) -> tuple[np.ndarray, float]:
    """One classifier by liblinear, from the vectors themselves: weights (D,) and bias."""
    from sklearn.svm import LinearSVC

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        svm = LinearSVC(C=c, loss="hinge", tol=1e-3, max_iter=200, random_state=0).fit(x, target)
    return svm.coef_[0], float(svm.intercept_[0])


def measure() -> list[dict]:
    """Choosing C among five by 3 folds, then training every class on all images.

    Ours is timed whole. The peer trains as many classifiers: one of each value of C is timed on the images of a fold, and the
    seconds are multiplied. The accuracies are those of one fold held out.
    """
    x, targets = vectors()
    threads = torch.get_num_threads()

    def ours() -> tuple[np.ndarray, float]:
        kernel = gram(x, x)
        c, _ = choose_c(kernel, targets, "single-label", GRID, FOLDS, 0)
        fit_dual(kernel, targets, c)
        return kernel, c

    seconds, (kernel, c) = timed(ours)
    fold = folds(targets, FOLDS, np.random.default_rng(0))
    inner, held_out = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    train = x[inner]
    dual, biases = fit_dual(kernel[np.ix_(inner, inner)], targets[inner], c)
    accuracy = headline(targets[held_out], kernel[np.ix_(held_out, inner)] @ dual.T + biases, "single-label")[1]
    each = [timed(partial(of_linear_svc, train, targets[inner, 0], value))[0] for value in GRID]
    with ThreadPoolExecutor(threads) as pool:  # liblinear releases the interpreter's lock
        classifiers = list(pool.map(lambda k: of_linear_svc(train, targets[inner, k], c), range(CLASSES)))
    scores = np.stack([x[held_out] @ weights + bias for weights, bias in classifiers], 1)
    theirs = headline(targets[held_out], scores, "single-label")[1]
    last = each[GRID.index(c)] * IMAGES / len(inner)
    peer = CLASSES * (FOLDS * sum(each) + last) / threads
    figure = f"SVM, {IMAGES:,} x {DIMENSIONS:,}, {CLASSES} classes, {len(GRID)} values of C, {FOLDS} folds"
    note = f"its {len(GRID)} timings multiplied, {threads} classifiers at once"
    notes: dict[str, Any] = {"accuracy": accuracy, "peer_accuracy": theirs, "peer_seconds_are": note, "wanted": 5}
    return [comparison(figure, "scikit-learn LinearSVC", seconds, peer, **notes)]
