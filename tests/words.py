"""Real descriptors as bags, and bags of words counted entry by entry."""

import numpy as np

SIZE = 40  # of the codebook


def bags(descriptors):
    """Fifty bags of 3 to 30 descriptors, one after another: x, ends."""
    counts = np.random.default_rng(1).integers(3, 31, 50)
    return descriptors[: counts.sum()], counts.cumsum()


def dense_counts(words, size=SIZE):
    """(n, size): the histograms of n bags of words."""
    found = np.zeros((len(words["ends"]), size))
    for entry, (word, weight) in enumerate(zip(words["words"], words["weights"], strict=True)):
        found[np.searchsorted(words["ends"], entry, "right"), word] += weight
    return found
