"""Intervals against closed forms and scipy's, and how often they hold a known truth."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, ttest_1samp

from orderless.classification.intervals import Measured, difference_interval, halves, interval, mean_of
from tests import simulations


def test_halves_are_halves_and_their_complements(rng):
    found = halves(11, 21, rng)
    assert found.shape == (22, 11)
    assert set(found[::2].sum(1)) == {5}
    np.testing.assert_array_equal(found[::2] + found[1::2], 1)
    assert (found[:, 0].mean(), len(np.unique(found, axis=0))) == (0.5, 22)


@pytest.mark.parametrize(("right", "count"), [(140, 200), (50, 200), (198, 200), (200, 200), (0, 300), (4700, 5000)])
def test_the_interval_of_accuracy_is_wilsons(right, count):
    low, high = interval(mean_of(np.arange(count) < right))
    wilson = binomtest(right, count).proportion_ci(0.95, "wilson")
    assert (low, high) == pytest.approx((wilson.low, wilson.high), abs=0.02 * (wilson.high - wilson.low))


def test_the_deviation_of_a_mean_is_the_one_of_the_halves(rng):
    """For a mean both kinds of figure are the same: closed form and jackknife."""
    values = rng.random(300)
    half = halves(300, 20_000, rng)
    figure = mean_of(values)
    other = Measured(figure.value, 300, half @ values / half.sum(1), mean=False)
    assert other.bias == pytest.approx(0, abs=1e-12)  # complements cancel
    assert other.deviation == pytest.approx(figure.deviation, rel=0.02)


def test_groups_are_resampled_not_their_members(rng):
    """Queries of a group share their matches: the interval is that of a bootstrap of groups, by scipy."""
    groups = rng.permutation(np.repeat(np.arange(60), 4))
    values = (rng.random(60)[groups] * 3 + rng.random(240)) / 4
    found = interval(mean_of(values, groups))
    sums = np.bincount(groups, values) / 4
    expected = bootstrap((sums,), np.mean, n_resamples=9999, method="BCa", random_state=rng).confidence_interval
    assert found == pytest.approx(tuple(expected), abs=0.1 * (expected.high - expected.low))
    alone = interval(mean_of(values))
    assert found[1] - found[0] > 1.5 * (alone[1] - alone[0])


def test_groups_of_several_sizes_weigh_by_their_members(rng):
    groups = np.repeat(np.arange(50), rng.integers(1, 9, 50))
    values = rng.random(50)[groups]
    figure = mean_of(values, groups)
    assert figure.value == pytest.approx(values.mean())
    assert figure.parts.mean() == pytest.approx(values.mean())
    drawn = rng.integers(0, 50, (4000, 50))
    sums, sizes = np.bincount(groups, values), np.bincount(groups)
    ratios = sums[drawn].sum(1) / sizes[drawn].sum(1)
    assert figure.deviation == pytest.approx(ratios.std(), rel=0.06)


def test_the_interval_of_a_difference_is_that_of_the_paired_t_test(rng):
    a, b = rng.random(40), rng.random(40) + 0.1
    expected = ttest_1samp(a - b, 0).confidence_interval(0.95)
    assert difference_interval(mean_of(a), mean_of(b)) == pytest.approx(tuple(expected))


def test_the_interval_of_two_accuracies_is_bonett_and_prices():
    """Only a right 7 times, only b once, of 21 images: (8 - 2) / 23 +- z sqrt((10 / 23 - (6 / 23)^2) / 23), here with t for z."""
    a = np.r_[np.ones(7), np.zeros(1), np.ones(13)]
    b = np.r_[np.zeros(7), np.ones(1), np.ones(13)]
    centre, deviation = 6 / 23, np.sqrt((10 / 23 - (6 / 23) ** 2) / 23)
    expected = (centre - 2.085963 * deviation, centre + 2.085963 * deviation)
    assert difference_interval(mean_of(a), mean_of(b)) == pytest.approx(expected, abs=1e-6)


def test_agreement_on_every_image_is_no_certainty():
    low, high = difference_interval(mean_of(np.ones(300)), mean_of(np.ones(300)))
    assert -low == pytest.approx(high)
    assert 0.005 < high < 0.015


def test_one_group_tells_nothing():
    assert interval(mean_of(np.array([0.2, 0.4]), np.array([0, 0]))) == (0, 1)


@pytest.mark.parametrize("name", list(simulations.SETTINGS))
def test_intervals_of_mean_average_precision_hold_the_truth(name):
    """Of 200 images. Those of a percentile bootstrap do in 40 to 75 of 100."""
    shares, apart = simulations.SETTINGS[name]
    truth = float(np.mean([simulations.true_ap(share, apart) for share in shares]))
    found = [simulations.map_intervals(200, shares, apart, 100, seed) for seed in range(120)]
    assert simulations.covered(found, "bootstrap", truth)[0] < 0.82
    assert simulations.covered(found, "ours", truth)[0] >= 0.86  # 92%, less two deviations of 120 trials


@pytest.mark.parametrize(("groups", "size"), [(50, 4), (11, 5)])
def test_intervals_of_searches_hold_the_truth(groups, size):
    found = [simulations.search_intervals(groups, size, 200, seed) for seed in range(600)]
    assert simulations.covered(found, "bootstrap", simulations.true_map())[0] < 0.8
    assert simulations.covered(found, "ours", simulations.true_map())[0] >= 0.925


@pytest.mark.parametrize("share", [0.6, 0.95, 0.98])
def test_intervals_of_accuracy_hold_the_truth(share):
    found = [simulations.accuracy_intervals(200, share, 200, seed) for seed in range(800)]
    assert simulations.covered(found, "ours", share)[0] >= 0.92


def test_systems_that_are_as_good_are_seldom_told_apart():
    shares, apart = simulations.SETTINGS["9 common classes, mAP 65"]
    wrong = map(partial(simulations.equals_called_different, 200, shares, apart, 100), range(150))
    assert np.mean(list(wrong)) < 0.11  # 5 to 7 of 100, and two deviations of 150 trials
