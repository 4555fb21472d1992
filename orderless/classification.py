"""One-versus-rest linear support vector machines, their C chosen on training images only."""

import warnings
from dataclasses import dataclass

import numpy as np

from orderless.evaluation import headline
from orderless.normalisation import PackedSigns

Vectors = np.ndarray | PackedSigns  # (n, D): a matrix, or what stands for one
PASSES = 200  # over the training images at most, as deep-fbanks; VLFeat's recognition application, as paper B: 100


@dataclass(frozen=True)
class Span:
    """An orthonormal view of the training vectors' span, in which a linear machine on many dimensions is a small one.

    A linear machine sees vectors only through their inner products with training vectors. Where there are more dimensions
    than training vectors, both are expressed in a basis of the training vectors' span; the solution is that of the full
    vectors (what papers B and D do with precomputed linear kernels). Otherwise vectors stay as they are.
    train: (n, r) float64, r <= n. basis: (n, r), so that x @ train_vectors.T @ basis expresses x; None for vectors as they are.
    """

    train: np.ndarray
    basis: np.ndarray | None

    def express(self, x: Vectors, train_vectors: Vectors) -> np.ndarray:
        """Vectors (m, D) in the span: (m, r) float64."""
        return dense(x).astype(np.float64) if self.basis is None else gram(x, train_vectors) @ self.basis

    def dual(self, weights: np.ndarray) -> np.ndarray:
        """Weights (classes, r) of machines in the span as sums of training vectors: (classes, n), or as they are."""
        return weights if self.basis is None else weights @ self.basis.T


def span(train: Vectors) -> Span:
    """The span of training vectors (n, D) float32."""
    if train.shape[1] <= len(train):
        return Span(dense(train).astype(np.float64), None)
    values, vectors = np.linalg.eigh(gram(train, train))
    kept = values > values[-1] * 1e-10
    root = np.sqrt(values[kept])
    return Span(vectors[:, kept] * root, vectors[:, kept] / root)


def gram(a: Vectors, b: Vectors, block: int = 8192) -> np.ndarray:
    """a @ b.T in float64, summed over blocks of columns; no more than a block of signs is unpacked at once."""
    total = np.zeros((len(a), len(b)))
    for first in range(0, a.shape[1], block):
        total += columns(a, first, first + block) @ columns(b, first, first + block).T
    return total


def columns(x: Vectors, first: int, last: int) -> np.ndarray:
    """A block of columns as float32."""
    return x.columns(first, last) if isinstance(x, PackedSigns) else x[:, first:last]


def dense(x: Vectors) -> np.ndarray:
    """The vectors as a matrix."""
    return x.dense() if isinstance(x, PackedSigns) else x


def fit(train: np.ndarray, targets: np.ndarray, c: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Linear machines (hinge loss, L2, regularised bias as VLFeat's), one a class, for one C.

    train: (n, r). targets: (n, classes) of 1, -1, or 0 where an image is left out of a class.
    Returns weights (classes, r) and biases (classes,): the score of x is weights @ x + bias.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    weights, biases = np.empty((targets.shape[1], train.shape[1])), np.empty(targets.shape[1])
    for k, target in enumerate(targets.T):
        used = target != 0
        if abs(target[used].sum(dtype=int)) == used.sum():
            # A fold without a positive (or a negative) of a rare class: the machine that is always right on it.
            weights[k], biases[k] = 0, target[used][0] if used.any() else 0
            continue
        machine = LinearSVC(C=c, loss="hinge", tol=1e-3, max_iter=PASSES, random_state=seed % 2**31)
        with warnings.catch_warnings():
            # To stop at PASSES is part of the protocol; only large C on few images gets there.
            warnings.simplefilter("ignore", ConvergenceWarning)
            machine.fit(train[used], target[used])
        weights[k], biases[k] = machine.coef_[0], machine.intercept_[0]
    return weights, biases


def folds(targets: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """A fold for each training image, drawn so that every class is spread over all folds. (n,) ints."""
    found = np.empty(len(targets), int)
    # The rarest class of an image decides its stratum: a frequent one is spread well in any case.
    rarity = np.where(targets > 0, (targets > 0).sum(0), len(targets) + 1)
    stratum = rarity.argmin(1)
    start = 0
    for k in np.unique(stratum):
        rows = np.flatnonzero(stratum == k)
        found[rng.permutation(rows)] = (start + np.arange(len(rows))) % count
        start += len(rows)
    return found


def choose_c(
    x: np.ndarray, targets: np.ndarray, task: str, grid: list[float], count: int, seed: int
) -> tuple[float, dict[float, float]]:
    """The C with the best cross-validated figure, the smaller one in a tie; and the figure of each."""
    if len(grid) == 1:
        return grid[0], {}
    fold = folds(targets, count, np.random.default_rng(seed))
    figures = {}
    for c in sorted(grid):
        scores = np.empty(targets.shape)
        for k in range(count):
            held = fold == k
            weights, biases = fit(x[~held], targets[~held], c, seed)
            scores[held] = x[held] @ weights.T + biases
        figures[c] = headline(targets, scores, task)[1]
    return max(figures, key=lambda c: figures[c]), figures


def encode_targets(labels: list[str], ignored: list[str], classes: list[str]) -> np.ndarray:
    """(n, classes) int8 targets: 1 where an image has the class, 0 where the index says to leave it out, else -1."""
    place = {name: k for k, name in enumerate(classes)}
    targets = np.full((len(labels), len(classes)), -1, np.int8)
    for row, (has, out) in enumerate(zip(labels, ignored, strict=True)):
        for name in filter(None, out.split(";")):
            targets[row, place[name]] = 0
        for name in filter(None, has.split(";")):
            targets[row, place[name]] = 1
    return targets


@dataclass(frozen=True)
class Machine:
    """Trained one-versus-rest machines of one representation: the C chosen, the figure of each C tried, test scores."""

    c: float
    tried: dict[float, float]
    weights: np.ndarray  # (classes, D), or (classes, training images) where `dual`
    biases: np.ndarray  # (classes,)
    dual: bool
    scores: np.ndarray  # (test images, classes)

    def tensors(self) -> dict[str, np.ndarray]:
        """What is stored of the machines."""
        return {"dual" if self.dual else "weights": self.weights, "biases": self.biases}


def train_machine(x: Vectors, train: np.ndarray, targets: np.ndarray, task: str, choice: dict, seed: int) -> Machine:
    """Choose C on the training images, train on all of them, score the test images.

    x: (images, D) vectors; train: (images,) bool; targets: (training images, classes); choice: the configuration's `classifier`.
    """
    small = span(x[train])
    c, tried = choose_c(small.train, targets, task, choice["C"], choice["folds"], seed)
    weights, biases = fit(small.train, targets, c, seed)
    scores = small.express(x[~train], x[train]) @ weights.T + biases
    return Machine(c, tried, small.dual(weights), biases, small.basis is not None, scores)


def full_weights(machines, train_vectors: Vectors) -> np.ndarray:
    """(classes, D) weights of a stored machine (an open file of `Machine.tensors`)."""
    return machines["weights"] if "weights" in machines else machines["dual"] @ dense(train_vectors)
