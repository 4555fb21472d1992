"""Retrieval: every representation as a search, its similarities to the images of the database, and what is made of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from orderless.representations.normalisation import l2
from orderless.representations.vectors import Representations
from orderless.representations.words import rows
from orderless.retrieval.fusion import RULES
from orderless.retrieval.inverted import InvertedIndex, hamming_similarities
from orderless.retrieval.ranking import ITSELF, Protocol

REFERENCES = 1000  # irrelevant searches that query-adaptive fusion knows, at most: as Zheng et al. for Holidays
Rows = np.ndarray


def principal(x: np.ndarray, dim: int, whiten: bool) -> tuple[np.ndarray, np.ndarray]:
    """The mean (D,) and the first principal directions (D, dim) of x (n, D), float32; whitened: divided by their deviations.

    Found in the smaller of D and n dimensions. `dim` is cut to what x spans.
    """
    mean = x.mean(0, dtype=np.float64)
    centred = (x - mean).astype(np.float32)
    tall = len(x) > x.shape[1]
    square = (centred.T @ centred if tall else centred @ centred.T).astype(np.float64) / len(x)
    variance, vectors = np.linalg.eigh(square)
    kept = np.flatnonzero(variance > variance[-1] * 1e-6)[::-1][:dim]
    variance, vectors = variance[kept], vectors[:, kept]
    basis = vectors if tall else centred.T.astype(np.float64) @ (vectors / np.sqrt(variance * len(x)))
    basis = basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])])
    return mean.astype(np.float32), (basis / np.sqrt(variance) if whiten else basis).astype(np.float32)


def augment(x: np.ndarray, count: int) -> np.ndarray:
    """Database-side augmentation: each row (n, D) plus its `count` nearest, weighed downwards (Arandjelovic and Zisserman 2012)."""
    products = x @ x.T
    np.fill_diagonal(products, np.inf)
    nearest = np.argsort(-products, axis=1, kind="stable")[:, : count + 1]
    weights = ((count + 1 - np.arange(nearest.shape[1])) / (count + 1)).astype(np.float32)
    return l2(np.einsum("k,nkd->nd", weights, x[nearest]))


def expand(queries: np.ndarray, x: np.ndarray, count: int) -> np.ndarray:
    """Average query expansion: each query (q, D) plus the `count` images of x (n, D) that it finds first (Chum et al. 2007)."""
    nearest = np.argsort(-(queries @ x.T), axis=1, kind="stable")[:, :count]
    return l2(queries + x[nearest].sum(1))


def dense_similarities(queries: np.ndarray, images: np.ndarray, options: dict[str, Any], learned_on: np.ndarray) -> np.ndarray:
    """Cosine similarities (q, n) of unit vectors (q, D), (n, D); for these the order by Euclidean distance is the same.

    options: pca, whiten, augment, expand as in a catalog row. learned_on: (m, D) that the PCA is learned on.
    """
    if "pca" in options:
        mean, basis = principal(learned_on, options["pca"], options.get("whiten", False))
        queries, images = (l2((x - mean) @ basis) for x in (queries, images))
    if "augment" in options:
        images = augment(images, options["augment"])
    if "expand" in options:
        queries = expand(queries, images, options["expand"])
    return queries @ images.T


@dataclass
class Search:
    """The searches of one data set with one backbone.

    finished: its representations. protocol: queries and database. learn: rows that PCA and reference curves may be learned on.
    done: name -> similarities already worked out.
    """

    finished: Representations
    protocol: Protocol
    learn: Rows
    done: dict[str, np.ndarray]

    def similarities(self, name: str) -> np.ndarray:
        """(queries, images) float32 of a representation, of a row that changes one (`of`), or of a fusion (`fuse`)."""
        if name not in self.done:
            self.done[name] = self.between(name, self.protocol.queries).astype(np.float32)
        return self.done[name]

    def between(self, name: str, queries: Rows) -> np.ndarray:
        """The similarities of rows of the index, as queries, to the database."""
        row = self.finished.plan["representations"][name]
        if "fuse" in row:
            return self.fused(row)
        base = row.get("of", name)
        if self.finished.is_sparse(base):
            return self.sparse(base, queries)
        x = self.finished.matrix(base)
        learn = self.protocol.images if row.get("learn") == "database" else self.learn
        return dense_similarities(x[queries], x[self.protocol.images], row if "of" in row else {}, x[learn])

    def sparse(self, name: str, queries: Rows) -> np.ndarray:
        """Of bags of words, through their inverted index."""
        words, size, chain = self.finished.words(name)
        asked, images = rows(words, queries), rows(words, self.protocol.images)
        if "signatures" in words:
            return hamming_similarities(asked, images, size, chain)
        return InvertedIndex.build(images, size, chain).similarities(asked)

    def fused(self, row: dict[str, Any]) -> np.ndarray:
        """Of several searches; the adaptive rule also looks at searches that match nothing, those of `learn`."""
        lists = [self.similarities(part) for part in row["fuse"]]
        own = self.protocol.relevance == ITSELF
        references = [self.irrelevant(part) for part in row["fuse"]] if row["rule"] == "adaptive" else []
        return RULES[row["rule"]](lists, own, references)

    def irrelevant(self, name: str) -> np.ndarray:
        """The similarities of rows to learn on to every image but themselves."""
        asked = self.learn[:: max(1, len(self.learn) // REFERENCES)][:REFERENCES]
        found = self.between(name, asked).astype(np.float64)
        columns = {row: column for column, row in enumerate(self.protocol.images)}
        for place, row in enumerate(asked):
            if row in columns:
                found[place, columns[row]] = np.median(found[place])
        return found

    def size(self, name: str) -> tuple[int, int]:
        """(dimensions, bytes) of what is kept of an image."""
        row = self.finished.plan["representations"][name]
        if "fuse" in row:
            sizes = [self.size(part) for part in row["fuse"]]
            return sum(d for d, _ in sizes), sum(b for _, b in sizes)
        dimensions, stored = self.finished.size(row.get("of", name))
        if "pca" in row:
            learned_on = self.protocol.images if row.get("learn") == "database" else self.learn
            dimensions = min(row["pca"], dimensions, len(learned_on) - 1)
            stored = 4 * dimensions
        return dimensions, stored
