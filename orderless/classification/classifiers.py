"""One-versus-rest linear support vector machines, their C chosen on training images only."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orderless.classification.evaluation import headline
from orderless.representations.normalisation import PackedSigns
from orderless.representations.vectors import StoredRows

Vectors = np.ndarray | PackedSigns | StoredRows  # (n, D): a matrix, or what stands for one
MOST_IN_KERNEL = 20_000  # training images whose inner products are kept: 3.2 GB
EPOCHS, BATCH = 20, 64  # of stochastic descent where there are more
TOLERANCE = 1e-3  # of the dual's optimality conditions: libsvm's own


def gram(a: Vectors, b: Vectors, block: int = 8192) -> np.ndarray:
    """a @ b.T in float64, summed over blocks of columns; no more than a block of signs is unpacked at once.

    Where b is a, each block is read once, and half of the products are spared (numpy sees that they are symmetric).
    """
    total = np.zeros((len(a), len(b)))
    for first in range(0, a.shape[1], block):
        left = columns(a, first, first + block)
        total += left @ (left if b is a else columns(b, first, first + block)).T
    return total


def columns(x: Vectors, first: int, last: int) -> np.ndarray:
    """A block of columns as float32."""
    return x[:, first:last] if isinstance(x, np.ndarray) else x.columns(first, last)


def fit(kernel: np.ndarray, targets: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    """Linear classifiers (hinge loss, L2, free bias), one a class, from inner products alone: libsvm, as paper D.

    A linear classifier sees vectors only through their inner products: one (n, n) kernel serves all classes and values of C,
    and its solution is that of the full vectors.
    kernel: (n, n) float64. targets: (n, classes) of 1, -1, or 0 where an image is left out of a class.
    Returns dual (classes, n) and biases (classes,): the score of x is dual @ (train_vectors @ x) + bias.
    """
    from sklearn.svm import SVC

    dual, biases = np.zeros((targets.shape[1], len(kernel))), np.zeros(targets.shape[1])
    for k, target in enumerate(targets.T):
        used = np.flatnonzero(target)
        if abs(target[used].sum(dtype=int)) == len(used):
            # A fold without a positive (or a negative) of a rare class: the constant classifier is right on all of it.
            biases[k] = target[used][0] if len(used) else 0
            continue
        products = kernel if len(used) == len(kernel) else np.ascontiguousarray(kernel[np.ix_(used, used)])
        svm = SVC(C=c, kernel="precomputed", tol=TOLERANCE).fit(products, target[used])
        dual[k, used[svm.support_]] = svm.dual_coef_[0]
        biases[k] = svm.intercept_[0]
    return dual, biases


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
    kernel: np.ndarray, targets: np.ndarray, task: str, grid: list[float], count: int, seed: int
) -> tuple[float, dict[float, float]]:
    """The C with the best cross-validated figure, the smaller one in a tie; and the figure of each. kernel: (n, n)."""
    if len(grid) == 1:
        return grid[0], {}
    fold = folds(targets, count, np.random.default_rng(seed))
    scores = {c: np.empty(targets.shape) for c in sorted(grid)}
    for k in range(count):
        kept, held = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        inner, across = np.ascontiguousarray(kernel[np.ix_(kept, kept)]), kernel[np.ix_(held, kept)]
        for c, found in scores.items():
            dual, biases = fit(inner, targets[kept], c)
            found[held] = across @ dual.T + biases
    figures = {c: headline(targets, found, task)[1] for c, found in scores.items()}
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
class Classifier:
    """Trained one-versus-rest classifiers of one representation: the C chosen, the figure of each C tried, test scores."""

    c: float
    tried: dict[float, float]
    weights: dict[str, np.ndarray]  # `dual` (classes, training images), the weights being dual @ vectors; or `primal` (classes, D)
    biases: np.ndarray  # (classes,)
    scores: np.ndarray  # (test images, classes)


def train_classifier(x: Vectors, train: np.ndarray, targets: np.ndarray, task: str, choice: dict, seed: int) -> Classifier:
    """Choose C on the training images, train on all of them, score the test images.

    x: (images, D) vectors; train: (images,) bool; targets: (training images, classes); choice: the configuration's `classifier`.
    """
    if train.sum() > MOST_IN_KERNEL:
        print(f"{train.sum()} training images: stochastic descent on blocks of vectors (a kernel holds {MOST_IN_KERNEL})")
        return train_primal(x, train, targets, task, choice, seed)
    known = x[train]
    kernel = gram(known, known)
    c, tried = choose_c(kernel, targets, task, choice["C"], choice["folds"], seed)
    dual, biases = fit(kernel, targets, c)
    return Classifier(c, tried, {"dual": dual}, biases, gram(x[~train], known) @ dual.T + biases)


def full_weights(classifier, train_vectors: np.ndarray) -> np.ndarray:
    """(classes, D) weights of a stored classifier (an open file with its `dual` or `primal`)."""
    return classifier["primal"] if "primal" in classifier else classifier["dual"] @ train_vectors


def blocks(x: Vectors) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(row numbers, their vectors), a part of the rows at a time."""
    if isinstance(x, StoredRows):
        yield from x.blocks()
        return
    for first in range(0, len(x), 4096):
        rows = np.arange(first, min(first + 4096, len(x)))
        yield rows, x[rows].dense() if isinstance(x, PackedSigns) else x[rows]


