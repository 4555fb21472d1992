"""What a transformed test image costs: each trained representation on test images scaled, moved, mirrored and turned.

Paper A, Fig. 3. Classifiers, codebooks and projections are those of the untouched training images.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageOps


def transform(image: Image.Image, kind: str, amount: Any) -> Image.Image:
    """One transformation of an RGB image.

    scale: the central share `amount` of each side, resized to the whole. translate-x, translate-y: by pixels of an image of
    256, the border repeated. flip: none, horizontal or vertical. rotate: degrees, the border reflected.
    """
    width, height = image.size
    if kind == "scale":
        left, top = width * (1 - amount) / 2, height * (1 - amount) / 2
        return image.resize((width, height), Image.Resampling.BICUBIC, box=(left, top, width - left, height - top))
    if kind.startswith("translate"):
        side = width if kind == "translate-x" else height
        shift, pixels = round(amount * side / 256), np.asarray(image)
        axis = 1 if kind == "translate-x" else 0
        return Image.fromarray(np.take(pixels, np.clip(np.arange(side) - shift, 0, side - 1), axis=axis))
    if kind == "flip":
        return {"none": image, "horizontal": ImageOps.mirror(image), "vertical": ImageOps.flip(image)}[amount]
    border = max(width, height) // 2
    padded = Image.fromarray(np.pad(np.asarray(image), ((border, border), (border, border), (0, 0)), mode="reflect"))
    turned = padded.rotate(amount, Image.Resampling.BICUBIC)
    return turned.crop((border, border, border + width, border + height))


def steps(study: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every (kind, amount) that the study asks for."""
    for kind in ("scale", "translate-x", "translate-y", "flip", "rotate"):
        for amount in study[kind.split("-")[0]]:
            yield kind, amount


def untouched(kind: str, amount: Any) -> bool:
    """Whether a step leaves the image as it is."""
    return amount == {"scale": 1, "flip": "none"}.get(kind, 0)


def spread(labels: list[str], most: int) -> list[int]:
    """At most `most` positions, spread evenly over the classes, in order."""
    rank: dict[str, int] = {}
    order = []
    for place, label in enumerate(labels):
        rank[label] = rank.get(label, -1) + 1
        order.append((rank[label], place))
    return sorted(place for _, place in sorted(order)[:most])
