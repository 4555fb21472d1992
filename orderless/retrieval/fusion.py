"""Late fusion: the similarities of several searches become one (papers C and Zheng et al., CVPR 2015)."""

from collections.abc import Callable

import numpy as np

Lists = list[np.ndarray]  # each (queries, images): one search's similarities
CONSTANT = 60  # of reciprocal ranks: Cormack et al., SIGIR 2009
CURVES = 10  # reference curves averaged for a query: our choice, the paper's code is not public
HEAD = 0.1  # the share of the best images that the comparison of curves leaves out: they may match


def scaled(similarities: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Each query's similarities brought to 0..1 by its least and largest; own: (queries, images) where an image is its query."""
    others = np.where(own, np.nan, similarities)
    low, high = np.nanmin(others, 1, keepdims=True), np.nanmax(others, 1, keepdims=True)
    return np.clip((similarities - low) / np.where(high > low, high - low, 1), 0, 1)


def fuse_sum(lists: Lists, own: np.ndarray, references: Lists) -> np.ndarray:
    """The sum of the scaled similarities."""
    return np.sum([scaled(s, own) for s in lists], axis=0)


def fuse_product(lists: Lists, own: np.ndarray, references: Lists) -> np.ndarray:
    """The product of the scaled similarities."""
    return np.prod([scaled(s, own) for s in lists], axis=0)


def fuse_rank(lists: Lists, own: np.ndarray, references: Lists) -> np.ndarray:
    """The sum of 1 / (60 + rank) over the lists, rank from 1 (Cormack et al. 2009)."""
    total = np.zeros(lists[0].shape)
    for similarities in lists:
        order = np.argsort(-similarities, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None], 1)
        total += 1 / (CONSTANT + ranks)
    return total


def curve(similarities: np.ndarray, length: int) -> np.ndarray:
    """Similarities sorted downwards, brought to `length` by repeating the last."""
    ordered = np.sort(similarities)[::-1][:length]
    return np.pad(ordered, (0, length - len(ordered)), mode="edge")


def area(query: np.ndarray, references: np.ndarray) -> float:
    """The area under a query's curve once the curves of irrelevant searches most like it are taken off.

    query: (n,) sorted downwards. references: (m, n) alike. The nearest by the Euclidean distance of their tails are averaged and
    subtracted; the rest is brought to 0..1. A search that tells its matches apart falls steeply: its area is small.
    """
    tail = int(HEAD * len(query))
    nearest = np.argsort(((references[:, tail:] - query[tail:]) ** 2).sum(1), kind="stable")[:CURVES]
    rest = query - references[nearest].mean(0)
    spread = rest.max() - rest.min()
    return float(((rest - rest.min()) / spread).mean()) if spread > 0 else 1.0


def fuse_adaptive(lists: Lists, own: np.ndarray, references: Lists) -> np.ndarray:
    """Query-adaptive fusion (Zheng et al., CVPR 2015): the product over searches of scaled similarities to the power w.

    For each query w_i = (1 / A_i) / sum_j (1 / A_j), A_i being the `area` of search i. references: for each search the
    similarities (m, n) of queries that match nothing. The lengths of the curves and the number averaged are our reading.
    """
    fused = np.ones(lists[0].shape)
    length = lists[0].shape[1] - int(own.any())
    weights = np.empty((len(lists), len(own)))
    for i, (similarities, irrelevant) in enumerate(zip(lists, references, strict=True)):
        known = np.stack([curve(row, length) for row in irrelevant])
        for query, (row, mine) in enumerate(zip(similarities, own, strict=True)):
            weights[i, query] = 1 / max(area(curve(row[~mine], length), known), 1e-6)
    weights /= weights.sum(0)
    for weight, similarities in zip(weights, lists, strict=True):
        fused *= scaled(similarities, own) ** weight[:, None]
    return fused


RULES: dict[str, Callable[[Lists, np.ndarray, Lists], np.ndarray]] = {
    "sum": fuse_sum,
    "product": fuse_product,
    "rank": fuse_rank,
    "adaptive": fuse_adaptive,
}
