from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize

from orderless.classification.classifiers import choose_c, encode_targets, fit_dual, folds
from orderless.classification.evaluation import (
    average_precision_11,
    headline,
    mean_average_precision,
    mean_class_accuracy,
    measure,
    table,
)
from orderless.classification.intervals import halves
from orderless.classification.kernel import gram
from orderless.files.storage import Tensors, save
from orderless.representations.vectors import StoredRows


def test_perfect_and_worst_ranking():
    target = np.array([1, 1, -1, -1, -1, -1])
    assert average_precision_11(target, np.array([6.0, 5, 4, 3, 2, 1])) == 1
    # positives last: precision 1/5 at recall 1/2 and 2/6 at recall 1, so 1/3 is the best at every recall
    assert average_precision_11(target, np.array([1.0, 2, 3, 4, 5, 6])) == pytest.approx(1 / 3)


def test_a_ranking_by_hand():
    """+ - + - - +: precision 1 at recall 1/3, 2/3 at 2/3, 1/2 at 1. Recalls 0 to .3 take 1, .4 to .6 take 2/3, .7 to 1 take 1/2."""
    target = np.array([1, -1, 1, -1, -1, 1])
    expected = (4 * 1 + 3 * 2 / 3 + 4 * 1 / 2) / 11
    assert average_precision_11(target, -np.arange(6.0)) == pytest.approx(expected)


def test_recall_thresholds_are_exact():
    """With ten positives recall 0.3 is reached by the third: floating point must not move it to the fourth."""
    target = np.array([1, 1, 1, *[-1] * 7, *[1] * 7])
    precision_after = 10 / 17
    assert average_precision_11(target, -np.arange(17.0)) == pytest.approx((4 + 7 * precision_after) / 11)


def test_images_left_out_do_not_count():
    target, scores = np.array([1, 0, -1, 1]), np.array([4.0, 3, 2, 1])
    assert average_precision_11(target, scores) == average_precision_11(np.delete(target, 1), np.delete(scores, 1))


def test_average_precision_is_the_devkits(rng):
    """VOC 2007: the mean over recalls 0, .1, ..., 1 of the best precision there or beyond, 0 where a recall is not reached; in
    fractions, from the definition. Images marked difficult (0) are neither right nor wrong."""
    for _ in range(200):
        target = rng.permutation([1, *rng.choice([1, -1, 0], int(rng.integers(1, 25)))])
        ranked = [int(t) for t in target if t != 0]
        found, points = 0, []
        for rank, t in enumerate(ranked, 1):
            found += t == 1
            points.append((Fraction(found, ranked.count(1)), Fraction(found, rank)))
        best = [max((p for r, p in points if r >= Fraction(k, 10)), default=Fraction(0)) for k in range(11)]
        assert average_precision_11(target, -np.arange(len(target), dtype=float)) == pytest.approx(float(sum(best) / 11))


def test_random_ranking_is_about_the_share_of_positives(rng):
    target = np.where(rng.random(20000) < 0.3, 1, -1)
    assert average_precision_11(target, rng.random(20000)) == pytest.approx(0.3, abs=0.07)


def test_mean_class_accuracy(rng):
    correct, truth = np.array([True, True, False, True]), np.array([0, 0, 0, 1])
    assert mean_class_accuracy(correct, truth).value == pytest.approx((2 / 3 + 1) / 2)
    # the deviation is that of a mean of independent shares: a sum of binomial variances
    correct, truth = rng.random(3000) < 0.7, np.repeat([0, 1, 2], [2000, 600, 400])
    shares = np.array([correct[truth == k].mean() for k in range(3)])
    expected = np.sqrt((shares * (1 - shares) / [2000, 600, 400]).sum()) / 3
    assert mean_class_accuracy(correct, truth).deviation == pytest.approx(expected, rel=1e-3)


def test_weights_are_repeated_images(rng):
    """Every figure by weights is the figure of the images copied out."""
    targets, scores = np.where(rng.random((40, 3)) < 0.3, 1, -1), rng.random((40, 3))
    targets[0, 1], targets[:2, 0] = 0, 1
    weights = rng.multinomial(40, np.full(40, 1 / 40), 30)
    for row, value in zip(weights, mean_average_precision(targets, scores, weights), strict=True):
        copies = np.repeat(np.arange(40), row)
        assert value == pytest.approx(mean_average_precision(targets[copies], scores[copies])[0])


def test_figures_of_a_task(rng):
    targets, scores = np.where(rng.random((60, 3)) < 0.3, 1, -1), rng.random((60, 3))
    half = halves(60, 100, rng)
    found = table(measure(targets, scores, "multi-label", half), 60)
    assert (found["metric"], found["n"]) == (["map11"], [60])
    assert found["value"] == pytest.approx(list(mean_average_precision(targets, scores)))
    found = table(measure(targets, scores, "single-label", half), 60)
    assert found["metric"] == ["accuracy", "mean_class_accuracy"]
    assert found["value"][0] == (targets.argmax(1) == scores.argmax(1)).mean()
    assert found["low"][0] < found["value"][0] < found["high"][0]


