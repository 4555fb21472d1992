"""Encoding: Fisher vectors and VLAD of real descriptors, beside VLFeat's through cyvlfeat."""

import numpy as np
import torch

from orderless.backends import torch as backend
from orderless.backends.mixtures import start_from_centres, variance_floor
from orderless.backends.torch.centres import nearest_centres
from orderless.backends.torch.gaussians import em
from orderless.backends.torch.products import affine, weighted_sums
from orderless.bench.descriptors import sift
from orderless.bench.measure import paired, row

ROWS, WORDS = 4410, 256  # activations of an image in paper B, Gaussians of its mixture


def products(x: torch.Tensor, k: int) -> list[torch.Tensor]:
    """The matrix products that a Fisher vector cannot do without: log densities and statistics, each of x and its squares."""
    both, weights = torch.cat([x, x * x], 1), torch.ones(2 * x.shape[1], k)
    share = torch.ones(len(x), k)
    return [both, weights, share]


def measure() -> list[dict]:
    """4,410 x 128 descriptors, 256 Gaussians or centres, hard and soft assignment."""
    from cyvlfeat.fisher import fisher
    from cyvlfeat.kmeans import kmeans_quantize
    from cyvlfeat.vlad import vlad

    from orderless.backends import vlfeat

    x = sift(100_000)
    sample, x = x[:30_000], np.ascontiguousarray(x[40_000 : 40_000 + ROWS])
    centres = backend.kmeans(sample, WORDS, 20, 0)
    floor = variance_floor(sample)
    mixture = em(sample, start_from_centres(sample, centres, floor), 10, floor)
    both, weights, share = products(torch.from_numpy(x), WORDS)
    zero = torch.zeros(WORDS)
    means, covariances, priors = (mixture[key] for key in ("means", "covariances", "priors"))

    def hard() -> np.ndarray:
        nearest = kmeans_quantize(x, centres)
        one = np.zeros((ROWS, WORDS), np.float32)
        one[np.arange(ROWS), nearest] = 1
        return vlad(x, centres, one, unnormalized=True)

    times = paired(
        {
            "ours": lambda: backend.fisher_vector(x, mixture),
            "vlfeat": lambda: fisher(x, means, covariances, priors),
            "limit": lambda: (both @ weights, share.T @ both),
            "onednn": lambda: (affine(zero, both, weights), weighted_sums(share, both)),
            "vlad": lambda: backend.vlad(x, centres, 1, 1.0),
            "vl_vlad": hard,
            "soft": lambda: backend.vlad(x, centres, 5, 100.0),
            "vl_soft": lambda: vlfeat.vlad(x, centres, 5, 100.0),
            "assignment": lambda: nearest_centres(torch.from_numpy(x), torch.from_numpy(centres)),
        },
        repeats=15,
    )
    reference = fisher(x, means, covariances, priors)
    apart = float(np.linalg.norm(backend.fisher_vector(x, mixture) - reference) / np.linalg.norm(reference))
    vlad_apart = float(np.linalg.norm(backend.vlad(x, centres, 1, 1.0) - hard()) / np.linalg.norm(hard()))
    size = f"{ROWS:,} x {x.shape[1]}, {WORDS}"
    return [
        row(f"Fisher vector, {size} Gaussians", "cyvlfeat fisher", times["ours"], times["vlfeat"],
            min(times["limit"], times["onednn"]),
            relative_difference=apart, wanted=6.5, over_its_matrix_products=times["ours"] / times["limit"],
            over_them_by_onednn=times["ours"] / times["onednn"]),
        row(f"VLAD, {size} centres, hard", "cyvlfeat vlad + assignment", times["vlad"], times["vl_vlad"], times["assignment"],
            relative_difference=vlad_apart, wanted=4),
        row(f"VLAD, {size} centres, 5 nearest", "cyvlfeat vlad + numpy assignment", times["soft"], times["vl_soft"], None),
    ]  # fmt: skip
