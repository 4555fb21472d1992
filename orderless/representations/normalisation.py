"""Normalisations of a pooled vector, and signs packed in two bits."""

from collections.abc import Callable

import numpy as np

from orderless.errors import OrderlessError


def l2(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """x scaled to unit Euclidean length along an axis. A zero vector stays zero."""
    norm = np.linalg.norm(x, axis=axis, keepdims=True)
    return np.divide(x, norm, out=np.zeros_like(x), where=norm > 0)


def signed_sqrt(x: np.ndarray) -> np.ndarray:
    """sign(x) sqrt(|x|): the power normalisation with factor 0.5 (Perronnin et al. 2010, Sec. 2.2)."""
    return np.sign(x) * np.sqrt(np.abs(x))


STEPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"l2": l2, "signed_sqrt": signed_sqrt, "sign": np.sign}


def normalise(x: np.ndarray, chain: list[str]) -> np.ndarray:
    """Each row of x after the steps of a chain, in order."""
    for step in chain:
        x = STEPS[step](x)
    return x


def pack_signs(x: np.ndarray) -> np.ndarray:
    """Signs (n, d) of -1, 0 and 1 in two bits each: (n, ceil(d / 4)) uint8. The bits are 0, 1 (positive) or 2 (negative).

    Paper D, Sec. 4.3.3.
    """
    codes = np.zeros((len(x), -(-x.shape[1] // 4) * 4), np.uint8)
    codes[:, : x.shape[1]] = (x > 0) + 2 * (x < 0)
    return codes[:, 0::4] | codes[:, 1::4] << 2 | codes[:, 2::4] << 4 | codes[:, 3::4] << 6


def unpack_signs(packed: np.ndarray, dimensions: int) -> np.ndarray:
    """The inverse of `pack_signs`: (n, dimensions) float32 of -1, 0 and 1."""
    if packed.shape[1] != -(-dimensions // 4):
        raise OrderlessError(f"{packed.shape[1]} bytes a row cannot hold {dimensions} signs.")
    codes = np.stack([packed >> shift & 3 for shift in (0, 2, 4, 6)], axis=-1).reshape(len(packed), -1)[:, :dimensions]
    return np.array([0, 1, -1, 0], np.float32)[codes]


class PackedSigns:
    """Rows of signs in two bits each, scaled to unit length. It takes the place of a matrix (n, d) float32 in inner products.

    packed: (n, ceil(d / 4)) uint8 of `pack_signs`. Length, shape and rows are those of the matrix; `columns` unpacks a block of it.
    """

    def __init__(self, packed: np.ndarray, dimensions: int):
        self.packed, self.shape = packed, (len(packed), dimensions)
        counts = np.bitwise_count((packed | packed >> 1) & 0b01010101).sum(1, dtype=np.int64)
        self.scale = (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)[:, None]

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, rows: np.ndarray) -> "PackedSigns":
        return PackedSigns(self.packed[rows], self.shape[1])

    def columns(self, first: int, last: int) -> np.ndarray:
        """Columns [first, last) as float32; `first` a multiple of 4."""
        last = min(last, self.shape[1])
        return unpack_signs(self.packed[:, first // 4 : -(-last // 4)], last - first) * self.scale

    def dense(self) -> np.ndarray:
        """The whole matrix (n, d) float32."""
        return self.columns(0, self.shape[1])
