"""Figures of merit of rankings, as the retrieval data sets define them.

A ranking is an array `relevance` (n,), with an entry for each image of the database in the order of similarity: MATCH, OTHER (no
match), JUNK (does not count), or ITSELF (the query). Images of equal similarity rank in the order of the index.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orderless.errors import OrderlessError

if TYPE_CHECKING:  # a search of a folder does without
    import pandas as pd

MATCH, OTHER, JUNK, ITSELF = 1, 0, -1, 2


def average_precision(relevance: np.ndarray) -> float:
    """The mean of the precision at the rank of each match; NaN without a match."""
    ranks = np.flatnonzero(relevance[relevance != JUNK] == MATCH)
    return float(np.mean(np.arange(1, len(ranks) + 1) / (ranks + 1))) if len(ranks) else float("nan")


def average_precision_trapezoid(relevance: np.ndarray) -> float:
    """The area under the precision-recall curve by trapezoids, as in Holidays (eval_holidays), Oxford and Paris (compute_ap).

    The j-th match, at rank r, both counted from 0, adds ((1 if r = 0 else j / r) + (j + 1) / (r + 1)) / (2 x number of matches).
    NaN without a match.
    """
    ranks = np.flatnonzero(relevance[relevance != JUNK] == MATCH)
    if not len(ranks):
        return float("nan")
    j = np.arange(len(ranks))
    before = np.where(ranks == 0, 1.0, j / np.maximum(ranks, 1))
    return float(np.mean(before + (j + 1) / (ranks + 1)) / 2)


def precision_at(relevance: np.ndarray, count: int) -> float:
    """The share of matches among the first `count` images."""
    return float(np.mean(relevance[relevance != JUNK][:count] == MATCH))


def nister_stewenius(relevance: np.ndarray) -> float:
    """The score of UKBench divided by 4: the share of the first four images that match or are the query itself."""
    return float(np.mean(relevance[relevance != JUNK][:4] > 0))


def without_query(figure: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], float]:
    """A figure of merit that first removes the query itself from the ranking."""
    return lambda relevance: figure(relevance[relevance != ITSELF])


FIGURES: dict[str, Callable[[np.ndarray], float]] = {
    "map": without_query(average_precision),
    "map_trapezoid": without_query(average_precision_trapezoid),
    "ns": nister_stewenius,
    "p1": without_query(lambda relevance: precision_at(relevance, 1)),
    "p10": without_query(lambda relevance: precision_at(relevance, 10)),
}


@dataclass(frozen=True)
class Protocol:
    """Queries, database, and which images match.

    queries, images: row numbers of the index. relevance: (queries, images) int8. groups: of each row of the index, also those that
    it is junk for.
    """

    queries: np.ndarray
    images: np.ndarray
    relevance: np.ndarray
    groups: list[set[str]]

    def strangers(self, row: int) -> np.ndarray:
        """The columns of the images of the database, without the image of a row and those that share a group with it."""
        own = self.groups[row]
        return np.array([c for c, image in enumerate(self.images) if image != row and own.isdisjoint(self.groups[image])], int)


def protocol(index: "pd.DataFrame") -> Protocol:
    """The protocol that the columns `search`, `group` and `ignored` of an index define (see `orderless.datasets.index`).

    An image is junk for queries of its ignored groups. Raises OrderlessError if a query matches no other image, or if there is no
    query or no database.
    """
    queries = np.flatnonzero(index["search"].isin(["query", "both"]))
    images = np.flatnonzero(index["search"].isin(["database", "both"]))
    if not len(queries) or not len(images):
        missing = "query" if not len(queries) else "image of the database"
        raise OrderlessError(f"the index names no {missing}. Mark images in its column 'search'.")
    groups = [set(filter(None, text.split(";"))) for text in index["group"]]
    junk = [set(filter(None, text.split(";"))) for text in index["ignored"]]
    relevance = np.zeros((len(queries), len(images)), np.int8)
    members: dict[str, list[int]] = {}
    ignoring: dict[str, list[int]] = {}
    for column, row in enumerate(images):
        for name in groups[row]:
            members.setdefault(name, []).append(column)
        for name in junk[row]:
            ignoring.setdefault(name, []).append(column)
    column_of = {row: column for column, row in enumerate(images)}
    for query, row in enumerate(queries):
        for name in groups[row]:
            relevance[query, ignoring.get(name, [])] = JUNK
        for name in groups[row]:
            relevance[query, members.get(name, [])] = MATCH
        if row in column_of:
            relevance[query, column_of[row]] = ITSELF
        if not (relevance[query] == MATCH).any():
            raise OrderlessError(
                f"image '{index['image'].iloc[row]}': its group '{index['group'].iloc[row]}' has no other image in the database. "
                "A query needs a match: add one, or leave the image out."
            )
    return Protocol(queries, images, relevance, [own | left_out for own, left_out in zip(groups, junk, strict=True)])


def query_groups(relevance: np.ndarray) -> np.ndarray:
    """(queries,) the group of each query, from 0: queries that share an image that matches, or is one of them, are of one group.

    Figures of a group's queries rise and fall together: an interval counts groups.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    shared = csr_array((relevance == MATCH) | (relevance == ITSELF))
    queries, images = shared.shape
    rows, columns = shared.nonzero()
    links = csr_array((np.ones(len(rows), bool), (rows, queries + columns)), shape=(queries + images,) * 2)
    _, groups = connected_components(links, directed=False)
    return np.unique(groups[:queries], return_inverse=True)[1]


def ranked(similarities: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """The relevance (n,) of one query, sorted by its similarities (n,) from high to low."""
    return relevance[np.argsort(-similarities, kind="stable")]


def values(similarities: np.ndarray, relevance: np.ndarray, metric: str) -> np.ndarray:
    """The figure of merit of each query, (queries,). similarities, relevance: (queries, images). metric: a key of FIGURES."""
    return np.array([FIGURES[metric](ranked(s, r)) for s, r in zip(similarities, relevance, strict=True)])
