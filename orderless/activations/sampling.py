"""A random sample of local descriptors of training images, which projections and codebooks are learned on."""

from collections.abc import Callable
from typing import Any

import numpy as np

from orderless.activations.descriptors import to_half
from orderless.activations.extraction import POOLED, Extractor, read_ahead
from orderless.files.seeds import generator


def sampled_sets(sets: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The descriptor sets that projections or codebooks may be learned on: all but those that are pooled when extracted."""
    return {name: item for name, item in sets.items() if item["projection"] not in POOLED}


def draw_sample(
    extractor_of: Callable[[dict], Extractor],
    sets: dict[str, dict[str, Any]],
    paths: list[str],
    read: Callable,
    wanted: dict[str, int],
    seed: int,
    dataset: str,
    progress: Callable,
) -> dict[str, np.ndarray]:
    """A random sample of the raw descriptors of training images: set id -> (n, d) float16.

    extractor_of: makes an extractor of the sets it is called with. sets: of `sampled_sets`. Each repeat (the study of seeds) draws
    images and descriptors of its own. paths: the training images. wanted: how many `images` to look at, and how many `descriptors`
    to keep of each set, from all images together. seed, dataset: name the random draw.
    """
    tensors: dict[str, np.ndarray] = {}
    for repeat in sorted({item.get("repeat", 0) for item in sets.values()}):
        sets_of_repeat = {name: item for name, item in sets.items() if item.get("repeat", 0) == repeat}
        rows = generator(seed, dataset, "sample", repeat).permutation(len(paths))[: wanted["images"]]
        chosen = [paths[row] for row in sorted(rows)]
        draws = {name: generator(seed, dataset, "sample", name) for name in sets_of_repeat}
        tensors |= sample(extractor_of(sets_of_repeat), chosen, read, wanted["descriptors"], draws, progress)
    return tensors


def sample(
    extractor: Extractor, paths: list[str], read, wanted: int, draws: dict[str, np.random.Generator], progress
) -> dict[str, np.ndarray]:
    """A random sample of each set's raw descriptors: about `wanted` in all, equally many from each image. float16.

    draws: a generator for each set, so that what is drawn of one does not depend on which others there are.
    """
    share = -(-wanted // len(paths))
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in extractor.sets}
    for path, image in progress(zip(paths, read_ahead(extractor, paths, read), strict=True), len(paths)):
        for name, descriptors in extractor.describe(image).items():
            rows = np.sort(draws[name].permutation(len(descriptors.x))[:share])
            drawn[name].append(to_half(descriptors.x[rows], f"{path}, {name}"))
    return {name: np.concatenate(parts) for name, parts in drawn.items()}
