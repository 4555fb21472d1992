"""How often the 95% intervals hold the truth, on simulated test sets whose truth is known.

    python -m tests.simulations docs/coverage.md     # the tables of that page, made again: half an hour on two cores

Scores of a class: negatives normal (0, 1), positives normal (`apart`, 1). Average precision of queries: a group's difficulty and a
query's own, on the scale of log odds. Tests use the same functions with fewer repetitions.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np
from scipy.special import expit
from scipy.stats import norm

from orderless.analyses.pairs import p_value
from orderless.classification.evaluation import mean_average_precision, measure
from orderless.classification.intervals import Measured, halves, interval, mean_of

# Shares of positive images: the 20 classes of VOC 2007's test set, and 9 attributes of people, many of them common.
VOC = [
    0.04, 0.05, 0.06, 0.035, 0.04, 0.035, 0.15, 0.07, 0.085, 0.026,
    0.04, 0.085, 0.055, 0.045, 0.405, 0.045, 0.02, 0.045, 0.05, 0.046,
]  # fmt: skip
ATTRIBUTES = [0.6, 0.2, 0.35, 0.15, 0.35, 0.3, 0.12, 0.55, 0.4]
SETTINGS = {  # name -> shares, how far apart positives and negatives are
    "20 rare classes, mAP 51": (VOC, 1.9),
    "20 rare classes, mAP 78": (VOC, 2.8),
    "9 common classes, mAP 65": (ATTRIBUTES, 1.2),
}
MARKS = ("<!-- coverage -->", "<!-- /coverage -->")


def true_ap(share: float, apart: float) -> float:
    """The 11-point AP of a class on endless images: precision falls as recall grows, so each point is the precision there."""
    thresholds = norm.isf(np.clip(np.arange(1, 11) / 10, 0, 1 - 1e-15), loc=apart)
    recall, false = norm.sf(thresholds, loc=apart), norm.sf(thresholds)
    precision = share * recall / (share * recall + (1 - share) * false)
    return float((1 + precision.sum()) / 11)  # at recall 0 the precision is 1


def test_set(count: int, shares: list[float], apart: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """targets, scores: (count, classes)."""
    targets = np.where(rng.random((count, len(shares))) < shares, 1, -1)
    return targets, rng.normal(size=targets.shape) + apart * (targets > 0)


def drawn(count: int, times: int, rng: np.random.Generator) -> np.ndarray:
    """(times, count) how often a bootstrap draws each image."""
    return rng.multinomial(count, np.full(count, 1 / count), times).astype(np.int16)


def percentiles(values: np.ndarray) -> tuple[float, float]:
    """The percentile interval of a bootstrap."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def map_intervals(count: int, shares: list[float], apart: float, times: int, seed: int) -> dict[str, tuple[float, float]]:
    """One simulated test set: its figure (twice), and its intervals by a percentile bootstrap and by halves."""
    rng = np.random.default_rng(seed)
    targets, scores = test_set(count, shares, apart, rng)
    figure = measure(targets, scores, "multi-label", halves(count, times, rng))["map11"]
    bootstrap = percentiles(mean_average_precision(targets, scores, drawn(count, times, rng)))
    return {"figure": (figure.value, figure.value), "bootstrap": bootstrap, "ours": interval(figure)}


def accuracy_intervals(count: int, share: float, times: int, seed: int) -> dict[str, tuple[float, float]]:
    """The same of accuracy."""
    rng = np.random.default_rng(seed)
    figure = mean_of(rng.random(count) < share)
    bootstrap = percentiles(rng.binomial(count, figure.value, times) / count)
    return {"figure": (figure.value, figure.value), "bootstrap": bootstrap, "ours": interval(figure)}


