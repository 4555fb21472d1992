"""One-versus-rest linear support vector machines, their C chosen on training images only."""

from dataclasses import dataclass

import numpy as np

from orderless.evaluation import headline
from orderless.normalisation import PackedSigns

Vectors = np.ndarray | PackedSigns  # (n, D): a matrix, or what stands for one
TOLERANCE = 1e-3  # of the dual's optimality conditions: libsvm's own


def gram(a: Vectors, b: Vectors, block: int = 8192) -> np.ndarray:
    """a @ b.T in float64, summed over blocks of columns; no more than a block of signs is unpacked at once."""
    total = np.zeros((len(a), len(b)))
    for first in range(0, a.shape[1], block):
        total += columns(a, first, first + block) @ columns(b, first, first + block).T
    return total


def columns(x: Vectors, first: int, last: int) -> np.ndarray:
    """A block of columns as float32."""
    return x.columns(first, last) if isinstance(x, PackedSigns) else x[:, first:last]


def fit(kernel: np.ndarray, targets: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    """Linear machines (hinge loss, L2, free bias), one a class, from inner products alone: libsvm, as paper D.

    A linear machine sees vectors only through their inner products: one (n, n) kernel serves all classes and values of C,
    and its solution is that of the full vectors.
    kernel: (n, n) float64. targets: (n, classes) of 1, -1, or 0 where an image is left out of a class.
    Returns dual (classes, n) and biases (classes,): the score of x is dual @ (train_vectors @ x) + bias.
    """
    from sklearn.svm import SVC

    dual, biases = np.zeros((targets.shape[1], len(kernel))), np.zeros(targets.shape[1])
    for k, target in enumerate(targets.T):
        used = np.flatnonzero(target)
        if abs(target[used].sum(dtype=int)) == len(used):
            # A fold without a positive (or a negative) of a rare class: the machine that is always right on it.
            biases[k] = target[used][0] if len(used) else 0
            continue
        products = kernel if len(used) == len(kernel) else np.ascontiguousarray(kernel[np.ix_(used, used)])
        machine = SVC(C=c, kernel="precomputed", tol=TOLERANCE).fit(products, target[used])
        dual[k, used[machine.support_]] = machine.dual_coef_[0]
        biases[k] = machine.intercept_[0]
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
class Machine:
    """Trained one-versus-rest machines of one representation: the C chosen, the figure of each C tried, test scores."""

    c: float
    tried: dict[float, float]
    dual: np.ndarray  # (classes, training images): the weights are dual @ training vectors
    biases: np.ndarray  # (classes,)
    scores: np.ndarray  # (test images, classes)


def train_machine(x: Vectors, train: np.ndarray, targets: np.ndarray, task: str, choice: dict, seed: int) -> Machine:
    """Choose C on the training images, train on all of them, score the test images.

    x: (images, D) vectors; train: (images,) bool; targets: (training images, classes); choice: the configuration's `classifier`.
    """
    kernel = gram(x[train], x[train])
    c, tried = choose_c(kernel, targets, task, choice["C"], choice["folds"], seed)
    dual, biases = fit(kernel, targets, c)
    return Machine(c, tried, dual, biases, gram(x[~train], x[train]) @ dual.T + biases)


def full_weights(machines, train_vectors: np.ndarray) -> np.ndarray:
    """(classes, D) weights of stored machines (an open file with their `dual`)."""
    return machines["dual"] @ train_vectors
