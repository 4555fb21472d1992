"""Pooling over views: the vectors of an image's levels become one vector."""

import numpy as np

from orderless.representations.normalisation import l2


def pool(vectors: np.ndarray, counts: np.ndarray, chain: list[str]) -> np.ndarray:
    """Pool the vectors (levels, d) of an image's levels: (d,), or with `concat` (levels * d,).

    counts: (levels,), how many descriptors each level has. chain: at most `l2`, then one of
    `mean`: the average; with `l2` before it, paper B's Eq. 1 (MPP);
    `counts`: the average weighted by the counts, for encoders of the mean type the vector of all descriptors in one bag, paper B's
    Eq. 2 (NFK);
    `sum`: the sum;
    `concat`: one after another; with `l2` before it, paper B's CSF.
    """
    for step in chain:
        if step == "l2":
            vectors = l2(vectors)
        elif step == "mean":
            vectors = vectors.mean(0)
        elif step == "counts":
            vectors = (vectors * (counts / counts.sum())[:, None].astype(vectors.dtype)).sum(0)
        elif step == "sum":
            vectors = vectors.sum(0)
        elif step == "concat":
            vectors = vectors.reshape(-1)
    return vectors
