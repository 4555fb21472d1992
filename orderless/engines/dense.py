"""k-means, GMM, Fisher vectors and VLAD as dense matrix products with torch, on CPU or GPU."""

import numpy as np
import torch

from orderless.engines import Gmm, check_enough, check_gmm, start_from_centres, variance_floor

BLOCK = 65_536  # rows that are compared with all centres at once: bounds the memory


def tensor(x: np.ndarray) -> torch.Tensor:
    """float32 on the accelerator where there is one."""
    return torch.as_tensor(np.ascontiguousarray(x, np.float32), device="cuda" if torch.cuda.is_available() else "cpu")


def squared_distances(x: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """(n, k) squared Euclidean distances."""
    return ((x**2).sum(1, keepdim=True) - 2 * x @ centres.T + (centres**2).sum(1)).clamp_min_(0)


def plus_plus(x: torch.Tensor, k: int, seed: int) -> torch.Tensor:
    """k-means++ start: each next centre drawn with probability proportional to the squared distance to those chosen."""
    rng = np.random.default_rng(seed)
    chosen = [int(rng.integers(len(x)))]
    nearest = squared_distances(x, x[chosen])[:, 0]
    for _ in range(k - 1):
        mass = nearest.double().cumsum(0)
        # All points equal to a centre: any of them is as good.
        point = rng.random() * float(mass[-1])
        chosen.append(min(int(torch.searchsorted(mass, point, right=True)), len(x) - 1))
        nearest = torch.minimum(nearest, squared_distances(x, x[chosen[-1:]])[:, 0])
    return x[chosen].clone()


def kmeans(x: np.ndarray, k: int, iterations: int, seed: int) -> np.ndarray:
    """Lloyd's k-means from a k-means++ start; an empty cluster takes the point farthest from its centre.

    x: (n, d) float32. Returns centres (k, d) float32. Stops when no assignment changes.
    """
    check_enough(x, k)
    data = tensor(x)
    centres = plus_plus(data, k, seed)
    before = None
    for _ in range(iterations):
        parts = [squared_distances(block, centres).min(1) for block in data.split(BLOCK)]
        distance, nearest = torch.cat([p.values for p in parts]), torch.cat([p.indices for p in parts])
        if before is not None and torch.equal(nearest, before):
            break
        before = nearest
        counts = torch.bincount(nearest, minlength=k)
        sums = torch.zeros_like(centres).index_add_(0, nearest, data)
        full = counts > 0
        centres[full] = sums[full] / counts[full, None]
        empty = torch.nonzero(~full)[:, 0]
        if len(empty):
            centres[empty] = data[distance.topk(len(empty)).indices]
    return centres.cpu().numpy()


def posteriors(x: torch.Tensor, means: torch.Tensor, covariances: torch.Tensor, priors: torch.Tensor) -> torch.Tensor:
    """(n, k) log densities: log of prior times Gaussian, constants common to all Gaussians left out."""
    inverse = 1 / covariances
    log_scale = priors.log() - 0.5 * covariances.log().sum(1)
    return log_scale - 0.5 * (x**2 @ inverse.T - 2 * x @ (means * inverse).T + (means**2 * inverse).sum(1))


def gmm(x: np.ndarray, k: int, iterations: int, seed: int) -> Gmm:
    """Gaussian mixture with diagonal covariances by EM from a k-means start, in blocks. x: (n, d) float32.

    Returns means (k, d), covariances (k, d) and priors (k,), float32. Stops when the mean log-likelihood gains under 1e-6.
    """
    x = np.asarray(x, np.float32)
    bound = variance_floor(x)
    start = start_from_centres(x, kmeans(x, k, 25, seed), bound)
    # Sums of squares cancel least about the mean of the data.
    shift = tensor(x.mean(0))
    data, floor = tensor(x) - shift, tensor(bound)
    means, covariances, priors = tensor(start["means"]) - shift, tensor(start["covariances"]), tensor(start["priors"])
    last = -np.inf
    for _ in range(iterations):
        zero, first, second = torch.zeros_like(priors), torch.zeros_like(means), torch.zeros_like(means)
        likelihood = 0.0
        for block in data.split(BLOCK):
            logs = posteriors(block, means, covariances, priors)
            total = logs.logsumexp(1, keepdim=True)
            likelihood += float(total.double().sum()) / len(data)
            share = (logs - total).exp_()
            zero, first, second = zero + share.sum(0), first + share.T @ block, second + share.T @ block**2
        # A Gaussian that lost its points keeps its place and the least prior instead of dividing by nothing.
        alive = zero > 1e-3
        mass = zero.clamp_min(1e-3)[:, None]
        means = torch.where(alive[:, None], first / mass, means)
        covariances = torch.where(alive[:, None], second / mass - means**2, covariances).maximum(floor)
        priors = (zero / len(data)).clamp_min(1e-6)
        priors = priors / priors.sum()
        if likelihood - last < 1e-6:
            break
        last = likelihood
    return check_gmm(
        {"means": (means + shift).cpu().numpy(), "covariances": covariances.cpu().numpy(), "priors": priors.cpu().numpy()}
    )


def fisher_vector(x: np.ndarray, mixture: Gmm) -> np.ndarray:
    """Gradient of the mean log-likelihood with respect to the means and deviations of a GMM, not normalised.

    x: (n, d) float32. Returns (2 k d,) float32, first the mean part, then the deviation part.
    Perronnin et al. 2010, Eq. 16-17; the layout of VLFeat's vl_fisher, whose cut of posteriors below 1e-6 it shares.
    """
    means, covariances, priors = (tensor(mixture[key]) for key in ("means", "covariances", "priors"))
    shift = means.mean(0)
    data, means = tensor(x) - shift, means - shift
    # The squares of a distance's terms cancel: where they are so large that float32 would show it, count in float64.
    if float((data.abs().amax(0) ** 2 / covariances).sum(1).max()) > 1e4:
        data, means, covariances, priors = data.double(), means.double(), covariances.double(), priors.double()
    share = posteriors(data, means, covariances, priors).softmax(1)
    share = torch.where(share < 1e-6, 0.0, share)
    deviation = covariances.sqrt()
    zero, first, second = share.sum(0)[:, None], share.T @ data, share.T @ data**2
    u = (first - zero * means) / deviation / (len(data) * priors.sqrt())[:, None]
    v = ((second - 2 * means * first + zero * means**2) / covariances - zero) / (len(data) * (2 * priors).sqrt())[:, None]
    return torch.cat([u.flatten(), v.flatten()]).float().cpu().numpy()


def vlad(x: np.ndarray, centres: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over x (n, d) of weights (n, k) times the residual to each centre (k, d), not normalised; (k d,) float32."""
    share, means = tensor(weights), tensor(centres)
    return (share.T @ tensor(x) - share.sum(0)[:, None] * means).flatten().cpu().numpy()
