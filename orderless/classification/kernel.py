"""Inner products of vectors, computed in blocks of columns."""

import numpy as np

from orderless.representations.normalisation import PackedSigns
from orderless.representations.vectors import StoredRows

Vectors = np.ndarray | PackedSigns | StoredRows  # (n, D): a matrix, or an object that stands for one


def gram(a: Vectors, b: Vectors, block: int = 8192) -> np.ndarray:
    """a @ b.T in float64, (n, m), summed over blocks of columns. At most one block of packed signs is unpacked at a time.

    If b is a, each block is read once and numpy computes half of the products: it recognises that they are symmetric.
    """
    total = np.zeros((len(a), len(b)))
    for first in range(0, a.shape[1], block):
        left = columns(a, first, first + block)
        total += left @ (left if b is a else columns(b, first, first + block)).T
    return total


def columns(x: Vectors, first: int, last: int) -> np.ndarray:
    """Columns [first, last) as float32."""
    return x[:, first:last] if isinstance(x, np.ndarray) else x.columns(first, last)
