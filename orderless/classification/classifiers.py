"""One-versus-rest linear support vector machines; C is chosen by cross-validation on the training images."""

from dataclasses import dataclass

import numpy as np

from orderless.classification.descent import Descent, class_groups, primal_scores
from orderless.classification.evaluation import headline
from orderless.classification.kernel import Vectors, gram

MOST_IN_KERNEL = 20_000  # training images, whose kernel takes 3.2 GB
TOLERANCE = 1e-3  # of the optimality conditions of the dual problem: libsvm's default


def encode_targets(labels: list[str], ignored: list[str], classes: list[str]) -> np.ndarray:
    """(n, classes) int8 targets: 1 for the classes of an image, 0 for those that it is left out of, -1 for all others.

    labels, ignored: columns of an index, class names joined by `;`.
    """
    column = {name: k for k, name in enumerate(classes)}
    targets = np.full((len(labels), len(classes)), -1, np.int8)
    for row, (present, left_out) in enumerate(zip(labels, ignored, strict=True)):
        for name in filter(None, left_out.split(";")):
            targets[row, column[name]] = 0
        for name in filter(None, present.split(";")):
            targets[row, column[name]] = 1
    return targets


def fit_dual(kernel: np.ndarray, targets: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    """One linear classifier for each class (hinge loss, L2, free bias) from inner products, by libsvm as in paper D.

    A linear classifier depends on the vectors only through their inner products. So one kernel serves all classes and all values
    of C, and the solution is that of the vectors themselves.
    kernel: (n, n) float64. targets: (n, classes) of 1, -1, or 0 if an image is left out of a class.
    Returns dual (classes, n) and biases (classes,): the score of x is dual @ (train_vectors @ x) + bias.
    """
    from sklearn.svm import SVC

    dual, biases = np.zeros((targets.shape[1], len(kernel))), np.zeros(targets.shape[1])
    for k, target in enumerate(targets.T):
        used = np.flatnonzero(target)
        if abs(target[used].sum(dtype=int)) == len(used):
            # All images are positive, or all negative, as in a fold of a rare class: a constant score is right for each of them.
            biases[k] = target[used][0] if len(used) else 0
            continue
        products = kernel if len(used) == len(kernel) else np.ascontiguousarray(kernel[np.ix_(used, used)])
        svm = SVC(C=c, kernel="precomputed", tol=TOLERANCE).fit(products, target[used])
        dual[k, used[svm.support_]] = svm.dual_coef_[0]
        biases[k] = svm.intercept_[0]
    return dual, biases


def folds(targets: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """A fold for each training image, drawn so that every class is spread over all folds. (n,) ints."""
    fold_of = np.empty(len(targets), int)
    # An image of several classes is drawn with its rarest one: frequent classes are spread well in any case.
    size = np.where(targets > 0, (targets > 0).sum(0), len(targets) + 1)
    rarest = size.argmin(1)
    start = 0
    for k in np.unique(rarest):
        members = np.flatnonzero(rarest == k)
        fold_of[rng.permutation(members)] = (start + np.arange(len(members))) % count
        start += len(members)
    return fold_of


def choose_c(
    kernel: np.ndarray, targets: np.ndarray, task: str, grid: list[float], count: int, seed: int
) -> tuple[float, dict[float, float]]:
    """The C with the best cross-validated figure of merit (the smaller one in a tie), and the figure of each C.

    kernel: (n, n). count: the number of folds.
    """
    if len(grid) == 1:
        return grid[0], {}
    fold = folds(targets, count, np.random.default_rng(seed))
    scores = {c: np.empty(targets.shape) for c in sorted(grid)}
    for k in range(count):
        train, held_out = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        inner, across = np.ascontiguousarray(kernel[np.ix_(train, train)]), kernel[np.ix_(held_out, train)]
        for c in scores:
            dual, biases = fit_dual(inner, targets[train], c)
            scores[c][held_out] = across @ dual.T + biases
    figures = {c: headline(targets, of_c, task)[1] for c, of_c in scores.items()}
    return max(figures, key=lambda c: figures[c]), figures


@dataclass(frozen=True)
class Classifier:
    """The trained classifier of one representation: one linear function for each class.

    c: the C that was chosen. tried: the cross-validated figure of each C. weights: `dual` (classes, training images), where the
    weights are dual @ training vectors, or `primal` (classes, D). biases: (classes,). scores: (test images, classes).
    """

    c: float
    tried: dict[float, float]
    weights: dict[str, np.ndarray]
    biases: np.ndarray
    scores: np.ndarray


def train_classifier(x: Vectors, train: np.ndarray, targets: np.ndarray, task: str, choice: dict, seed: int) -> Classifier:
    """Choose C on the training images, train on all of them, score the test images.

    x: (images, D) vectors. train: (images,) bool. targets: (training images, classes). choice: the configuration's `classifier`.
    """
    if train.sum() > MOST_IN_KERNEL:
        print(f"{train.sum()} training images: dual coordinate descent by blocks (a kernel holds at most {MOST_IN_KERNEL})")
        return train_primal(x, train, targets, task, choice, seed)
    train_vectors = x[train]
    kernel = gram(train_vectors, train_vectors)
    c, tried = choose_c(kernel, targets, task, choice["C"], choice["folds"], seed)
    dual, biases = fit_dual(kernel, targets, c)
    return Classifier(c, tried, {"dual": dual}, biases, gram(x[~train], train_vectors) @ dual.T + biases)


def train_primal(x: Vectors, train: np.ndarray, targets: np.ndarray, task: str, choice: dict, seed: int) -> Classifier:
    """`train_classifier` for more images than a kernel can hold. C is chosen on one fold, after training on the others."""
    grid, figures, numbers = sorted(choice["C"]), {}, np.flatnonzero(train)
    if len(grid) > 1:
        held_out = folds(targets, choice["folds"], np.random.default_rng(seed)) == 0
        shown, judged = x[numbers[~held_out]], x[numbers[held_out]]
        scores = {c: np.empty((len(judged), targets.shape[1])) for c in grid}
        for group in class_groups(len(shown), targets.shape[1]):
            descent = Descent(shown, targets[np.ix_(~held_out, group)], seed)
            for c in grid:
                descent.solve(c)
                scores[c][:, group] = primal_scores(judged, descent.weights, descent.biases)
        figures = {c: headline(targets[held_out], of_c, task)[1] for c, of_c in scores.items()}
    c = max(figures, key=lambda value: figures[value]) if figures else grid[0]
    weights, biases = np.empty((targets.shape[1], x.shape[1]), np.float32), np.empty(targets.shape[1])
    for group in class_groups(len(numbers), targets.shape[1]):
        descent = Descent(x[numbers], targets[:, group], seed)
        print(f"C = {c:g}, {len(group)} classes: {descent.solve(c)} epochs")
        weights[group], biases[group] = descent.weights, descent.biases
    return Classifier(c, figures, {"primal": weights}, biases, primal_scores(x[np.flatnonzero(~train)], weights, biases))


def full_weights(classifier, train_vectors: np.ndarray) -> np.ndarray:
    """The (classes, D) weights of a stored classifier. classifier: an open file with `dual` or `primal`."""
    return classifier["primal"] if "primal" in classifier else classifier["dual"] @ train_vectors
