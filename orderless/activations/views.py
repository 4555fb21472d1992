"""Views: the ways of looking at an image. A view is one or more levels; a level is a batch of network inputs of one size.

All views but the aspect-keeping pyramid first warp the image to a canvas, as papers A and B do, so that every image has
the same grid of descriptors.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Level:
    """Network inputs cut from one canvas.

    canvas: (width, height) in pixels to which the image is warped. boxes: (x, y, width, height, mirrored) on the canvas,
    each resized to `size` (width, height), the network's input.
    """

    canvas: tuple[int, int]
    boxes: tuple[tuple[int, int, int, int, bool], ...]
    size: tuple[int, int]


def whole(side: int) -> Level:
    """The whole image warped to a square of `side` pixels."""
    return Level((side, side), ((0, 0, side, side, False),), (side, side))


def crops(count: int, side: int, canvas: int) -> Level:
    """The centre crop (1), corners and centre with mirrors (10), or a 5 x 5 grid with mirrors (50), of `side` on `canvas`.

    Paper B, Table 2 (FC7, AP10, AP50); the 5 x 5 offsets are evenly spaced: our reading.
    """
    free = canvas - side
    if count == 1:
        corners = [(round(free / 2), round(free / 2))]
    elif count == 10:
        corners = [(0, 0), (free, 0), (0, free), (free, free), (round(free / 2), round(free / 2))]
    else:
        offsets = [round(free * i / 4) for i in range(5)]
        corners = [(x, y) for y in offsets for x in offsets]
    mirrors = (False,) if count == 1 else (False, True)
    boxes = tuple((x, y, side, side, mirror) for mirror in mirrors for x, y in corners)
    return Level((canvas, canvas), boxes, (side, side))


def patches(patch: int, stride: int, edge: bool, side: int, canvas: int) -> Level:
    """All patches of `patch` pixels on the canvas, `stride` apart, each resized to `side` (paper A).

    edge: also the last position where the stride does not reach it (the released code: stride 30, 36 and 64 patches;
    the paper's stride of 32 gives 25 and 49).
    """
    offsets = list(range(0, canvas - patch + 1, stride))
    if edge and offsets[-1] != canvas - patch:
        offsets.append(canvas - patch)
    boxes = tuple((x, y, patch, patch, False) for y in offsets for x in offsets)
    return Level((canvas, canvas), boxes, (side, side))


def pyramid_sides(side: int, scales: int) -> list[int]:
    """Sides of the pyramid's images: each has twice the pixels of the one before (paper B, Sec. 2.3; rounded up)."""
    return [math.ceil(side * 2 ** (k / 2) - 1e-9) for k in range(scales)]


def blocks(rows: int, columns: int, side: int) -> Level:
    """The image cut into rows x columns blocks, each a network input of its own (paper D, Sec. 3.3; no overlap)."""
    boxes = tuple((c * side, r * side, side, side, False) for r in range(rows) for c in range(columns))
    return Level((columns * side, rows * side), boxes, (side, side))


def levels(view: dict, side: int, canvas: int, image_size: tuple[int, int]) -> list[Level]:
    """The levels of a catalog view for a network of input `side` and customary `canvas`, and an image (width, height)."""
    kind = view["kind"]
    if kind == "whole":
        return [whole(round(side * view.get("scale", 1)))]
    if kind == "crops":
        return [crops(view["crops"], side, canvas)]
    if kind == "patches":
        sizes = view["patch"] if isinstance(view["patch"], list) else [view["patch"]]
        return [patches(size, view["stride"], view.get("edge", False), side, view.get("canvas", canvas)) for size in sizes]
    if kind == "blocks":
        return [blocks(view["rows"], view["columns"], side)]
    found = []
    for length in pyramid_sides(side, view["scales"]):
        if view.get("aspect", "warp") == "keep":
            scale = length / min(image_size)
            size = (max(length, round(image_size[0] * scale)), max(length, round(image_size[1] * scale)))
        else:
            size = (length, length)
        found.append(Level(size, ((0, 0, *size, False),), size))
    return found


def cut(image, level: Level) -> np.ndarray:
    """The level's network inputs of a PIL image: (n, height, width, 3) uint8. Bilinear with antialiasing."""
    from PIL import Image

    canvas = image if image.size == level.canvas else image.resize(level.canvas, Image.Resampling.BILINEAR)
    inputs = np.empty((len(level.boxes), level.size[1], level.size[0], 3), np.uint8)
    for target, (x, y, width, height, mirrored) in zip(inputs, level.boxes, strict=True):
        part = canvas.crop((x, y, x + width, y + height))
        if part.size != level.size:
            part = part.resize(level.size, Image.Resampling.BILINEAR)
        picture = np.asarray(part)
        target[...] = picture[:, ::-1] if mirrored else picture
    return inputs


@lru_cache(maxsize=256)  # images of one size look through the same windows
def windows(level: Level, grid: tuple[int, int], stride: float, window: float) -> np.ndarray:
    """Where on the image each descriptor of a level looks: (n * rows * columns, 4) float32, x y width height of 1.

    grid: (rows, columns) of the layer's map for one input; stride and window of its units in input pixels.
    """
    rows, columns = grid
    # Windows of a convolution with padding do not begin at 0: centre the grid on the input.
    left = (level.size[0] - (columns - 1) * stride - window) / 2 if window < level.size[0] else 0.0
    top = (level.size[1] - (rows - 1) * stride - window) / 2 if window < level.size[1] else 0.0
    found = np.empty((len(level.boxes), rows, columns, 4), np.float32)
    xs, ys = left + stride * np.arange(columns), top + stride * np.arange(rows)
    for target, (x, y, width, height, mirrored) in zip(found, level.boxes, strict=True):
        scale_x, scale_y = width / level.size[0], height / level.size[1]
        starts = level.size[0] - xs - window if mirrored else xs
        target[..., 0] = (x + starts[None, :] * scale_x) / level.canvas[0]
        target[..., 1] = (y + ys[:, None] * scale_y) / level.canvas[1]
        target[..., 2] = window * scale_x / level.canvas[0]
        target[..., 3] = window * scale_y / level.canvas[1]
    found.setflags(write=False)
    return found.reshape(-1, 4)