def query_precisions(groups: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """(groups, size) average precision of queries, alike within a group; some are perfect."""
    values = expit(2 + 1.5 * rng.normal(size=(groups, 1)) + rng.normal(size=(groups, size)))
    return np.where(values > 0.97, 1, values)


@cache
def true_map() -> float:
    """The mean of `query_precisions`, of two million queries."""
    return float(query_precisions(2_000_000, 1, np.random.default_rng(0)).mean())


def search_intervals(groups: int, size: int, times: int, seed: int) -> dict[str, tuple[float, float]]:
    """The same of the mAP of searches, whose queries come in groups."""
    rng = np.random.default_rng(seed)
    values = query_precisions(groups, size, rng).ravel()
    figure = mean_of(values, np.repeat(np.arange(groups), size))
    bootstrap = percentiles(rng.choice(values, (times, len(values))).mean(1))
    return {"figure": (figure.value, figure.value), "bootstrap": bootstrap, "ours": interval(figure)}


def equals_called_different(count: int, shares: list[float], apart: float, times: int, seed: int) -> bool:
    """Whether the paired test at 5% tells two systems apart that are as good, and right and wrong on much the same images."""
    rng = np.random.default_rng(seed)
    targets, common = test_set(count, shares, apart, rng)
    half = halves(count, times, rng)
    pair: list[Measured] = []
    for _ in range(2):
        own = rng.normal(size=common.shape)
        centre = apart * (targets > 0)
        scores = centre + np.sqrt(0.7) * (common - centre) + np.sqrt(0.3) * own
        pair.append(measure(targets, scores, "multi-label", half)["map11"])
    return p_value(*pair) < 0.05


def repeat(simulate, times: int) -> list:
    """The results of a simulation with seeds 0 to times - 1, on two processes."""
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(simulate, range(times), chunksize=4))


def covered(results: list[dict], way: str, truth: float) -> tuple[float, float]:
    """The share of intervals that hold the truth, and their mean width."""
    ends = np.array([result[way] for result in results])
    return float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()), float((ends[:, 1] - ends[:, 0]).mean())


def row(name: str, count: int, results: list[dict], truth: float) -> str:
    """A row of the page's table."""
    mean = float(np.mean([result["figure"][0] for result in results]))
    cells = [name, f"{count:,}", f"{100 * (mean - truth):+.1f}"]
    for way in ("bootstrap", "ours"):
        share, width = covered(results, way, truth)
        cells += [f"{100 * share:.1f}", f"{100 * covered(results, way, mean)[0]:.1f}", f"{100 * width:.1f}"]
    return "| " + " | ".join(cells) + " |"


def page() -> str:
    """The tables of docs/coverage.md."""
    heads = ["figure", "images or queries", "bias", "bootstrap: endless", "same size", "width"]
    heads += ["ours: endless", "same size", "width"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for count, times in ((200, 800), (1000, 400), (5000, 150)):
        for share in (0.6, 0.95):
            found = repeat(partial(accuracy_intervals, count, share, 1000), 4000)
            lines.append(row(f"accuracy {100 * share:.0f}", count, found, share))
        for name, (shares, apart) in SETTINGS.items():
            truth = float(np.mean([true_ap(share, apart) for share in shares]))
            lines.append(row(name, count, repeat(partial(map_intervals, count, shares, apart, 300), times), truth))
        found = repeat(partial(search_intervals, count // 4, 4, 1000), 1000)
        lines.append(row("mAP of searches, groups of 4 queries", count, found, true_map()))
    found = repeat(partial(search_intervals, 11, 5, 1000), 2000)
    lines.append(row("mAP of searches, 11 groups of 5", 55, found, true_map()))
    lines += ["", "| two systems equally good | images | called different at 5% |", "|---|---:|---:|"]
    for count, times in ((200, 800), (1000, 300)):
        for name, (shares, apart) in SETTINGS.items():
            wrong = np.mean(repeat(partial(equals_called_different, count, shares, apart, 300), times))
            lines.append(f"| {name} | {count:,} | {100 * wrong:.1f} |")
    return "\n".join(lines)


def main(path: str) -> None:
    text = Path(path).read_text()
    before, after = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
    Path(path).write_text(f"{before}{MARKS[0]}\n{page()}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main(sys.argv[1])
