"""Gaussian mixtures: what both backends ask of one, and where EM starts."""

import numpy as np

from orderless.errors import OrderlessError

Gmm = dict[str, np.ndarray]


def check_enough(x: np.ndarray, k: int) -> None:
    """Refuse to make more words than there are descriptors."""
    if len(x) < k:
        raise OrderlessError(
            f"{len(x)} descriptors cannot make {k} words. Learn on more images (sample.images, sample.descriptors), "
            "or lower the encoder's 'words'."
        )


def variance_floor(x: np.ndarray) -> np.ndarray:
    """The least variance a Gaussian may have in each dimension: 1e-4 of the data's largest (VLFeat's recognition application)."""
    return np.full(x.shape[1], max(float(x.var(0).max()) * 1e-4, 1e-12), x.dtype)


def start_from_centres(x: np.ndarray, centres: np.ndarray, floor: np.ndarray) -> Gmm:
    """The Gaussians that EM starts from: each cluster's share, mean and variance (floored), none of them empty."""
    distance = (centres**2).sum(1) - 2 * x @ centres.T
    nearest = distance.argmin(1)
    counts = np.bincount(nearest, minlength=len(centres))
    means, covariances = centres.astype(x.dtype), np.tile(x.var(0), (len(centres), 1))
    for k in np.flatnonzero(counts > 1):
        covariances[k] = x[nearest == k].var(0)
    priors = np.maximum(counts, 1) / np.maximum(counts, 1).sum()
    return {"means": means, "covariances": np.maximum(covariances, floor), "priors": priors.astype(x.dtype)}


def check_gmm(gmm: Gmm) -> Gmm:
    """Refuse a mixture that is not one: values that are not finite, a variance or a prior of nothing."""
    finite = all(np.isfinite(part).all() for part in gmm.values())
    if not finite or gmm["covariances"].min() <= 0 or gmm["priors"].min() < 0:
        raise OrderlessError("the Gaussian mixture did not converge to finite values. Raise sample.descriptors or lower 'words'.")
    return gmm