def test_headline_of_a_task():
    targets, scores = np.array([[1, -1], [-1, 1], [1, -1]]), np.array([[2.0, 1], [0, 1], [0, 1]])
    assert headline(targets, scores, "single-label") == ("accuracy", pytest.approx(2 / 3))
    assert headline(targets, scores, "multi-label") == ("map11", pytest.approx(float(mean_average_precision(targets, scores)[0])))


@pytest.fixture
def problem(rng):
    """60 training and 30 test vectors of 500 dimensions in three classes that overlap."""
    truth = np.arange(90) % 3
    x = rng.normal(size=(90, 500)).astype(np.float32) + 0.35 * np.eye(3)[truth].repeat(167, 1)[:, :500].astype(np.float32)
    targets = np.where(np.eye(3)[truth] > 0, 1, -1).astype(np.int8)
    return x[:60], targets[:60], x[60:], targets[60:]


def test_classifiers_are_those_of_the_full_vectors(problem):
    """Scores from the kernel are those of the dual's optimum on the full vectors, found by a general optimiser."""
    train, targets, test, _ = problem
    dual, biases = fit_dual(gram(train, train), targets, c=0.01)
    found = gram(test, train) @ dual.T + biases
    for k in range(3):
        signs = targets[:, k].astype(float)
        signed = train.astype(float) * signs[:, None]
        best = minimize(
            lambda a, q=signed @ signed.T: 0.5 * a @ q @ a - a.sum(),
            np.full(60, 0.001),
            jac=lambda a, q=signed @ signed.T: q @ a - 1,
            bounds=[(0, 0.01)] * 60,
            constraints={"type": "eq", "fun": lambda a, y=signs: a @ y, "jac": lambda a, y=signs: y},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        weights = signed.T @ best.x
        free = (best.x > 1e-5) & (best.x < 0.01 - 1e-5)  # on the margin: their score is their sign
        bias = np.mean(signs[free] - train[free] @ weights)
        np.testing.assert_allclose(found[:, k], test @ weights + bias, atol=5e-3)


def test_an_image_left_out_of_a_class_does_not_train_it(problem):
    train, targets, _, _ = problem
    kernel, some = gram(train, train), targets.copy()
    some[50:, 1] = 0
    dual, biases = fit_dual(kernel, some, c=1)
    alone, bias = fit_dual(kernel[:50, :50], targets[:50, [1]], c=1)
    assert not dual[1, 50:].any()
    np.testing.assert_allclose(dual[1, :50], alone[0])
    np.testing.assert_allclose(biases[1], bias[0])


def test_a_class_without_positives_has_a_classifier_that_never_says_it(problem):
    train, targets, _, _ = problem
    dual, biases = fit_dual(gram(train, train), np.full_like(targets, -1), c=1)
    assert not dual.any()
    assert (biases == -1).all()


def test_c_is_chosen_on_training_images(problem):
    train, targets, _, _ = problem
    c, tried = choose_c(gram(train, train), targets, "single-label", [10, 0.001, 0.1], 3, 0)
    assert sorted(tried) == [0.001, 0.1, 10]
    assert tried[c] == max(tried.values())
    assert choose_c(gram(train, train), targets, "single-label", [7], 3, 0) == (7, {})


def test_rows_on_disk_stand_for_their_matrix(tmp_path, rng):
    x = rng.normal(size=(30, 70)).astype(np.float32)
    for number, part in enumerate(np.split(x, [11, 19])):
        save(tmp_path / f"{number}.safetensors", {"mpp": part}, "representations")
    files = [Tensors(tmp_path / f"{number}.safetensors", "representations") for number in range(3)]
    rows, chosen = StoredRows(files, "mpp"), rng.random(30) < 0.5
    np.testing.assert_array_equal(rows[chosen].columns(5, 900), x[chosen, 5:])
    np.testing.assert_allclose(gram(rows[chosen], rows[~chosen], block=16), x[chosen] @ x[~chosen].T, rtol=1e-4, atol=1e-4)
    for places, block in rows[chosen].blocks():
        np.testing.assert_array_equal(block, x[chosen][places])


def test_folds_spread_every_class(rng):
    targets = np.where(np.eye(4)[np.arange(40) % 4] > 0, 1, -1)
    fold = folds(targets, 3, rng)
    for k in range(4):
        counts = np.bincount(fold[targets[:, k] > 0], minlength=3)
        assert counts.min() >= 3


def test_targets_of_an_index():
    found = encode_targets(["a;b", "", "b"], ["", "a", ""], ["a", "b"])
    np.testing.assert_array_equal(found, [[1, 1], [0, -1], [-1, 1]])
