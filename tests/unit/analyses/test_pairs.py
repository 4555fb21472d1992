"""Paired comparisons against closed forms and scipy."""

import time

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, ttest_rel

from orderless.analyses.pairs import COLUMNS, beside_best, compare_pairs, holm, mcnemar, p_value
from orderless.classification.evaluation import measure
from orderless.classification.intervals import halves, mean_of


def test_mcnemar_is_the_binomial_test_of_discordant_images(rng):
    """10 images only a names rightly, 2 only b: 2 * (1 + 12 + 66) / 2^12."""
    a = np.r_[np.ones(10), np.zeros(2), np.ones(30)].astype(bool)
    b = np.r_[np.zeros(10), np.ones(2), np.ones(30)].astype(bool)
    assert mcnemar(a, b) == pytest.approx(2 * (1 + 12 + 66) / 4096)
    assert mcnemar(a, a) == 1
    for _ in range(20):
        a, b = rng.random((2, 200)) < rng.random((2, 1))
        assert mcnemar(a, b) == pytest.approx(binomtest(int((a & ~b).sum()), int((a != b).sum())).pvalue)


def test_means_are_compared_by_the_paired_t_test(rng):
    a, b = rng.random((2, 50))
    assert p_value(mean_of(a), mean_of(b)) == pytest.approx(ttest_rel(a, b).pvalue)


def test_queries_of_a_group_count_once(rng):
    """Each query twice is no more evidence than each once."""
    a, b = rng.random((2, 50))
    twice = np.repeat(np.arange(50), 2)
    assert p_value(mean_of(a[twice], twice), mean_of(b[twice], twice)) == pytest.approx(p_value(mean_of(a), mean_of(b)))


def test_holm_by_hand():
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, of which the last must not be below the third."""
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1, 1])
    assert holm(np.array([])).tolist() == []


def test_holm_lies_between_bonferroni_and_benjamini_hochberg(rng):
    p = rng.random(30) ** 3
    assert (holm(p) <= np.minimum(30 * p, 1) + 1e-12).all()
    assert (holm(p) >= false_discovery_control(p) - 1e-12).all()


@pytest.fixture
def figures(rng):
    """Accuracies of three systems on 200 images: two alike, one far worse."""
    truth = np.arange(200) % 4
    targets = np.where(np.eye(4)[truth] > 0, 1, -1)
    noise = {"good": 0.3, "bad": 3.0, "twin": 0.3}
    scores = {name: np.eye(4)[truth] + size * rng.normal(size=(200, 4)) for name, size in noise.items()}
    return {name: measure(targets, s, "single-label", halves(200, 2, rng))["accuracy"] for name, s in scores.items()}


def test_every_ordered_pair(figures):
    pairs = compare_pairs(figures, "accuracy")
    assert list(pairs.columns) == COLUMNS
    assert len(pairs) == 6
    table = pairs.set_index(["a", "b"])
    row, back = table.loc[("good", "bad")], table.loc[("bad", "good")]
    assert row["low"] > 0.2
    assert row["p"] < 1e-6
    assert (back["difference"], back["low"], back["high"]) == (-row["difference"], -row["high"], -row["low"])
    assert (back["p"], back["p_holm"]) == (row["p"], row["p_holm"])
    once = pairs.iloc[:3]
    np.testing.assert_allclose(once["p_holm"], holm(once["p"].to_numpy()))


def ties(pairs, best):
    """Those that no test tells from the best."""
    return {name for name, p in beside_best(pairs, best).items() if p >= 0.05}


def test_ties_are_by_test_not_by_overlap(figures):
    assert ties(compare_pairs(figures, "accuracy"), "good") == {"good", "twin"}


def test_intervals_may_overlap_where_the_paired_test_tells_apart():
    """88 and 92 of 100, the worse wrong wherever the better is and 7 times more: the summary called such a pair a tie."""
    better = np.arange(400) >= 28
    worse = np.arange(400) >= 44
    pairs = compare_pairs({"better": mean_of(better), "worse": mean_of(worse)}, "accuracy")
    assert ties(pairs, "better") == {"better"}


def test_a_correction_for_the_comparisons_with_the_best():
    """One of 40 that is a little worse by chance (p = 0.04 alone) is no reason to leave it out."""
    best = np.ones(300, bool)
    others = {f"r{k}": np.arange(300) >= 5 for k in range(40)}  # p = 0.0625 each: five images
    others["odd"] = np.arange(300) >= 6  # p = 0.031
    pairs = compare_pairs({name: mean_of(right) for name, right in {"best": best, **others}.items()}, "accuracy")
    assert pairs.set_index(["a", "b"]).loc[("best", "odd"), "p"] == pytest.approx(0.03125)
    assert "odd" in ties(pairs, "best")


def test_forty_representations_are_compared_in_seconds(rng):
    figures = {str(k): mean_of(rng.random(5000) < 0.7) for k in range(41)}
    start = time.process_time()
    compare_pairs(figures, "accuracy")
    assert time.process_time() - start < 5
