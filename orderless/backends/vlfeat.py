"""k-means, GMM, Fisher vectors and VLAD by VLFeat 0.9.21, the library that the papers used, through cyvlfeat."""

import ctypes

import numpy as np
from cyvlfeat.fisher import fisher
from cyvlfeat.gmm import cygmm
from cyvlfeat.kmeans import cykmeans
from cyvlfeat.kmeans import kmeans as vl_kmeans
from cyvlfeat.vlad import vlad as vl_vlad

from orderless.backends.mixtures import Gmm, check_enough, check_gmm, start_from_centres, variance_floor

_library = ctypes.CDLL(cykmeans.__file__)  # the extension is linked to libvl, so that its symbols are found here
_library.vl_get_rand.restype = ctypes.c_void_p
_library.vl_rand_seed.argtypes = [ctypes.c_void_p, ctypes.c_uint32]


def kmeans(x: np.ndarray, k: int, iterations: int, seed: int) -> np.ndarray:
    """Lloyd's k-means from a k-means++ start. x: (n, d) float32. Returns centres (k, d) float32."""
    check_enough(x, k)
    _library.vl_rand_seed(_library.vl_get_rand(), seed & 0xFFFFFFFF)
    x = np.ascontiguousarray(x, np.float32)
    return vl_kmeans(x, k, initialization="PLUSPLUS", algorithm="LLOYD", max_num_iterations=iterations)


def gmm(x: np.ndarray, k: int, iterations: int, seed: int) -> Gmm:
    """Gaussian mixture with diagonal covariances by EM from a k-means start. x: (n, d) float32.

    Returns means (k, d), covariances (k, d) and priors (k,), float32.
    """
    x = np.ascontiguousarray(x, np.float32)
    floor = variance_floor(x)
    return em(x, start_from_centres(x, kmeans(x, k, 25, seed), floor), iterations, floor)


def em(x: np.ndarray, start: Gmm, iterations: int, floor: np.ndarray) -> Gmm:
    """EM steps of vl_gmm from a given mixture. floor: (d,) least variances."""
    k = len(start["priors"])
    # vl_gmm reads the bounds as float64, but cyvlfeat 0.7.1 takes an array of the data's type, float32: so the bytes are viewed.
    bound = floor.astype(np.float64).view(np.float32)
    means, covariances, priors, *_ = cygmm.cy_gmm(
        x, k, iterations, b"custom", 1, 0, covariance_bound=bound, init_priors=start["priors"],
        init_means=start["means"], init_covars=start["covariances"],
    )  # fmt: skip
    return check_gmm({"means": means, "covariances": covariances, "priors": priors})


def bags(x: np.ndarray, counts: list[int]) -> list[np.ndarray]:
    """The descriptors of each bag. x: (n, d), of all bags one after another. counts: how many each bag has."""
    return np.split(x, np.cumsum(counts)[:-1])


def fisher_vectors(x: np.ndarray, counts: list[int], mixture: Gmm) -> np.ndarray:
    """`fisher_vector` of several bags, one after another in x: (bags, 2 k d) float32."""
    return np.stack([fisher_vector(bag, mixture) for bag in bags(x, counts)])


def fisher_vector(x: np.ndarray, mixture: Gmm) -> np.ndarray:
    """vl_fisher without further normalisation: (n, d) -> (2 k d,) float32, the mean part first."""
    x = np.ascontiguousarray(x, np.float32)
    return fisher(x, mixture["means"], mixture["covariances"], mixture["priors"])


def kernel_weights(x: np.ndarray, centres: np.ndarray, nearest: int, sigma: float) -> np.ndarray:
    """Weights (n, k): exp(-distance^2 / (2 sigma^2)) for the `nearest` centres (k, d) of each row, scaled to sum to one, else zero.

    The smallest distance is subtracted first: without it, the weights of a descriptor far from all centres would be 0 / 0.
    """
    centres = centres.astype(np.float64)
    squared = (x**2).sum(1, keepdims=True) - 2 * x @ centres.T + (centres**2).sum(1)
    chosen = np.argsort(squared, axis=1, kind="stable")[:, :nearest]
    distance = np.take_along_axis(squared, chosen, 1)
    kernel = np.exp(-(distance - distance[:, :1]) / (2 * sigma**2))
    weights = np.zeros_like(squared)
    np.put_along_axis(weights, chosen, kernel / kernel.sum(1, keepdims=True), 1)
    return weights.astype(np.float32)


def vlad(x: np.ndarray, centres: np.ndarray, nearest: int, sigma: float) -> np.ndarray:
    """vl_vlad without normalisation of x (n, d), each row assigned by `kernel_weights` to centres (k, d); (k d,) float32."""
    x = np.ascontiguousarray(x, np.float32)
    weights = kernel_weights(x, centres, nearest, sigma)
    return vl_vlad(x, np.ascontiguousarray(centres, np.float32), weights, unnormalized=True)


def vlads(x: np.ndarray, counts: list[int], centres: np.ndarray, nearest: int, sigma: float) -> np.ndarray:
    """`vlad` of several bags, one after another in x: (bags, k d) float32."""
    return np.stack([vlad(bag, centres, nearest, sigma) for bag in bags(x, counts)])
