"""Weakly supervised confidence maps (paper B, Sec. 4.5): where in an image a classifier finds its class.

"We compute our final representation per patch using the corresponding single activation vector only and compute the score from
the pre-trained SVM classifiers", and accumulate the scores over the overlapping windows.
"""

import numpy as np

from orderless.encoders import encode_bags
from orderless.representations.normalisation import normalise


def patch_scores(
    x: np.ndarray, encoder, codebook: dict[str, np.ndarray], backend, chain: list[str], weights: np.ndarray, block: int = 256
) -> np.ndarray:
    """(n, classes) scores of each descriptor (n, d) alone: encoded, normalised by the chain, times the weights (classes, D)."""
    found = np.empty((len(x), len(weights)))
    for first in range(0, len(x), block):
        rows = x[first : first + block]
        vectors = encode_bags(encoder, rows, None, [1] * len(rows), codebook, backend)
        found[first : first + block] = normalise(vectors, chain) @ weights.T
    return found


def confidence_map(scores: np.ndarray, windows: np.ndarray, levels: np.ndarray, side: int) -> np.ndarray:
    """Scores of patches spread over the image: (side, side) float64.

    scores: (n,); windows: (n, 4) x y width height relative to the image; levels: (n,) the level of each. A window's score is
    spread evenly over its pixels, and every level has the same weight, as in paper B's Eq. 1.
    """
    found = np.zeros((side, side))
    edges = np.clip(np.round(np.c_[windows[:, :2], windows[:, :2] + windows[:, 2:]] * side), 0, side).astype(int)
    counts = np.bincount(levels)
    for score, (left, top, right, bottom), level in zip(scores, edges, levels, strict=True):
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        found[top:bottom, left:right] += score / counts[level] / ((right - left) * (bottom - top)) * side**2
    return found


def peak(confidence: np.ndarray) -> tuple[float, float]:
    """The (x, y) of the largest value, relative to the image; the middle of them where several are equal."""
    rows, columns = np.nonzero(confidence == confidence.max())
    return (columns.mean() + 0.5) / confidence.shape[1], (rows.mean() + 0.5) / confidence.shape[0]


def parse_boxes(text: str) -> list[tuple[str, np.ndarray]]:
    """(class, x y width height in pixels) from an index's `boxes`."""
    parts = [box.rsplit(" ", 4) for box in text.split(";") if box]
    return [(name, np.array(numbers, float)) for name, *numbers in parts]


def pointing(at: tuple[float, float], boxes: list[np.ndarray], size: tuple[int, int]) -> tuple[bool, float]:
    """Whether a point (relative) falls inside a box (pixels of an image of size), and the chance that a random point does."""
    inside = np.zeros((size[1], size[0]), bool)
    for x, y, width, height in boxes:
        inside[int(y) : int(y + height), int(x) : int(x + width)] = True
    column, row = min(int(at[0] * size[0]), size[0] - 1), min(int(at[1] * size[1]), size[1] - 1)
    return bool(inside[row, column]), float(inside.mean())