def fit_primal(x: Vectors, targets: np.ndarray, c: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The classifiers of `fit` by averaged stochastic gradient descent over blocks of vectors, each read once an epoch.

    Steps shrink as 1 / (lambda t), lambda = 1 / (C n) (Shalev-Shwartz et al., Pegasos, 2011); the weights of the second half of the
    epochs are averaged. The bias is learned as the weight of a constant one.
    Returns weights (classes, D) float32 and biases (classes,).
    """
    rng, lam = np.random.default_rng(seed), 1 / (c * len(x))
    weights = np.zeros((targets.shape[1], x.shape[1] + 1), np.float32)
    mean, averaged, step = np.zeros_like(weights), 0, int(1 / lam)  # as if 1 / lambda steps had been made: the first are not wild
    for epoch in range(EPOCHS):
        for rows, block in blocks(x):
            for places in np.array_split(rng.permutation(len(rows)), -(-len(rows) // BATCH)):
                step += 1
                part, wanted = np.c_[block[places], np.ones(len(places), np.float32)], targets[rows[places]]
                wrong = np.where(wanted * (part @ weights.T) < 1, wanted, 0).astype(np.float32)
                rate = 1 / (lam * step)
                weights *= 1 - rate * lam
                weights += rate / len(places) * wrong.T @ part
            if 2 * epoch >= EPOCHS:
                averaged += 1
                mean += (weights - mean) / averaged
    return mean[:, :-1], mean[:, -1].astype(np.float64)


def primal_scores(x: Vectors, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(n, classes) scores, block by block."""
    found = np.empty((len(x), len(weights)))
    for rows, block in blocks(x):
        found[rows] = block @ weights.T + biases
    return found


def train_primal(x: Vectors, train: np.ndarray, targets: np.ndarray, task: str, choice: dict, seed: int) -> Classifier:
    """`train_classifier` where a kernel would be too large: C is chosen on one fold, by classifiers trained on the others."""
    grid, figures = sorted(choice["C"]), {}
    rows = np.flatnonzero(train)
    if len(grid) > 1:
        held = folds(targets, choice["folds"], np.random.default_rng(seed)) == 0
        for c in grid:
            found = primal_scores(x[rows[held]], *fit_primal(x[rows[~held]], targets[~held], c, seed))
            figures[c] = headline(targets[held], found, task)[1]
    c = max(figures, key=lambda value: figures[value]) if figures else grid[0]
    weights, biases = fit_primal(x[rows], targets, c, seed)
    return Classifier(c, figures, {"primal": weights}, biases, primal_scores(x[np.flatnonzero(~train)], weights, biases))
