"""How long activations take: the dense network against the same windows cut out and run in batches (paper B, Table 1)."""

import numpy as np
from PIL import Image

from orderless.activations.extraction import Extractor
from orderless.activations.views import Level, cut, pyramid_sides, whole


def crops_of_windows(side: int, window: int, stride: float, grid: int) -> Level:
    """The windows of a dense grid as crops of their own: what the dense pass saves (their values differ by padding)."""
    starts = [min(round(k * stride), side - window) for k in range(grid)]
    boxes = tuple((x, y, window, window, False) for y in starts for x in starts)
    return Level((side, side), boxes, (window, window))


def naive_against_dense(extractor: Extractor, images: list[Image.Image], scales: list[int], role: str) -> list[dict]:
    """Seconds an image for the first n scales, both ways, and the number of activations: one row for each n.

    The median over the images. Cutting is counted in both.
    """
    network, rows = extractor.network, []
    geometry = network.geometry[role]
    per_scale = []
    for side in pyramid_sides(network.input_size, max(scales)):
        spent: dict[str, list[float]] = {"dense": [], "naive": []}
        for image in images:
            begin = extractor.clock()
            grid = extractor.forward(cut(image, whole(side)))[role].shape[-1]
            spent["dense"].append(extractor.clock() - begin)
            begin = extractor.clock()
            extractor.forward(cut(image, crops_of_windows(side, network.input_size, geometry.stride, grid)))
            spent["naive"].append(extractor.clock() - begin)
        per_scale.append((grid * grid, float(np.median(spent["naive"])), float(np.median(spent["dense"]))))
    for count in scales:
        activations, naive, dense = (sum(column) for column in zip(*per_scale[:count], strict=True))
        rows.append({"scales": f"1-{count}", "activations": activations, "naive_seconds": naive, "dense_seconds": dense})
    return rows
