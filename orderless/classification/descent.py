"""Linear support vector machines by stochastic gradient descent, for more training images than a kernel can hold."""

from collections.abc import Iterator

import numpy as np

from orderless.classification.kernel import Vectors
from orderless.representations.normalisation import PackedSigns
from orderless.representations.vectors import StoredRows

EPOCHS, BATCH = 20, 64


def blocks(x: Vectors) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(row numbers, their vectors) of a part of the rows at a time."""
    if isinstance(x, StoredRows):
        yield from x.blocks()
        return
    for first in range(0, len(x), 4096):
        numbers = np.arange(first, min(first + 4096, len(x)))
        yield numbers, x[numbers].dense() if isinstance(x, PackedSigns) else x[numbers]


def fit_primal(x: Vectors, targets: np.ndarray, c: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One linear classifier for each class (hinge loss, L2) by averaged stochastic gradient descent.

    Each epoch reads every block of vectors once. The step length is 1 / (lambda t) with lambda = 1 / (C n) (Shalev-Shwartz et al.,
    Pegasos, 2011). The weights are averaged over the second half of the epochs. The bias is the weight of a constant feature 1.
    targets: (n, classes) of 1, -1, or 0 if an image is left out of a class.
    Returns weights (classes, D) float32 and biases (classes,).
    """
    rng, lam = np.random.default_rng(seed), 1 / (c * len(x))
    weights = np.zeros((targets.shape[1], x.shape[1] + 1), np.float32)
    # The count starts at 1 / lambda: the first steps would be far too long otherwise.
    mean, averaged, step = np.zeros_like(weights), 0, int(1 / lam)
    for epoch in range(EPOCHS):
        for numbers, block in blocks(x):
            for places in np.array_split(rng.permutation(len(numbers)), -(-len(numbers) // BATCH)):
                step += 1
                batch, target = np.c_[block[places], np.ones(len(places), np.float32)], targets[numbers[places]]
                within_margin = np.where(target * (batch @ weights.T) < 1, target, 0).astype(np.float32)
                rate = 1 / (lam * step)
                weights *= 1 - rate * lam
                weights += rate / len(places) * within_margin.T @ batch
            if 2 * epoch >= EPOCHS:
                averaged += 1
                mean += (weights - mean) / averaged
    return mean[:, :-1], mean[:, -1].astype(np.float64)


def primal_scores(x: Vectors, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(n, classes) scores, computed block by block."""
    scores = np.empty((len(x), len(weights)))
    for numbers, block in blocks(x):
        scores[numbers] = block @ weights.T + biases
    return scores
