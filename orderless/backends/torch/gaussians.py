"""Gaussian mixtures with diagonal covariances by EM."""

import numpy as np
import torch

from orderless.backends.mixtures import Gmm, check_gmm, start_from_centres, variance_floor
from orderless.backends.torch.centres import BLOCK, kmeans, tensor
from orderless.backends.torch.products import affine, weighted_sums

LEAST = -80.0  # least log posterior: numbers that underflow take ten times as long, and exp(-80) is zero beside 1


def with_squares(x: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """(n, d) -> (n, 2 d): x less shift (d,), beside its squares, in the type of shift."""
    n, d = x.shape
    both = torch.empty(n, 2 * d, dtype=shift.dtype, device=x.device)
    centred = torch.sub(x, shift, out=both[:, :d])
    torch.mul(centred, centred, out=both[:, d:])
    return both


def log_densities(means: torch.Tensor, covariances: torch.Tensor, priors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Offsets (k,) and weights (k, 2 d): offsets + with_squares(x, 0) @ weights.T are the logs of prior times Gaussian density.

    A constant that all Gaussians share is left out.
    """
    inverse = 1 / covariances
    offsets = priors.log() - 0.5 * (covariances.log() + means**2 * inverse).sum(1)
    return offsets, torch.cat([means * inverse, -0.5 * inverse], 1)


def gmm(x: np.ndarray, k: int, iterations: int, seed: int, device: str = "auto") -> Gmm:
    """Gaussian mixture with diagonal covariances by EM from a k-means start. x: (n, d) float32.

    Returns means (k, d), covariances (k, d) and priors (k,), float32.
    """
    x = np.asarray(x, np.float32)
    floor = variance_floor(x)
    return em(x, start_from_centres(x, kmeans(x, k, 25, seed, device), floor), iterations, floor, device)


def em(x: np.ndarray, start: Gmm, iterations: int, floor: np.ndarray, device: str = "auto") -> Gmm:
    """EM steps from a given mixture, until the mean log-likelihood gains less than 1e-6. floor: (d,) least variances."""
    shift = tensor(x.mean(0), device)  # sums of squares lose the fewest digits about the mean of the data
    data, least = tensor(x, device), tensor(floor, device)
    means, covariances, priors = (tensor(start[key], device) for key in ("means", "covariances", "priors"))
    means = means - shift
    last, d = -np.inf, data.shape[1]
    for _ in range(iterations):
        masses, sums, likelihood = expectation(data, shift, means, covariances, priors)
        # A Gaussian that lost its points keeps its place and a small prior: its mass would be a division by zero.
        alive, divisor = (masses > 1e-3)[:, None], masses.clamp_min(1e-3)[:, None]
        means = torch.where(alive, sums[:, :d] / divisor, means)
        covariances = torch.where(alive, sums[:, d:] / divisor - means**2, covariances).maximum(least)
        priors = (masses / len(data)).clamp_min(1e-6)
        priors = priors / priors.sum()
        if likelihood - last < 1e-6:
            break
        last = likelihood
    return check_gmm(
        {"means": (means + shift).cpu().numpy(), "covariances": covariances.cpu().numpy(), "priors": priors.cpu().numpy()}
    )


def expectation(
    data: torch.Tensor, shift: torch.Tensor, means: torch.Tensor, covariances: torch.Tensor, priors: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """The E step, in blocks of rows.

    Returns masses (k,), the sums of the posteriors; sums (k, 2 d) of x less shift and of its squares, weighted by the posteriors;
    and the mean log-likelihood, less a constant.
    """
    offsets, weights = log_densities(means, covariances, priors)
    masses, sums, likelihood = torch.zeros_like(priors), means.new_zeros(len(priors), 2 * data.shape[1]), 0.0
    for block in data.split(BLOCK):
        both = with_squares(block, shift)
        posterior = affine(offsets, both, weights)
        top = posterior.amax(1, keepdim=True)
        posterior = posterior.sub_(top).clamp_min_(LEAST).exp_()
        total = posterior.sum(1, keepdim=True)
        likelihood += float((top + total.log()).double().sum()) / len(data)
        posterior /= total
        masses += posterior.sum(0)
        sums += weighted_sums(posterior, both)
    return masses, sums, likelihood
