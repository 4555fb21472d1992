"""Bags: the local descriptors of one image in one descriptor set, read from a shard."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orderless.datasets.index import shard_images
from orderless.files.results import Together, shards_of
from orderless.files.storage import TensorSource

BORDER = 1e-3  # share of the image by which a centre may miss the border that it lies on: windows are stored in float16


@dataclass
class Bag:
    """The descriptors of one image in one set.

    x: (n, d) float32. guide: (n, g) float32, the activations that weigh them in cross-layer pooling, or None. windows: (n, 4)
    float32, x y width height relative to the image. level: (n,), the level of the views that each descriptor is of. counts:
    (levels,) float64, how many descriptors the rows of each level stand for.
    """

    x: np.ndarray
    guide: np.ndarray | None
    windows: np.ndarray
    level: np.ndarray
    counts: np.ndarray

    @classmethod
    def of_levels(cls, levels: list[np.ndarray], guide: np.ndarray | None = None) -> "Bag":
        """The bag of an image from its descriptors (n_i, d) in each level. Their windows are not known, and are zero."""
        rows, x = [len(level) for level in levels], np.concatenate(levels)
        return cls(x, guide, np.zeros((len(x), 4), np.float32), np.repeat(np.arange(len(rows)), rows), np.array(rows, np.float64))

    def regions(self, grid: tuple[int, int]) -> np.ndarray:
        """Which descriptors each region of a grid (rows, columns) holds, row by row: (rows * columns, n) bool.

        They are those whose window has its centre in the region. A centre on the border of two regions is in both, so that a
        central row of units belongs to the upper half as much as to the lower.
        """
        centres = (self.windows[:, :2] + self.windows[:, 2:] / 2).clip(0, 1)
        inside = []
        for axis, count in ((1, grid[0]), (0, grid[1])):
            place, cells = centres[:, axis] * count, np.arange(count)[:, None]
            inside.append((place >= cells - BORDER * count) & (place <= cells + 1 + BORDER * count))
        return (inside[0][:, None] & inside[1][None]).reshape(-1, len(self.windows))


def bags(shard: TensorSource, name: str) -> Iterator[Bag]:
    """The bags of a shard's images in order. shard: tensors of `activations.extraction.extract`. name: of the set."""
    x, windows, guide = shard[f"{name}/x"], shard[f"{name}/windows"].astype(np.float32), None
    if f"{name}/guide" in shard:
        guide = shard[f"{name}/guide"]
    end = 0
    for rows, counts in zip(shard[f"{name}/rows"], shard[f"{name}/counts"], strict=True):
        image = slice(end, end + int(rows.sum()))
        end = image.stop
        yield Bag(
            x[image].astype(np.float32),
            None if guide is None else guide[image].astype(np.float32),
            windows[image],
            np.repeat(np.arange(len(rows)), rows),
            counts.astype(np.float64),
        )


def open_descriptors(paths: list[str], shards: int, index: pd.DataFrame) -> list[Together]:
    """The descriptors of a data set, shard by shard. Raises OrderlessError if they are of another recipe or of other images."""
    return shards_of(paths, "descriptors", shard_images(index, shards))
