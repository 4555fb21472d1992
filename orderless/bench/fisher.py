"""Topic: Fisher vectors and VLAD of real descriptors, beside VLFeat through cyvlfeat."""

import numpy as np
import torch

from orderless.backends import torch as backend
from orderless.backends.mixtures import start_from_centres, variance_floor
from orderless.backends.torch.centres import nearest_centres
from orderless.backends.torch.gaussians import em
from orderless.backends.torch.products import affine, weighted_sums
from orderless.bench.descriptors import sift
from orderless.bench.measure import comparison, paired

ROWS, WORDS = 4410, 256  # activations of an image and Gaussians, as in paper B


def products(x: torch.Tensor, k: int) -> list[torch.Tensor]:
    """The factors of the matrix products that every Fisher vector needs: for log densities and statistics of x and its squares.

    x: (n, d). k: Gaussians. Returns (n, 2d), (2d, k) and (n, k).
    """
    x_and_squares, weights = torch.cat([x, x * x], 1), torch.ones(2 * x.shape[1], k)
    posteriors = torch.ones(len(x), k)
    return [x_and_squares, weights, posteriors]


def measure() -> list[dict]:
    """Encode 4,410 x 128 descriptors with 256 Gaussians, or with 256 centres by hard and by soft assignment."""
    from cyvlfeat.fisher import fisher
    from cyvlfeat.kmeans import kmeans_quantize
    from cyvlfeat.vlad import vlad

    from orderless.backends import vlfeat

    x = sift(100_000)
    sample, x = x[:30_000], np.ascontiguousarray(x[40_000 : 40_000 + ROWS])
    centres = backend.kmeans(sample, WORDS, 20, 0)
    floor = variance_floor(sample)
    mixture = em(sample, start_from_centres(sample, centres, floor), 10, floor)
    x_and_squares, weights, posteriors = products(torch.from_numpy(x), WORDS)
    zero = torch.zeros(WORDS)
    means, covariances, priors = (mixture[key] for key in ("means", "covariances", "priors"))

    def hard() -> np.ndarray:
        nearest = kmeans_quantize(x, centres)
        assignments = np.zeros((ROWS, WORDS), np.float32)
        assignments[np.arange(ROWS), nearest] = 1
        return vlad(x, centres, assignments, unnormalized=True)

    times = paired(
        {
            "ours": lambda: backend.fisher_vector(x, mixture),
            "vlfeat": lambda: fisher(x, means, covariances, priors),
            "limit": lambda: (x_and_squares @ weights, posteriors.T @ x_and_squares),
            "onednn": lambda: (affine(zero, x_and_squares, weights), weighted_sums(posteriors, x_and_squares)),
            "vlad": lambda: backend.vlad(x, centres, 1, 1.0),
            "vl_vlad": hard,
            "soft": lambda: backend.vlad(x, centres, 5, 100.0),
            "vl_soft": lambda: vlfeat.vlad(x, centres, 5, 100.0),
            "assignment": lambda: nearest_centres(torch.from_numpy(x), torch.from_numpy(centres)),
        },
        repeats=15,
    )
    reference = fisher(x, means, covariances, priors)
    difference = float(np.linalg.norm(backend.fisher_vector(x, mixture) - reference) / np.linalg.norm(reference))
    vlad_difference = float(np.linalg.norm(backend.vlad(x, centres, 1, 1.0) - hard()) / np.linalg.norm(hard()))
    size = f"{ROWS:,} x {x.shape[1]}, {WORDS}"
    return [
        comparison(f"Fisher vector, {size} Gaussians", "cyvlfeat fisher", times["ours"], times["vlfeat"],
                   min(times["limit"], times["onednn"]), relative_difference=difference, wanted=6.5,
                   over_its_matrix_products=times["ours"] / times["limit"],
                   over_them_by_onednn=times["ours"] / times["onednn"]),
        comparison(f"VLAD, {size} centres, hard", "cyvlfeat vlad + assignment", times["vlad"], times["vl_vlad"],
                   times["assignment"], relative_difference=vlad_difference, wanted=4),
        comparison(f"VLAD, {size} centres, 5 nearest", "cyvlfeat vlad + numpy assignment", times["soft"], times["vl_soft"], None),
    ]  # fmt: skip
