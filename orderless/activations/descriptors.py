"""Local descriptors: the maps of a layer in one level of the views, or dense SIFT, as rows of a matrix with their windows."""

from dataclasses import dataclass

import numpy as np
import torch

from orderless.activations.sift import dense_sift
from orderless.activations.views import Level, windows
from orderless.backbones.dense import Geometry
from orderless.errors import OrderlessError


@dataclass
class Descriptors:
    """Local descriptors of one image in one set, level after level.

    x: (n, d) float32. guide: (n, g) float32 or None. windows: (n, 4) float32, x y width height relative to the image.
    rows: how many rows of x each level has. counts: how many descriptors they stand for, more than rows if a level was pooled.
    """

    x: np.ndarray
    guide: np.ndarray | None
    windows: np.ndarray
    rows: list[int]
    counts: list[int]


def joined(levels: list[Descriptors]) -> Descriptors:
    """The descriptors of an image from those of its levels."""
    return Descriptors(
        np.concatenate([level.x for level in levels]),
        None if levels[0].guide is None else np.concatenate([level.guide for level in levels if level.guide is not None]),
        np.concatenate([level.windows for level in levels]),
        [rows for level in levels for rows in level.rows],
        [count for level in levels for count in level.counts],
    )


def units(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Each neighbourhood of size x size units of maps (n, c, rows, columns) as one descriptor, without those across the border.

    Returns (n, (rows - size + 1) * (columns - size + 1), c * size^2). Paper D, Sec. 3.1: 13 x 13 x 384 gives 121 of 3,456.
    """
    if size == 1:
        return maps.flatten(2).transpose(1, 2)
    return torch.nn.functional.unfold(maps, size).transpose(1, 2)


def centre_units(maps: torch.Tensor, size: int) -> torch.Tensor:
    """The units of a guiding layer's maps (n, c, rows, columns) at the centres of the neighbourhoods of `units`."""
    border = size // 2
    return units(maps[..., border : maps.shape[-2] - border, border : maps.shape[-1] - border], 1)


def of_network(
    name: str, layer: dict, maps: dict[str, torch.Tensor], level: Level, geometry: Geometry
) -> tuple[torch.Tensor, torch.Tensor | None, np.ndarray]:
    """Descriptors (n, d), their guide (n, g) or None, and their windows (n, 4), from the maps of a level's inputs.

    name: of the set, for errors. layer: its {tap, guide, units}. geometry: of the tapped layer's units.
    """
    size = layer.get("units", 1)
    tap = maps[layer["tap"]]
    grid = (tap.shape[-2] - size + 1, tap.shape[-1] - size + 1)
    if min(grid) < 1:
        raise OrderlessError(
            f"set '{name}': a map of {tap.shape[-2]} x {tap.shape[-1]} has no neighbourhood of {size} x {size} units. "
            "Take a layer with a larger map, fewer 'units', or a larger view."
        )
    guide = centre_units(maps[layer["guide"]], size).flatten(0, 1).clamp_min(0) if "guide" in layer else None
    if guide is not None and len(guide) != len(tap) * grid[0] * grid[1]:
        raise OrderlessError(
            f"set '{name}': '{layer['tap']}' and its guide '{layer['guide']}' have maps of different sizes. "
            "Take layers between which no pooling lies."
        )
    more = (size - 1) * geometry.stride  # what a neighbourhood has beyond one unit
    first = None if geometry.first is None else geometry.first + more / 2
    where = windows(level, grid, first, geometry.stride, geometry.window + more)
    return units(tap, size).flatten(0, 1), guide, where


def of_sift(sift: dict, inputs: np.ndarray, level: Level) -> tuple[torch.Tensor, None, np.ndarray]:
    """The same of dense SIFT, which is computed on views of the whole image. inputs: (1, h, w, 3) uint8. sift: its {step, bin}."""
    x, where = dense_sift(inputs[0], sift["step"], sift["bin"])
    return torch.from_numpy(x), None, where / np.array([*level.size, *level.size], np.float32)


def to_half(x: np.ndarray, what: str) -> np.ndarray:
    """The array as float16. what: names image and set in the error for a value that is not finite, or too large for float16."""
    half = x.astype(np.float16)
    if not np.isfinite(half).all():
        raise OrderlessError(f"{what}: activations beyond the range of float16, or not finite. Look at the image and the weights.")
    return half
