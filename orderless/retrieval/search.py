"""Searches: the similarities of queries to the database, by a representation, a variant of one, or a fusion of several."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from orderless.errors import OrderlessError
from orderless.representations.normalisation import l2
from orderless.representations.vectors import Representations
from orderless.representations.words import select
from orderless.retrieval.fusion import RULES
from orderless.retrieval.inverted import InvertedIndex, hamming_similarities
from orderless.retrieval.ranking import ITSELF, Protocol

REFERENCES = 1000  # largest number of reference searches in query-adaptive fusion, as Zheng et al. for Holidays
Rows = np.ndarray  # row numbers of the index


def principal(x: np.ndarray, dim: int, whiten: bool) -> tuple[np.ndarray, np.ndarray]:
    """The mean (D,) and the first principal directions (D, dim) of x (n, D), float32.

    whiten: divide each direction by the standard deviation along it. There are fewer than `dim` directions if x spans fewer. The
    eigenvalue problem has the smaller of n and D dimensions.
    """
    mean = x.mean(0, dtype=np.float64)
    centred = (x - mean).astype(np.float32)
    more_rows = len(x) > x.shape[1]
    square = (centred.T @ centred if more_rows else centred @ centred.T).astype(np.float64) / len(x)
    variance, vectors = np.linalg.eigh(square)
    kept = np.flatnonzero(variance > variance[-1] * 1e-6)[::-1][:dim]
    variance, vectors = variance[kept], vectors[:, kept]
    basis = vectors if more_rows else centred.T.astype(np.float64) @ (vectors / np.sqrt(variance * len(x)))
    basis = basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])])
    return mean.astype(np.float32), (basis / np.sqrt(variance) if whiten else basis).astype(np.float32)


def augment(x: np.ndarray, count: int) -> np.ndarray:
    """Database-side augmentation (Arandjelovic and Zisserman 2012), as unit vectors.

    To each vector of x (n, D) its `count` nearest ones are added, with weights that fall linearly with the rank.
    """
    products = x @ x.T
    np.fill_diagonal(products, np.inf)
    nearest = np.argsort(-products, axis=1, kind="stable")[:, : count + 1]
    weights = ((count + 1 - np.arange(nearest.shape[1])) / (count + 1)).astype(np.float32)
    return l2(np.einsum("k,nkd->nd", weights, x[nearest]))


def expand(queries: np.ndarray, x: np.ndarray, count: int) -> np.ndarray:
    """Average query expansion (Chum et al. 2007): queries (q, D) plus their `count` nearest vectors of x (n, D), at unit length."""
    nearest = np.argsort(-(queries @ x.T), axis=1, kind="stable")[:, :count]
    return l2(queries + x[nearest].sum(1))


def dense_similarities(queries: np.ndarray, images: np.ndarray, options: dict[str, Any], learned_on: np.ndarray) -> np.ndarray:
    """Cosine similarities (q, n) of unit vectors (q, D) and (n, D). Their order is that of Euclidean distances.

    options: pca, whiten, augment and expand, as in an entry of the catalog. learned_on: (m, D), the vectors to learn the PCA on.
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

    finished: its representations. protocol: queries and database. learn: the images to learn PCA and reference curves on.
    done: representation -> similarities that were already computed.
    """

    finished: Representations
    protocol: Protocol
    learn: Rows
    done: dict[str, np.ndarray]

    def similarities(self, name: str) -> np.ndarray:
        """The similarities (queries, images) float32 of a representation, of a variant (`of`), or of a fusion (`fuse`)."""
        if name not in self.done:
            self.done[name] = self.similarities_of(name, self.protocol.queries).astype(np.float32)
        return self.done[name]

    def similarities_of(self, name: str, queries: Rows) -> np.ndarray:
        """The similarities (n, images) to the database of any n images, given by their rows, as queries."""
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
        """The similarities of bags of words, from an inverted index."""
        words, size, chain = self.finished.words(name)
        query_words, images = select(words, queries), select(words, self.protocol.images)
        if "signatures" in words:
            return hamming_similarities(query_words, images, size, chain)
        return InvertedIndex.build(images, size, chain).similarities(query_words)

    def fused(self, row: dict[str, Any]) -> np.ndarray:
        """The fused similarities of several searches. The adaptive rule compares them with searches that have no match."""
        lists = [self.similarities(part) for part in row["fuse"]]
        itself = self.protocol.relevance == ITSELF
        references = [self.irrelevant(part) for part in row["fuse"]] if row["rule"] == "adaptive" else []
        return RULES[row["rule"]](lists, itself, references)

    def irrelevant(self, name: str) -> list[np.ndarray]:
        """The similarities of searches that have no match: images of `learn` are queries, and their groups are left out.

        They are in no order, and their number is that of the images of the database that are left. Raises OrderlessError if there
        are none for any query.
        """
        chosen = self.learn[:: max(1, len(self.learn) // REFERENCES)][:REFERENCES]
        similarities = self.similarities_of(name, chosen).astype(np.float64)
        rows = zip(similarities, map(self.protocol.strangers, chosen), strict=True)
        references = [of_query[strangers] for of_query, strangers in rows if len(strangers)]
        if not references:
            raise OrderlessError(
                "rule 'adaptive': every image to learn on matches the whole database, so no search is without a match. "
                "Add images of other groups, or take another rule: sum, product or rank."
            )
        return references

    def size(self, name: str) -> tuple[int, int]:
        """(dimensions, bytes) of what the database stores of an image."""
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
