"""The inverted index over bags of words, of which a query reads only the lists of its own words; Hamming embedding."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from orderless.errors import OrderlessError
from orderless.representations.words import Words, histogram, inverse_frequencies, lengths, weigh

BLOCK = 1000  # queries that are computed together
RADIUS = 0.375  # largest share of differing bits in a match: 24 of 64 (Jegou et al. 2008)
WIDTH = 0.25  # of the Gaussian that weights a match by its share of differing bits: 16 of 64 (Jegou et al. 2009)


@dataclass(frozen=True)
class InvertedIndex:
    """The weighted words of images, stored by word.

    lists: (words, images) float32, a sparse matrix whose rows are the lists of the words. idf: (words,) inverse document
    frequencies. chain: the steps that weight counts, of `words.weigh`.
    """

    lists: sparse.csr_matrix
    idf: np.ndarray
    chain: list[str]

    @classmethod
    def build(cls, words: Words, size: int, chain: list[str]) -> "InvertedIndex":
        """The index of a database. words: of its images. size: the number of words in the codebook."""
        counts = histogram(words, size)
        idf = inverse_frequencies(counts)
        return cls(weigh(counts, chain, idf).T.tocsr(), idf, chain)

    def similarities(self, words: Words) -> np.ndarray:
        """The inner products of queries with all images, (queries, images) float32. words: of the queries."""
        queries = weigh(histogram(words, len(self.idf)), self.chain, self.idf)
        similarities = np.empty((queries.shape[0], self.lists.shape[1]), np.float32)
        for first in range(0, len(similarities), BLOCK):
            similarities[first : first + BLOCK] = (queries[first : first + BLOCK] @ self.lists).toarray()
        return similarities

    def tensors(self) -> dict[str, np.ndarray]:
        """The index as tensors for a file."""
        return {"images": self.lists.indices, "weights": self.lists.data, "ends": self.lists.indptr[1:], "idf": self.idf}

    @classmethod
    def of(cls, tensors, chain: list[str], images: int) -> "InvertedIndex":
        """The index from the result of `tensors`. images: their number."""
        idf = tensors["idf"]
        content = (tensors["weights"], tensors["images"], np.r_[0, tensors["ends"]])
        return cls(sparse.csr_matrix(content, (len(idf), images)), idf, chain)


def hamming_similarities(queries: Words, images: Words, size: int, chain: list[str]) -> np.ndarray:
    """Hamming embedding: the sum over matching descriptors of idf^2 times a Gaussian of the distance of their signatures.

    Two descriptors match if they have the same word and their signatures differ in at most RADIUS of the bits. The sum is divided
    by the lengths of both images' weighted histograms, as in the index without signatures. size: words of the codebook.
    Returns (queries, images) float32.
    """
    if "signatures" not in images:
        raise OrderlessError("Hamming embedding needs signatures. Give the bow encoder `hamming: 64` and encode again.")
    idf = inverse_frequencies(histogram(images, size))
    plain = [step for step in chain if step != "l2"]
    norms = [lengths(weigh(histogram(words, size), plain, idf)) for words in (queries, images)]
    image_of = np.repeat(np.arange(len(images["ends"])), np.diff(images["ends"], prepend=0))
    order = np.argsort(images["words"], kind="stable")
    starts = np.searchsorted(images["words"][order], np.arange(size + 1))
    bits = 8 * images["signatures"].shape[1]
    similarities = np.zeros((len(queries["ends"]), len(images["ends"])), np.float32)
    first = 0
    for query, end in enumerate(queries["ends"]):
        for entry in range(first, end):
            word = queries["words"][entry]
            listed = order[starts[word] : starts[word + 1]]
            distances = np.bitwise_count(images["signatures"][listed] ^ queries["signatures"][entry]).sum(1) / bits
            near = distances <= RADIUS
            weight = np.exp(-((distances[near] / WIDTH) ** 2)) * images["weights"][listed[near]] * queries["weights"][entry]
            similarities[query] += np.bincount(image_of[listed[near]], weight * idf[word] ** 2, similarities.shape[1])
        first = end
    return (similarities / np.outer(*(np.where(norm > 0, norm, 1) for norm in norms))).astype(np.float32)
