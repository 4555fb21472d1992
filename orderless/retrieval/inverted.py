"""Inverted index over bags of words: only the lists of a query's words are read; Hamming embedding."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from orderless.errors import OrderlessError
from orderless.representations.words import Words, histogram, inverse_frequencies, lengths, weigh

BLOCK = 1000  # queries answered at once
RADIUS = 0.375  # the largest share of differing bits of a match: 24 of 64, Jegou et al. 2008
WIDTH = 0.25  # of the Gaussian that weighs a match by its share of differing bits: 16 of 64, Jegou et al. 2009


@dataclass(frozen=True)
class InvertedIndex:
    """Images as weighed words, word by word.

    lists: (words, images) float32, sparse by rows: the list of each word. idf: (words,). chain: how counts are weighed.
    """

    lists: sparse.csr_matrix
    idf: np.ndarray
    chain: list[str]

    @classmethod
    def build(cls, words: Words, size: int, chain: list[str]) -> "InvertedIndex":
        """words: of the images to be found. size: words of the codebook."""
        counts = histogram(words, size)
        idf = inverse_frequencies(counts)
        return cls(weigh(counts, chain, idf).T.tocsr(), idf, chain)

    def similarities(self, words: Words) -> np.ndarray:
        """The inner products of queries with every image: (queries, images) float32. Reads the lists of the queries' words only."""
        queries = weigh(histogram(words, len(self.idf)), self.chain, self.idf)
        found = np.empty((queries.shape[0], self.lists.shape[1]), np.float32)
        for first in range(0, len(found), BLOCK):
            found[first : first + BLOCK] = (queries[first : first + BLOCK] @ self.lists).toarray()
        return found

    def tensors(self) -> dict[str, np.ndarray]:
        """What a file of the index holds."""
        return {"images": self.lists.indices, "weights": self.lists.data, "ends": self.lists.indptr[1:], "idf": self.idf}

    @classmethod
    def of(cls, tensors, chain: list[str], images: int) -> "InvertedIndex":
        """The index of `tensors`."""
        idf = tensors["idf"]
        content = (tensors["weights"], tensors["images"], np.r_[0, tensors["ends"]])
        return cls(sparse.csr_matrix(content, (len(idf), images)), idf, chain)


def hamming_similarities(queries: Words, images: Words, size: int, chain: list[str]) -> np.ndarray:
    """Hamming embedding: the sum over matching descriptors of idf^2 times a Gaussian of their signatures' distance.

    Descriptors match where they share a word and differ in at most RADIUS of the bits. Each image's sum is divided by the
    length of its weighed histogram, as the sum of its plain index would be. Returns (queries, images) float32.
    """
    if "signatures" not in images:
        raise OrderlessError("Hamming embedding needs signatures. Give the bow encoder `hamming: 64` and encode again.")
    idf = inverse_frequencies(histogram(images, size))
    plain = [step for step in chain if step != "l2"]
    norms = [lengths(weigh(histogram(words, size), plain, idf)) for words in (queries, images)]
    owner = np.repeat(np.arange(len(images["ends"])), np.diff(images["ends"], prepend=0))
    order = np.argsort(images["words"], kind="stable")
    starts = np.searchsorted(images["words"][order], np.arange(size + 1))
    bits = 8 * images["signatures"].shape[1]
    found = np.zeros((len(queries["ends"]), len(images["ends"])), np.float32)
    begin = 0
    for row, end in enumerate(queries["ends"]):
        for entry in range(begin, end):
            word = queries["words"][entry]
            listed = order[starts[word] : starts[word + 1]]
            apart = np.bitwise_count(images["signatures"][listed] ^ queries["signatures"][entry]).sum(1) / bits
            near = apart <= RADIUS
            weight = np.exp(-((apart[near] / WIDTH) ** 2)) * images["weights"][listed[near]] * queries["weights"][entry]
            found[row] += np.bincount(owner[listed[near]], weight * idf[word] ** 2, len(found[row]))
        begin = end
    return (found / np.outer(*(np.where(norm > 0, norm, 1) for norm in norms))).astype(np.float32)
