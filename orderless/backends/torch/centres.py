"""k-means, and VLAD over its centres."""

import numpy as np
import torch

from orderless.backends.mixtures import check_enough
from orderless.backends.torch.products import affine, weighted_sums

SPARE = 3  # more centres than asked for are compared exactly, as rounding may have put one of the nearest behind them
ROWS = 1536  # rows that are compared with all centres at once, so that the result stays in the processor's cache
BLOCK = 8192  # the same on a GPU, or if more than a comparison is done with the result


def tensor(x: np.ndarray, device: str) -> torch.Tensor:
    """The array as float32 on a device: `cpu`, `cuda`, or `auto` for the GPU if there is one."""
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    return torch.as_tensor(np.ascontiguousarray(x, np.float32), device=chosen)


def nearest_centres(x: torch.Tensor, centres: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest centre of each row (n,), and the squared distance to it, less the row's own squared length (n,).

    The squared length of a row is the same for all centres, so that it does not change which is nearest.
    """
    lengths, weights = (centres**2).sum(1), -2 * centres
    step, nearest, least = (BLOCK if x.is_cuda else ROWS), [], []
    for block in x.split(step):
        distance = affine(lengths, block, weights)
        # On a processor numpy's argmin is five times as fast as torch's.
        chosen = distance.argmin(1) if x.is_cuda else torch.from_numpy(distance.numpy().argmin(1))
        nearest.append(chosen)
        least.append(distance.gather(1, chosen[:, None])[:, 0])
    return torch.cat(nearest), torch.cat(least)


def few_nearest(x: torch.Tensor, centres: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `count` nearest centres (n, count) of each row, nearest first, and the squared distances to them.

    A matrix product finds a few more candidates than asked for. Their exact distances, from differences, then decide.
    """
    near = affine((centres**2).sum(1), x, -2 * centres).topk(min(count + SPARE, len(centres)), largest=False)[1]
    differences = centres.index_select(0, near.flatten()).view(*near.shape, x.shape[1]).sub_(x[:, None])
    squared, order = torch.linalg.vecdot(differences, differences).topk(min(count, len(centres)), largest=False)
    return near.gather(1, order), squared


def kmeans(x: np.ndarray, k: int, iterations: int, seed: int, device: str = "auto") -> np.ndarray:
    """Lloyd's k-means from a k-means++ start. x: (n, d) float32. Returns centres (k, d) float32."""
    check_enough(x, k)
    data = tensor(x, device)
    shift = data.mean(0)  # distances lose the fewest digits about the mean of the data
    data = data - shift
    return (lloyd(data, plus_plus(data, k, seed), iterations) + shift).cpu().numpy()


def plus_plus(x: torch.Tensor, k: int, seed: int) -> torch.Tensor:
    """k-means++ start: each next centre is drawn with probability proportional to the squared distance to those chosen."""
    rng = np.random.default_rng(seed)
    squares = (x**2).sum(1)
    chosen = [int(rng.integers(len(x)))]
    nearest = torch.full_like(squares, torch.inf)
    for _ in range(k - 1):
        last = x[chosen[-1]]
        nearest = torch.minimum(nearest, (squares - 2 * (x @ last) + last @ last).clamp_min_(0))
        mass = nearest.double().cumsum(0)
        point = rng.random() * float(mass[-1])
        # If all points equal a centre, the mass is zero, and any point will do.
        chosen.append(min(int(torch.searchsorted(mass, point, right=True)), len(x) - 1))
    return x[chosen].clone()


def lloyd(data: torch.Tensor, centres: torch.Tensor, iterations: int) -> torch.Tensor:
    """Lloyd steps from given centres (k, d) until no assignment changes.

    An empty cluster takes the point that is farthest from its centre. Returns centres (k, d) float32.
    """
    centres = centres.clone()
    sums = torch.zeros_like(centres, dtype=torch.float64)
    before = None
    for _ in range(iterations):
        nearest, distance = nearest_centres(data, centres)
        # Few rows change their centre. Only they are added to the sums, which are exact enough in float64.
        moved = torch.arange(len(data), device=data.device) if before is None else torch.nonzero(nearest != before)[:, 0]
        if len(moved) == 0:
            break
        for rows in moved.split(BLOCK):
            values = data.index_select(0, rows).double()
            sums.index_add_(0, nearest[rows], values)
            if before is not None:
                sums.index_add_(0, before[rows], values, alpha=-1)
        before = nearest
        counts = torch.bincount(nearest, minlength=len(centres))
        full = counts > 0
        centres[full] = (sums[full] / counts[full, None]).float()
        empty = torch.nonzero(~full)[:, 0]
        if len(empty):
            centres[empty] = data[(distance + (data**2).sum(1)).topk(len(empty)).indices]
    return centres


def vlad(x: np.ndarray, centres: np.ndarray, nearest: int, sigma: float, device: str = "auto") -> np.ndarray:
    """The sum of the residuals of descriptors x (n, d) to their `nearest` centres (k, d), not normalised: (k d,) float32.

    A residual is weighted by exp(-distance^2 / (2 sigma^2)), scaled so that the weights of a descriptor sum to one. The smallest
    distance is subtracted first, so that the weights of a descriptor far from all centres do not vanish.
    """
    return vlads(x, [len(x)], centres, nearest, sigma, device)[0]


def vlads(x: np.ndarray, counts: list[int], centres: np.ndarray, nearest: int, sigma: float, device: str = "auto") -> np.ndarray:
    """The VLADs of several bags: (bags, k d) float32. x: (n, d), the descriptors of all bags. counts: how many each bag has."""
    means = tensor(centres, device)
    shift = means.mean(0)
    data, means = tensor(x, device) - shift, means - shift
    if nearest == 1:
        chosen = nearest_centres(data, means)[0][:, None]
        kernel = torch.ones_like(chosen, dtype=torch.float32)
    else:
        chosen, squared = (
            torch.cat(parts) for parts in zip(*(few_nearest(block, means, nearest) for block in data.split(ROWS)), strict=True)
        )
        kernel = torch.softmax(-squared.double() / (2 * sigma**2), 1).float()
    vectors = []
    for rows, words, weights in zip(data.split(counts), chosen.split(counts), kernel.split(counts), strict=True):
        mass = torch.zeros(len(means), device=means.device).index_add_(0, words.flatten(), weights.flatten())
        if words.shape[1] == 1:
            sums = torch.zeros_like(means).index_add_(0, words[:, 0], rows)
        else:
            sums = weighted_sums(torch.zeros(len(rows), len(means), device=means.device).scatter_(1, words, weights), rows)
        vectors.append((sums - mass[:, None] * means).flatten())
    return torch.stack(vectors).cpu().numpy()
