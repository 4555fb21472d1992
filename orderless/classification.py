"""One-versus-rest linear support vector machines, their C chosen on training images only."""

import warnings

import numpy as np

from orderless.evaluation import accuracy, mean_average_precision


def compress(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same inner products in as many dimensions as there are training vectors.

    train (n, D), test (m, D) float32. Where D > n, a linear machine sees vectors only through inner products with training
    vectors, so both are expressed in an orthonormal basis of the training vectors' span: (n, r), (m, r) float64 with r <= n.
    The solution is that of the full vectors (what papers B and D do with precomputed linear kernels).
    """
    if train.shape[1] <= len(train):
        return train.astype(np.float64), test.astype(np.float64)
    values, vectors = np.linalg.eigh(gram(train, train))
    kept = values > values[-1] * 1e-10
    scaled = vectors[:, kept] / np.sqrt(values[kept])
    return vectors[:, kept] * np.sqrt(values[kept]), gram(test, train) @ scaled


def gram(a: np.ndarray, b: np.ndarray, block: int = 8192) -> np.ndarray:
    """a @ b.T in float64, summed over blocks of columns: exact to float32 products of a block."""
    total = np.zeros((len(a), len(b)))
    for first in range(0, a.shape[1], block):
        total += a[:, first : first + block] @ b[:, first : first + block].T
    return total


def decision(train: np.ndarray, targets: np.ndarray, test: np.ndarray, c: float, seed: int) -> np.ndarray:
    """Scores (m, classes) of linear machines (hinge loss, L2, regularised bias as VLFeat's) trained for one C.

    targets: (n, classes) of 1, -1, or 0 where an image is left out of a class.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    scores = np.empty((len(test), targets.shape[1]))
    for k, target in enumerate(targets.T):
        used = target != 0
        machine = LinearSVC(C=c, loss="hinge", tol=1e-3, max_iter=5000, random_state=seed % 2**31)
        with warnings.catch_warnings():
            # A machine that is not quite at its optimum after 5,000 passes ranks no worse; large C on few images does that.
            warnings.simplefilter("ignore", ConvergenceWarning)
            machine.fit(train[used], target[used])
        scores[:, k] = machine.decision_function(test)
    return scores


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


def score(targets: np.ndarray, scores: np.ndarray, task: str) -> float:
    """The figure by which C is chosen: accuracy, or mAP for multi-label data."""
    return accuracy(targets.argmax(1), scores.argmax(1)) if task == "single-label" else mean_average_precision(targets, scores)


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
            scores[held] = decision(x[~held], targets[~held], x[held], c, seed)
        figures[c] = score(targets, scores, task)
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
