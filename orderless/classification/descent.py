"""Linear support vector machines by dual coordinate descent over blocks of rows, for more training images than a kernel can hold.

The objective is libsvm's: of weights w and a free bias b, |w|^2 / 2 + C sum of max(0, 1 - y (w x + b)). Coordinates of the dual
are solved one after another (Hsieh et al., ICML 2008), all classes at once. What would be slow, products with the weights, is
done for a block of rows by matrix products, and the rows may lie on disk (Yu et al., KDD 2010).
The free bias sets a condition on the dual: alpha y sums to zero. It is kept by the method of multipliers: each epoch solves the
problem with a proximal term (b - centre)^2 / (2 proximal), which is a constant feature of the rows, and then moves the centre.
"""

from collections.abc import Iterator

import numpy as np

from orderless.classification.kernel import Vectors
from orderless.representations.normalisation import PackedSigns
from orderless.representations.vectors import StoredRows

ROWS = 128  # solved between two products with the weights
SLACK = 30.0  # `proximal` times the number of rows: from 10 to 100 training takes about as many epochs (1,000 and 6,000 rows tried)
# The duality gap that training stops at, as a share of the objective. With 0.005 the order of the rows still moves the accuracy of
# 60 overlapping classes by half a point, with 0.002 by 0.1.
GAP = 0.002
CHECKED, EPOCHS = 5, 400  # epochs between two looks at the gap; at most
DUALS = 2**28  # dual variables held at a time (1 GiB): classes are trained in groups where there are more


def blocks(x: Vectors, rng: np.random.Generator | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(row numbers, their vectors) of a part of the rows at a time. rng: the parts come in an order that it draws."""
    if isinstance(x, StoredRows):
        yield from x.blocks(rng)
        return
    firsts = np.arange(0, len(x), 4096)
    for first in firsts if rng is None else rng.permutation(firsts):
        numbers = np.arange(first, min(first + 4096, len(x)))
        yield numbers, x[numbers].dense() if isinstance(x, PackedSigns) else x[numbers]


def class_groups(images: int, classes: int) -> list[np.ndarray]:
    """Numbers of classes that are trained together: their dual variables fit into DUALS."""
    return np.array_split(np.arange(classes), -(-classes * images // DUALS))


class Descent:
    """Weights (classes, D) and biases (classes,) of one problem, and the dual variables (n, classes) that made them.

    targets: (n, classes) of 1, -1, or 0 if an image is left out of a class. Starts at zero; `solve` goes on from where it is, so
    that a grid of C is run through from the smallest on.
    """

    def __init__(self, x: Vectors, targets: np.ndarray, seed: int):
        self.x, self.targets, self.rng = x, targets.astype(np.float32), np.random.default_rng(seed)
        classes, self.proximal = targets.shape[1], SLACK / len(x)
        self.duals = np.zeros((len(x), classes), np.float32)
        self.weights = np.zeros((classes, x.shape[1]), np.float32)
        self.centres, self.sums = np.zeros(classes), np.zeros(classes)  # of the biases; of dual x target
        # Where all images are of one sign, a constant score is right for each of them, as in `fit_dual`.
        low, high = targets.min(0), targets.max(0)
        self.constant = np.where(low * high >= 0, np.where(high > 0, 1.0, -1.0) * ((low != 0) | (high != 0)), 0.0)
        self.targets[:, low * high >= 0] = 0

    @property
    def biases(self) -> np.ndarray:
        """(classes,) float64."""
        return self.centres + self.proximal * self.sums + self.constant

    def solve(self, c: float) -> int:
        """Train until the duality gap of every class is at most GAP of its objective. Returns the epochs that it took."""
        for epoch in range(1, EPOCHS + 1):
            for numbers, block in blocks(self.x, self.rng):
                for places in np.array_split(self.rng.permutation(len(numbers)), -(-len(numbers) // ROWS)):
                    self.update(numbers[places], block[places], c)
            if epoch % CHECKED == 0 and (gap := self.gap(c)) <= GAP:
                return epoch
            self.centres += self.proximal * self.sums
        print(f"C = {c:g}: stopped after {EPOCHS} epochs; the duality gap is {gap:.2%} of the objective")
        return EPOCHS

    def update(self, rows: np.ndarray, x: np.ndarray, c: float) -> None:
        """Solve for the dual variables of some rows, one row after another. x: (m, D), their vectors."""
        targets, duals = self.targets[rows], self.duals[rows]
        highest = c * np.abs(targets)
        products = x @ x.T + np.float32(self.proximal)
        scores = x @ self.weights.T + self.biases.astype(np.float32)
        changes = np.zeros_like(scores)
        for i, product in enumerate(products):
            # The minimum over one coordinate, within its bounds: it is where the row's score is its target.
            new = np.clip(duals[i] + (1 - targets[i] * scores[i]) / product[i], 0, highest[i])
            changes[i] = (new - duals[i]) * targets[i]
            if changes[i].any():
                duals[i] = new
                scores[i + 1 :] += product[i + 1 :, None] * changes[i]
        self.duals[rows] = duals
        self.weights += changes.T @ x
        self.sums += changes.sum(0)

    def gap(self, c: float) -> float:
        """The largest duality gap of a class, as a share of its objective; of the problem with the proximal term."""
        squares = 0.5 * np.einsum("kd,kd->k", self.weights, self.weights, dtype=np.float64)
        losses = np.zeros(len(squares))
        for numbers, block in blocks(self.x):
            margins = 1 - self.targets[numbers] * (block @ self.weights.T + self.biases.astype(np.float32))
            losses += np.where(self.targets[numbers] != 0, np.maximum(margins, 0), 0).sum(0, dtype=np.float64)
        primal = squares + c * losses + 0.5 * self.proximal * self.sums**2
        dual = self.duals.sum(0, dtype=np.float64) - squares - 0.5 * self.proximal * self.sums**2 - self.sums * self.centres
        return float(((primal - dual) / np.maximum(primal, 1e-12)).max())


def primal_scores(x: Vectors, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(n, classes) scores, computed block by block."""
    scores = np.empty((len(x), len(weights)))
    for numbers, block in blocks(x):
        scores[numbers] = block @ weights.T + biases
    return scores
