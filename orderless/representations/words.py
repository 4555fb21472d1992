"""Bags of words: joined, counted, weighed by tf-idf and against bursts."""

import numpy as np
from scipy import sparse

Words = dict[str, np.ndarray]  # words, weights, ends and perhaps signatures, of `encoders.bow.encode_words`


def join(parts: list[Words]) -> Words:
    """The words of several shards as one."""
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "ends"}
    shift = np.cumsum([0, *(len(part["words"]) for part in parts)])
    return found | {"ends": np.concatenate([part["ends"] + start for part, start in zip(parts, shift, strict=False)])}


def select(words: Words, images: np.ndarray) -> Words:
    """The words of some images, given by their numbers."""
    starts = np.r_[0, words["ends"][:-1]]
    counts = (words["ends"] - starts)[images]
    ends = counts.cumsum()
    entries = np.repeat(starts[images] - (ends - counts), counts) + np.arange(counts.sum())
    return {name: value[entries] for name, value in words.items() if name != "ends"} | {"ends": ends}


def histogram(words: Words, size: int) -> sparse.csr_matrix:
    """(images, size) counts of words; entries of the same word are summed."""
    shape = (len(words["ends"]), size)
    found = sparse.csr_matrix((words["weights"].astype(np.float32), words["words"], np.r_[0, words["ends"]]), shape, copy=True)
    found.sum_duplicates()
    return found


def inverse_frequencies(counts: sparse.csr_matrix) -> np.ndarray:
    """log(images / images with the word) for each word; a word that no image has weighs as one that a single image has."""
    images = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.log(counts.shape[0] / np.maximum(images, 1)).astype(np.float32)


def weigh(counts: sparse.csr_matrix, chain: list[str], idf: np.ndarray) -> sparse.csr_matrix:
    """Counts as weights by a chain of `signed_sqrt` (against bursts of one word, Jegou et al. 2009), `idf` and `l2`."""
    found = counts.copy()
    for step in chain:
        if step == "signed_sqrt":
            found.data = np.sqrt(found.data)
        elif step == "idf":
            found.data *= idf[found.indices]
        elif step == "l2":
            norms = lengths(found)
            found.data /= np.repeat(np.where(norms > 0, norms, 1), np.diff(found.indptr)).astype(np.float32)
    return found


def lengths(weights: sparse.csr_matrix) -> np.ndarray:
    """The Euclidean length of each row."""
    row = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    return np.sqrt(np.bincount(row, weights.data.astype(np.float64) ** 2, weights.shape[0]))
