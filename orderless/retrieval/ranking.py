"""Figures of merit of rankings, as the retrieval data sets define them.

A ranking is judged from `relevance` (n,), one entry an image of the database in the order found: 1 it matches, 0 it does not,
-1 it does not count (junk). Images of equal similarity rank in the order of the index.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orderless.errors import OrderlessError

MATCH, OTHER, JUNK, ITSELF = 1, 0, -1, 2


def average_precision(relevance: np.ndarray) -> float:
    """The mean, over the matches, of the share of matches among the images down to each of them."""
    found = relevance[relevance != JUNK] == MATCH
    ranks = np.flatnonzero(found)
    return float(np.mean(np.arange(1, len(ranks) + 1) / (ranks + 1))) if len(ranks) else float("nan")


def average_precision_trapezoid(relevance: np.ndarray) -> float:
    """The area under the precision-recall curve by trapezoids: Holidays (eval_holidays), Oxford and Paris (compute_ap).

    For the j-th match (from 0) at rank r (from 0): ((1 if r = 0 else j / r) + (j + 1) / (r + 1)) / (2 matches).
    """
    found = relevance[relevance != JUNK] == MATCH
    ranks = np.flatnonzero(found)
    if not len(ranks):
        return float("nan")
    j = np.arange(len(ranks))
    before = np.where(ranks == 0, 1.0, j / np.maximum(ranks, 1))
    return float(np.mean(before + (j + 1) / (ranks + 1)) / 2)


def precision_at(relevance: np.ndarray, count: int) -> float:
    """The share of matches among the first `count` images."""
    return float(np.mean(relevance[relevance != JUNK][:count] == MATCH))


def nister_stewenius(relevance: np.ndarray) -> float:
    """UKBench's score as a fraction of its 4: the share of the first four images that match, the query itself counted as one."""
    return float(np.mean(relevance[relevance != JUNK][:4] > 0))


def without_query(figure: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], float]:
    """The figure with the query itself taken out of its ranking."""
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
    """Who asks for what among whom. queries, images: rows of the index. relevance: (queries, images) int8."""

    queries: np.ndarray
    images: np.ndarray
    relevance: np.ndarray


def protocol(index: pd.DataFrame) -> Protocol:
    """From the columns of an index: `search` (query, database, both, or empty), `group` (what an image matches, joined by `;`),
    `ignored` (groups for which it is junk).

    Raises OrderlessError for a query that nothing can match, or where there is none.
    """
    queries = np.flatnonzero(index["search"].isin(["query", "both"]))
    images = np.flatnonzero(index["search"].isin(["database", "both"]))
    if not len(queries) or not len(images):
        what = "query" if not len(queries) else "image to be found"
        raise OrderlessError(f"the index names no {what}. Mark images in its column 'search'.")
    groups = [set(filter(None, text.split(";"))) for text in index["group"]]
    junk = [set(filter(None, text.split(";"))) for text in index["ignored"]]
    relevance = np.zeros((len(queries), len(images)), np.int8)
    members: dict[str, list[int]] = {}
    left_out: dict[str, list[int]] = {}
    for column, row in enumerate(images):
        for name in groups[row]:
            members.setdefault(name, []).append(column)
        for name in junk[row]:
            left_out.setdefault(name, []).append(column)
    column_of = {row: column for column, row in enumerate(images)}
    for place, row in enumerate(queries):
        for name in groups[row]:
            relevance[place, left_out.get(name, [])] = JUNK
        for name in groups[row]:
            relevance[place, members.get(name, [])] = MATCH
        if row in column_of:
            relevance[place, column_of[row]] = ITSELF
        if not (relevance[place] == MATCH).any():
            raise OrderlessError(
                f"image '{index['image'].iloc[row]}': its group '{index['group'].iloc[row]}' has no other image to be found. "
                "A query needs a match: add one, or leave the image out."
            )
    return Protocol(queries, images, relevance)


def ranked(similarities: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """The relevance (n,) of one query in the order of its similarities (n,), the first of the index first among equals."""
    return relevance[np.argsort(-similarities, kind="stable")]


def values(similarities: np.ndarray, relevance: np.ndarray, metric: str) -> np.ndarray:
    """A figure for each query: (queries,)."""
    return np.array([FIGURES[metric](ranked(s, r)) for s, r in zip(similarities, relevance, strict=True)])
