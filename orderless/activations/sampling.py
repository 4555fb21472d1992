"""A random sample of local descriptors, which projections and codebooks are learned on."""

import numpy as np

from orderless.activations.extraction import Extractor, read_ahead, to_half


def sample(extractor: Extractor, paths: list[str], read, wanted: int, rng: np.random.Generator, progress) -> dict[str, np.ndarray]:
    """A random sample of each set's raw descriptors: about `wanted` in all, equally many from each image. float16."""
    share = -(-wanted // len(paths))
    found: dict[str, list[np.ndarray]] = {name: [] for name in extractor.sets}
    for path, image in progress(zip(paths, read_ahead(extractor, paths, read), strict=True), len(paths)):
        for name, descriptors in extractor.describe(image).items():
            rows = np.sort(rng.permutation(len(descriptors.x))[:share])
            found[name].append(to_half(descriptors.x[rows], f"{path}, {name}"))
    return {name: np.concatenate(parts) for name, parts in found.items()}
