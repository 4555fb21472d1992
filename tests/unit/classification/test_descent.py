"""Training by dual coordinate descent, beside libsvm on the same objective."""

import numpy as np
import pytest
from sklearn.svm import SVC

import orderless.classification.classifiers as classification
from orderless.classification import descent
from orderless.classification.classifiers import fit_dual, train_classifier
from orderless.classification.descent import Descent
from orderless.classification.evaluation import headline
from orderless.files.storage import Tensors, save
from orderless.representations.normalisation import l2
from orderless.representations.vectors import StoredRows

CLASSES, ROWS, TESTS, DIMENSIONS = 60, 1800, 12_000, 256


@pytest.fixture(scope="module")
def overlapping():
    """60 classes that overlap, sorted by class: training vectors, their classes, test vectors, their classes."""
    rng = np.random.default_rng(0)
    centres = 0.2 * rng.normal(size=(CLASSES, DIMENSIONS))
    sets = []
    for count in (ROWS, TESTS):
        truth = np.sort(np.arange(count) % CLASSES)
        sets += [l2(rng.normal(size=(count, DIMENSIONS)) + centres[truth]).astype(np.float32), truth]
    return sets


def signs(truth: np.ndarray) -> np.ndarray:
    """(n, classes) targets."""
    return np.where(np.eye(CLASSES)[truth] > 0, 1, -1).astype(np.int8)


def objective(x: np.ndarray, targets: np.ndarray, weights: np.ndarray, biases: np.ndarray, c: float) -> np.ndarray:
    """(classes,) |w|^2 / 2 + C sum of hinge losses."""
    return 0.5 * (weights**2).sum(1) + c * np.maximum(0, 1 - targets * (x @ weights.T + biases)).sum(0)


def libsvm(x: np.ndarray, targets: np.ndarray, c: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases by libsvm, to its optimum."""
    kernel = x.astype(np.float64) @ x.T
    machines = [SVC(C=c, kernel="precomputed", tol=1e-4).fit(kernel, target) for target in targets.T]
    return np.array([m.dual_coef_[0] @ x[m.support_] for m in machines]), np.array([m.intercept_[0] for m in machines])


@pytest.mark.parametrize("c", [0.1, 10])
def test_the_objective_is_libsvms_whatever_the_order_of_the_rows(overlapping, c):
    x, truth, test, tested = overlapping
    best = libsvm(x, signs(truth), c)
    optimum = objective(x, signs(truth), *best, c)
    accuracies = [np.mean((test @ best[0].T + best[1]).argmax(1) == tested)]
    for order in (np.arange(ROWS), np.random.default_rng(1).permutation(ROWS)):
        machine = Descent(x[order], signs(truth[order]), 0)
        assert machine.solve(c) < descent.EPOCHS
        reached = objective(x, signs(truth), machine.weights, machine.biases, c)
        assert (reached / optimum < 1.01).all()
        accuracies.append(np.mean((test @ machine.weights.T + machine.biases).argmax(1) == tested))
    assert 0.3 < accuracies[0] < 0.9
    assert abs(accuracies[1] - accuracies[2]) < 0.003
    assert np.ptp(accuracies) < 0.005


def test_a_grid_of_c_goes_on_from_the_last(overlapping):
    """Each C ends at its own optimum, and sooner than from nothing."""
    x, truth, _, _ = overlapping
    warm = Descent(x, signs(truth), 0)
    for c in (0.1, 1):
        epochs = warm.solve(c)
        optimum = objective(x, signs(truth), *libsvm(x, signs(truth), c), c)
        assert (objective(x, signs(truth), warm.weights, warm.biases, c) / optimum < 1.01).all()
    assert epochs <= Descent(x, signs(truth), 0).solve(1)


def test_images_left_out_and_classes_of_one_sign(overlapping):
    x, truth, _, _ = overlapping
    targets = signs(truth)[:, :4]
    targets[900:, 0] = 0
    targets[:, 1], targets[:, 2], targets[:, 3] = -1, 1, 0
    machine = Descent(x, targets, 0)
    machine.solve(10)
    dual, biases = fit_dual(x.astype(np.float64) @ x.T, targets, 10)
    np.testing.assert_allclose(machine.biases[1:], biases[1:])
    assert not machine.weights[1:].any()
    assert not machine.duals[900:, 0].any()
    alone, alone_weights = targets[:900, :1], (dual @ x)[:1]
    reached = objective(x[:900], alone, machine.weights[:1], machine.biases[:1], 10)
    assert reached < 1.01 * objective(x[:900], alone, alone_weights, biases[:1], 10)


def test_rows_on_disk_and_groups_of_classes(overlapping, tmp_path, monkeypatch):
    """Vectors in files, sorted by class; few dual variables at a time: as good as the kernel."""
    x, truth, test, tested = overlapping
    test, tested = test[::6], tested[::6]
    both, targets = np.concatenate([x, test]), signs(truth)
    for number, part in enumerate(np.array_split(both, 7)):
        save(tmp_path / f"{number}.safetensors", {"mpp": part}, "representations")
    stored = StoredRows([Tensors(tmp_path / f"{number}.safetensors", "representations") for number in range(7)], "mpp")
    train, choice = np.arange(len(both)) < ROWS, {"C": [1, 10], "folds": 3}
    kernel = train_classifier(both, train, targets, "single-label", choice, 0)
    monkeypatch.setattr(classification, "MOST_IN_KERNEL", 100)
    monkeypatch.setattr(descent, "DUALS", 25 * ROWS)
    assert len(descent.class_groups(ROWS, CLASSES)) == 3
    blocks = train_classifier(stored, train, targets, "single-label", choice, 0)
    assert set(blocks.weights) == {"primal"}
    assert set(blocks.tried) == {1, 10}
    accuracies = [headline(signs(tested), classifier.scores, "single-label")[1] for classifier in (kernel, blocks)]
    assert abs(accuracies[0] - accuracies[1]) < 0.01
    assert np.corrcoef(kernel.scores.ravel(), blocks.scores.ravel())[0, 1] > 0.98
