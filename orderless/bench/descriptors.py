"""Real local descriptors without a download: dense SIFT of the two photographs that come with scikit-learn."""

import numpy as np


def sift(count: int) -> np.ndarray:
    """(count, 128) float32 descriptors of both photographs, in a seeded random order."""
    from sklearn.datasets import load_sample_images

    from orderless.activations.sift import dense_sift

    descriptors = np.concatenate([dense_sift(image, 2, size)[0] for image in load_sample_images().images for size in (4, 6)])
    return np.ascontiguousarray(descriptors[np.random.default_rng(0).permutation(len(descriptors))[:count]], np.float32)
