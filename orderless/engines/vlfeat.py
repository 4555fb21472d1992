"""k-means, GMM, Fisher vectors and VLAD by VLFeat 0.9.21, the papers' own tooling, through cyvlfeat."""

import ctypes

import numpy as np
from cyvlfeat.fisher import fisher
from cyvlfeat.gmm import cygmm
from cyvlfeat.kmeans import cykmeans
from cyvlfeat.kmeans import kmeans as vl_kmeans
from cyvlfeat.vlad import vlad as vl_vlad

from orderless.engines import Gmm, check_enough, check_gmm, start_from_centres, variance_floor

_library = ctypes.CDLL(cykmeans.__file__)  # symbols of libvl are found through the extension that links to it
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
    start = start_from_centres(x, kmeans(x, k, 25, seed), floor)
    # vl_gmm reads its bounds as doubles, cyvlfeat 0.7.1 hands it the data's float32: give it the doubles' own bytes.
    bound = floor.astype(np.float64).view(np.float32)
    means, covariances, priors, *_ = cygmm.cy_gmm(
        x, k, iterations, b"custom", 1, 0, covariance_bound=bound, init_priors=start["priors"],
        init_means=start["means"], init_covars=start["covariances"],
    )  # fmt: skip
    return check_gmm({"means": means, "covariances": covariances, "priors": priors})


def fisher_vector(x: np.ndarray, mixture: Gmm) -> np.ndarray:
    """vl_fisher without further normalisation: (n, d) -> (2 k d,) float32, the mean part first."""
    x = np.ascontiguousarray(x, np.float32)
    return fisher(x, mixture["means"], mixture["covariances"], mixture["priors"])


def vlad(x: np.ndarray, centres: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """vl_vlad without normalisation: sum over x of weights (n, k) times the residual to each centre; (k d,) float32."""
    x, weights = np.ascontiguousarray(x, np.float32), np.ascontiguousarray(weights, np.float32)
    return vl_vlad(x, np.ascontiguousarray(centres, np.float32), weights, unnormalized=True)
