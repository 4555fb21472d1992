"""Confidence intervals of figures of merit, and of their differences on the same test images.

What is independent of one another, a unit, is a test image, or a group of queries that share their matches. Two kinds of figures:

- a mean over the units, as accuracy is: its deviation follows from the units' values;
- a figure that is no mean, as 11-point average precision is: its bias and its deviation come from random halves of the units, the
  jackknife that leaves half out (Shao and Wu, Annals of Statistics 17, 1989). It stays valid where a figure is not smooth, and
  repeats no image; a bootstrap does, which makes rankings look better than they are.
"""

from dataclasses import dataclass

import numpy as np

TAIL = 0.025  # on either side of an interval of 95%


def halves(count: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """(times, count) int16 of 0 and 1: random halves of the units, each followed by the other half. An odd `times` is raised."""
    half = np.arange(count) < count // 2
    first = np.stack([rng.permutation(half) for _ in range((times + 1) // 2)])
    return np.stack([first, ~first], 1).reshape(-1, count).astype(np.int16)


@dataclass(frozen=True)
class Measured:
    """A figure of merit, measured on `count` units.

    parts: of a mean, (count,) the value that each unit stands for, whose mean is the figure; else (B,) the figures of `halves`.
    Figures measured on the same units, or on the same halves, subtract.
    """

    value: float
    count: int
    parts: np.ndarray
    mean: bool = True

    def __sub__(self, other: "Measured") -> "Measured":
        return Measured(self.value - other.value, self.count, self.parts - other.parts, self.mean)

    @property
    def bias(self) -> float:
        """How far the figure lies above that of endless test images, as far as halves tell: a half is as much worse again."""
        return 0.0 if self.mean else float(np.nanmean(self.parts)) - self.value

    @property
    def deviation(self) -> float:
        """The standard deviation of the figure over test sets of this size."""
        spread = float(np.nanstd(self.parts, ddof=1))
        return spread / np.sqrt(self.count) if self.mean else spread


def mean_of(values: np.ndarray, groups: np.ndarray | None = None) -> Measured:
    """The mean of values (n,). groups: (n,) the unit that each belongs to, from 0; each is its own where none are given.

    A group stands for the mean, moved by as much as its members move it: the ratio estimator of cluster samples.
    """
    values = np.asarray(values, float)
    if groups is None:
        return Measured(float(values.mean()), len(values), values)
    count = int(groups.max()) + 1
    moved = np.bincount(groups, values - values.mean(), count) * count / len(values)
    return Measured(float(values.mean()), count, values.mean() + moved)


def quantile(count: int) -> float:
    """How many deviations an interval reaches to either side: Student's t with one degree of freedom less than there are units."""
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 1 - TAIL))


def interval(figure: Measured) -> tuple[float, float]:
    """The 95% interval of a figure between 0 and 1; all of that range where there is one unit.

    Of a mean: Wilson's score interval, at as many images as a share of the same deviation would rest on (the effective sample
    size of surveys); for accuracy it is Wilson's. Else: less its bias, by Student's t, both on the scale of log odds.
    """
    from scipy.special import expit, logit

    if figure.count < 2:
        return 0.0, 1.0
    reach, value = quantile(figure.count), figure.value
    if not figure.mean and np.nanmin(figure.parts) > 0 and np.nanmax(figure.parts) < 1:
        odds = Measured(float(logit(value)), figure.count, logit(figure.parts), mean=False)
        low, high = expit(odds.value - odds.bias + reach * odds.deviation * np.array([-1, 1]))
        return float(low), float(high)
    value = min(max(value - figure.bias, 0.0), 1.0)
    variance, product = figure.deviation**2, value * (1 - value)
    size = product / variance if variance > 0 and product > 0 else figure.count
    centre, shrunk = value + reach**2 / (2 * size), 1 + reach**2 / size
    half = reach * np.sqrt(product / size + reach**2 / (4 * size**2))
    return float((centre - half) / shrunk), float((centre + half) / shrunk)


def is_share(figure: Measured) -> bool:
    """Whether every unit is right or wrong, as in accuracy."""
    return figure.mean and bool(np.isin(figure.parts, (0, 1)).all())


def difference_interval(a: Measured, b: Measured) -> tuple[float, float]:
    """The 95% interval of a figure less another.

    Of two shares: as if two more images had been seen, each right for one of the two alone (Bonett and Price 2012). Without them
    two that agree on every image would differ by nothing, with certainty. Else: by Student's t; the biases of two figures on the
    same images are much alike and cancel.
    """
    apart = a - b
    if apart.count < 2:
        return -1.0, 1.0
    centre, deviation = apart.value, apart.deviation
    if is_share(a) and is_share(b):
        size = apart.count + 2
        centre = apart.parts.sum() / size
        deviation = np.sqrt(((apart.parts**2).sum() + 2) / size - centre**2) / np.sqrt(size)
    reach = quantile(apart.count) * deviation
    return float(centre - reach), float(centre + reach)
