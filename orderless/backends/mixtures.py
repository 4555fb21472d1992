"""Gaussian mixtures: where EM starts, how small a variance may be, and what is refused, the same in both backends."""

import numpy as np

from orderless.errors import OrderlessError

Gmm = dict[str, np.ndarray]  # means (k, d), covariances (k, d), the diagonals, and priors (k,)


def check_enough(x: np.ndarray, k: int) -> None:
    """Refuse to learn k words from fewer descriptors x (n, d)."""
    if len(x) < k:
        raise OrderlessError(
            f"{len(x)} descriptors cannot make {k} words. Learn on more images (sample.images, sample.descriptors), "
            "or lower the encoder's 'words'."
        )


def variance_floor(x: np.ndarray) -> np.ndarray:
    """The least variance of a Gaussian in each dimension (d,): 1e-4 of the data's largest (VLFeat's recognition application)."""
    return np.full(x.shape[1], max(float(x.var(0).max()) * 1e-4, 1e-12), x.dtype)


def start_from_centres(x: np.ndarray, centres: np.ndarray, floor: np.ndarray) -> Gmm:
    """The mixture that EM starts from: for each k-means centre (k, d) the share, mean and variance of its cluster.

    floor: (d,), the least variances. An empty cluster counts as one point.
    """
    distance = (centres**2).sum(1) - 2 * x @ centres.T
    nearest = distance.argmin(1)
    counts = np.bincount(nearest, minlength=len(centres))
    means, covariances = centres.astype(x.dtype), np.tile(x.var(0), (len(centres), 1))
    for k in np.flatnonzero(counts > 1):
        covariances[k] = x[nearest == k].var(0)
    priors = np.maximum(counts, 1) / np.maximum(counts, 1).sum()
    return {"means": means, "covariances": np.maximum(covariances, floor), "priors": priors.astype(x.dtype)}


def check_gmm(gmm: Gmm) -> Gmm:
    """The mixture itself. Raises OrderlessError for values that are not finite, a variance of zero or a negative prior."""
    finite = all(np.isfinite(part).all() for part in gmm.values())
    if not finite or gmm["covariances"].min() <= 0 or gmm["priors"].min() < 0:
        raise OrderlessError("the Gaussian mixture did not converge to finite values. Raise sample.descriptors or lower 'words'.")
    return gmm
