"""Late fusion: the similarities of several searches become one (paper C; Zheng et al., CVPR 2015).

In every function below, lists holds the similarities (queries, images) of each search, and itself is (queries, images) bool, true
where an image is the query itself.
"""

from collections.abc import Callable

import numpy as np

Lists = list[np.ndarray]
References = list[list[np.ndarray]]
CONSTANT = 60  # of reciprocal rank fusion (Cormack et al., SIGIR 2009)
CURVES = 10  # reference curves that are averaged for a query: our choice, as the paper's code is not public
HEAD = 0.1  # share of the best images that is ignored when curves are compared, because they may match


def scaled(similarities: np.ndarray, itself: np.ndarray) -> np.ndarray:
    """The similarities of each query scaled to 0..1 between its smallest and its largest."""
    others = np.where(itself, np.nan, similarities)
    low, high = np.nanmin(others, 1, keepdims=True), np.nanmax(others, 1, keepdims=True)
    return np.clip((similarities - low) / np.where(high > low, high - low, 1), 0, 1)


def fuse_sum(lists: Lists, itself: np.ndarray, references: References) -> np.ndarray:
    """The sum of the scaled similarities."""
    return np.sum([scaled(s, itself) for s in lists], axis=0)


def fuse_product(lists: Lists, itself: np.ndarray, references: References) -> np.ndarray:
    """The product of the scaled similarities."""
    return np.prod([scaled(s, itself) for s in lists], axis=0)


def fuse_rank(lists: Lists, itself: np.ndarray, references: References) -> np.ndarray:
    """Reciprocal rank fusion: the sum of 1 / (60 + rank) over the lists, ranks from 1 (Cormack et al. 2009)."""
    total = np.zeros(lists[0].shape)
    for similarities in lists:
        order = np.argsort(-similarities, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None], 1)
        total += 1 / (CONSTANT + ranks)
    return total


def curve(similarities: np.ndarray, length: int) -> np.ndarray:
    """A curve: similarities (n,) sorted from high to low, cut or padded with the last value to `length`."""
    ordered = np.sort(similarities)[::-1][:length]
    return np.pad(ordered, (0, length - len(ordered)), mode="edge")


def area(query: np.ndarray, references: np.ndarray) -> float:
    """The area under a query's curve, after the average of the most similar reference curves is subtracted.

    query: (n,) similarities sorted from high to low. references: (m, n), the same for queries that match nothing. The nearest
    CURVES references are found by the Euclidean distance of the tails, and the difference is scaled to 0..1. The curve of a good
    search falls steeply after its matches, so its area is small.
    """
    tail = int(HEAD * len(query))
    nearest = np.argsort(((references[:, tail:] - query[tail:]) ** 2).sum(1), kind="stable")[:CURVES]
    difference = query - references[nearest].mean(0)
    spread = difference.max() - difference.min()
    return float(((difference - difference.min()) / spread).mean()) if spread > 0 else 1.0


def fuse_adaptive(lists: Lists, itself: np.ndarray, references: References) -> np.ndarray:
    """Query-adaptive fusion (Zheng et al., CVPR 2015): the product over searches of scaled similarities to the power w.

    For each query w_i = (1 / A_i) / sum_j (1 / A_j), where A_i is the `area` of search i. references: for each search, the
    similarities of queries that match nothing, which may be fewer than n. The length of the curves and CURVES are our reading.
    """
    fused = np.ones(lists[0].shape)
    length = lists[0].shape[1] - int(itself.any())
    weights = np.empty((len(lists), len(itself)))
    for i, (similarities, irrelevant) in enumerate(zip(lists, references, strict=True)):
        curves = np.stack([curve(values, length) for values in irrelevant])
        for query, (values, is_query) in enumerate(zip(similarities, itself, strict=True)):
            weights[i, query] = 1 / max(area(curve(values[~is_query], length), curves), 1e-6)
    weights /= weights.sum(0)
    for weight, similarities in zip(weights, lists, strict=True):
        fused *= scaled(similarities, itself) ** weight[:, None]
    return fused


RULES: dict[str, Callable[[Lists, np.ndarray, References], np.ndarray]] = {
    "sum": fuse_sum,
    "product": fuse_product,
    "rank": fuse_rank,
    "adaptive": fuse_adaptive,
}
