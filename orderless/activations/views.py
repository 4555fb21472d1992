"""Views: where on an image the network looks. A view has one or more levels; a level is a batch of network inputs of one size.

All views but the pyramid with `aspect: keep` first warp the image to a square or rectangular canvas, as papers A and B do, so that
every image has the same grid of descriptors.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Level:
    """Network inputs cut from one canvas.

    canvas: (width, height) that the image is warped to, in pixels. boxes: (x, y, width, height, mirrored) on the canvas.
    size: (width, height) of a network input; each box is resized to it.
    """

    canvas: tuple[int, int]
    boxes: tuple[tuple[int, int, int, int, bool], ...]
    size: tuple[int, int]


def whole(side: int) -> Level:
    """The whole image warped to a square of `side` pixels."""
    return Level((side, side), ((0, 0, side, side, False),), (side, side))


def crops(count: int, side: int, canvas: int) -> Level:
    """Square crops of `side` pixels: the centre (count 1), corners and centre with mirrors (10), a 5 x 5 grid with mirrors (50).

    Paper B, Table 2 (FC7, AP10, AP50). The paper does not give the offsets of the grid; even spacing is our reading.
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
    """All square patches of `patch` pixels on the canvas, `stride` pixels apart, each resized to `side` (paper A).

    edge: add a patch at the canvas's end, if the stride does not reach it. The released code has a stride of 30 and such patches:
    36 and 64 in all; the paper's stride of 32 gives 25 and 49.
    """
    offsets = list(range(0, canvas - patch + 1, stride))
    if edge and offsets[-1] != canvas - patch:
        offsets.append(canvas - patch)
    boxes = tuple((x, y, patch, patch, False) for y in offsets for x in offsets)
    return Level((canvas, canvas), boxes, (side, side))


def pyramid_sides(side: int, scales: int) -> list[int]:
    """Sides of the pyramid's images, rounded up: each image has twice the pixels of the one before (paper B, Sec. 2.3)."""
    return [math.ceil(side * 2 ** (k / 2) - 1e-9) for k in range(scales)]


def blocks(rows: int, columns: int, side: int) -> Level:
    """The image cut into rows x columns blocks without overlap, each a network input of its own (paper D, Sec. 3.3)."""
    boxes = tuple((c * side, r * side, side, side, False) for r in range(rows) for c in range(columns))
    return Level((columns * side, rows * side), boxes, (side, side))


def levels(view: dict, side: int, canvas: int, image_size: tuple[int, int]) -> list[Level]:
    """The levels of a view for an image.

    view: its catalog entry. side: of the network's input in pixels. canvas: side of the canvas that crops and patches are cut from,
    unless the view has its own. image_size: (width, height).
    """
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
    pyramid = []
    for length in pyramid_sides(side, view["scales"]):
        if view.get("aspect", "warp") == "keep":
            scale = length / min(image_size)
            size = (max(length, round(image_size[0] * scale)), max(length, round(image_size[1] * scale)))
        else:
            size = (length, length)
        pyramid.append(Level(size, ((0, 0, *size, False),), size))
    return pyramid


def cut(image, level: Level) -> np.ndarray:
    """The network inputs of a level from a PIL image: (n, height, width, 3) uint8. Resized bilinearly, with antialiasing."""
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


@lru_cache(maxsize=256)  # images of the same size have the same windows
def windows(level: Level, grid: tuple[int, int], first: float | None, stride: float, window: float) -> np.ndarray:
    """The window of each descriptor of a level on the image: (n * rows * columns, 4) float32, x y width height relative to it.

    grid: (rows, columns) of the layer's map for one input. first: the centre of the first unit, in pixels of the input from the
    centre of the first pixel; None if the grid is centred on the input. stride, window: of the units, in pixels of the input. The
    windows of units that padding puts near the edge, or beyond it, are partly outside the image.
    """
    rows, columns = grid

    def start(side: int, count: int) -> float:
        if window >= side:  # it sees the whole input
            return 0.0
        middle = (side - (count - 1) * stride) / 2 if first is None else first + 0.5
        return middle - window / 2

    left, top = start(level.size[0], columns), start(level.size[1], rows)
    boxes = np.empty((len(level.boxes), rows, columns, 4), np.float32)
    xs, ys = left + stride * np.arange(columns), top + stride * np.arange(rows)
    for target, (x, y, width, height, mirrored) in zip(boxes, level.boxes, strict=True):
        scale_x, scale_y = width / level.size[0], height / level.size[1]
        starts = level.size[0] - xs - window if mirrored else xs
        target[..., 0] = (x + starts[None, :] * scale_x) / level.canvas[0]
        target[..., 1] = (y + ys[:, None] * scale_y) / level.canvas[1]
        target[..., 2] = window * scale_x / level.canvas[0]
        target[..., 3] = window * scale_y / level.canvas[1]
    boxes.setflags(write=False)
    return boxes.reshape(-1, 4)
