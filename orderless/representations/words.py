"""Bags of words: several shards joined, words counted, counts weighted by tf-idf and against bursts."""

import numpy as np
from scipy import sparse

from orderless.errors import OrderlessError

STEPS = ("signed_sqrt", "idf", "l2")  # of the normalisation of a bag of words

Words = dict[str, np.ndarray]  # the arrays that `encode_words` of the bow encoder returns
WORD_ARRAYS = ("words", "weights", "ends", "signatures")  # their names; there may be no signatures


def join(parts: list[Words]) -> Words:
    """The words of several shards as those of one."""
    entries = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "ends"}
    shift = np.cumsum([0, *(len(part["words"]) for part in parts)])
    return entries | {"ends": np.concatenate([part["ends"] + start for part, start in zip(parts, shift, strict=False)])}


def select(words: Words, images: np.ndarray) -> Words:
    """The words of some images. images: their numbers, in the order of the result."""
    starts = np.r_[0, words["ends"][:-1]]
    counts = (words["ends"] - starts)[images]
    ends = counts.cumsum()
    entries = np.repeat(starts[images] - (ends - counts), counts) + np.arange(counts.sum())
    return {name: value[entries] for name, value in words.items() if name != "ends"} | {"ends": ends}


def histogram(words: Words, size: int) -> sparse.csr_matrix:
    """Weighted counts of words: (images, size) float32. size: words of the codebook. Entries of the same word are summed."""
    shape, starts = (len(words["ends"]), size), np.r_[0, words["ends"]]
    counts = sparse.csr_matrix((words["weights"].astype(np.float32), words["words"], starts), shape, copy=True)
    counts.sum_duplicates()
    return counts


def inverse_frequencies(counts: sparse.csr_matrix) -> np.ndarray:
    """log(images / images that have the word) for each word, float32. A word that no image has counts as if one image had it."""
    images = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.log(counts.shape[0] / np.maximum(images, 1)).astype(np.float32)


def weigh(counts: sparse.csr_matrix, chain: list[str], idf: np.ndarray) -> sparse.csr_matrix:
    """Counts (images, words) after the steps of a chain: `signed_sqrt` (against bursts, Jegou et al. 2009), `idf` and `l2`.

    idf: (words,), of `inverse_frequencies`. Another step is refused.
    """
    weighted = counts.copy()
    for step in chain:
        if step == "signed_sqrt":
            weighted.data = np.sqrt(weighted.data)
        elif step == "idf":
            weighted.data *= idf[weighted.indices]
        elif step == "l2":
            norms = lengths(weighted)
            weighted.data /= np.repeat(np.where(norms > 0, norms, 1), np.diff(weighted.indptr)).astype(np.float32)
        else:
            raise OrderlessError(f"normalisation: a bag of words has no step '{step}'. It has: {', '.join(STEPS)}.")
    return weighted


def lengths(weights: sparse.csr_matrix) -> np.ndarray:
    """The Euclidean length of each row."""
    row = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    return np.sqrt(np.bincount(row, weights.data.astype(np.float64) ** 2, weights.shape[0]))
