"""Fisher vectors (Perronnin et al. 2010, Eq. 16-17), in the layout of VLFeat's vl_fisher."""

import numpy as np
import torch

from orderless.backends.mixtures import Gmm
from orderless.backends.torch.centres import BLOCK, ROWS, tensor
from orderless.backends.torch.gaussians import log_densities, with_squares
from orderless.backends.torch.products import affine, weighted_sums

SHARE = 1e-6  # smaller posteriors count as zero, as in VLFeat
FEW = 64  # a list of pairs is faster than a matrix if at most one posterior in so many is above SHARE


def fisher_vector(x: np.ndarray, mixture: Gmm, device: str = "auto") -> np.ndarray:
    """Gradient of the mean log-likelihood with respect to the means and deviations of a GMM, not normalised.

    x: (n, d) float32. Returns (2 k d,) float32, first the mean part, then the deviation part.
    Perronnin et al. 2010, Eq. 16-17. Posteriors below 1e-6 count as zero, as in VLFeat's vl_fisher.
    """
    return fisher_vectors(x, [len(x)], mixture, device)[0]


def fisher_vectors(x: np.ndarray, counts: list[int], mixture: Gmm, device: str = "auto") -> np.ndarray:
    """The Fisher vectors of several bags: (bags, 2 k d) float32. x: (n, d), the descriptors of all bags. counts: of each bag."""
    means, covariances, priors = (tensor(mixture[key], device) for key in ("means", "covariances", "priors"))
    data, shift = tensor(x, device), means.mean(0)
    means = means - shift
    # Log densities are differences of large squares: where float32 would lose their digits, float64 is used.
    reach = float((torch.maximum(data.amax(0) - shift, shift - data.amin(0)) ** 2 / covariances).sum(1).max())
    if reach > 1e7 or float((means**2 / covariances).sum(1).max()) > 1e6:
        shift, means, covariances, priors = shift.double(), means.double(), covariances.double(), priors.double()
    (k, d), bags = means.shape, len(counts)
    masses, sums = (torch.zeros(bags, k, size, dtype=torch.float64, device=means.device) for size in (1, 2 * d))
    offsets, weights = log_densities(means, covariances, priors)
    scale, logs = covariances.rsqrt(), priors.log() - 0.5 * covariances.log().sum(1)
    owners = torch.repeat_interleave(torch.tensor(counts, device=data.device))
    for part, bag in zip(data.split(BLOCK), owners.split(BLOCK), strict=True):
        both, first, last = with_squares(part, shift), int(bag[0]), int(bag[-1]) + 1
        pairs = candidates(both, offsets, weights)
        if pairs is None:
            if reach > 1e4:
                both = with_squares(part, shift.double())
            density = affine(offsets.to(both.dtype), both, weights.to(both.dtype))
            posterior = torch.threshold_(density.softmax(1), SHARE, 0.0)
            sizes = torch.bincount(bag - first).tolist()
            for i, of_bag, values in zip(range(first, last), posterior.split(sizes), both.split(sizes), strict=True):
                masses[i] += of_bag.sum(0)[:, None]
                sums[i] += weighted_sums(of_bag, values)
        else:
            rows, words = pairs
            posterior = posteriors(rows, words, both[:, :d], means, scale, logs)
            cell = (bag[rows] - first) * k + words
            shape = ((last - first) * k, len(part))
            table = torch.sparse_coo_tensor(torch.stack([cell, rows]), posterior, shape, check_invariants=False)
            masses[first:last].view(-1).index_add_(0, cell, posterior.double())
            sums[first:last] += torch.sparse.mm(table, both).view(-1, k, 2 * d)
    return gradients(masses, sums, torch.tensor(counts, device=data.device), means, covariances, priors).cpu().numpy()


def gradients(
    masses: torch.Tensor,
    sums: torch.Tensor,
    counts: torch.Tensor,
    means: torch.Tensor,
    covariances: torch.Tensor,
    priors: torch.Tensor,
) -> torch.Tensor:
    """Fisher vectors (bags, 2 k d) float32 from the statistics of each bag.

    masses: (bags, k, 1), the sums of the posteriors. sums: (bags, k, 2 d), of x and of its squares, weighted by the posteriors.
    counts: (bags,) descriptors. means, covariances, priors: the mixture, its means less the shift of x.
    """
    means, covariances, priors = means.double(), covariances.double(), priors.double()[:, None]
    rows = counts.clamp_min(1)[:, None, None]
    first, second = sums.chunk(2, 2)
    residuals = first - masses * means
    u = residuals / ((covariances * priors).sqrt() * rows)
    v = ((second - means * (first + residuals)) / covariances - masses) / ((2 * priors).sqrt() * rows)
    return torch.cat([u.flatten(1), v.flatten(1)], 1).float()


def candidates(both: torch.Tensor, offsets: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The pairs of rows and Gaussians whose posterior may be above SHARE: rows (m,) and Gaussians (m,).

    None if they are more than one in FEW in some block of rows, which is rare with real descriptors.
    both, offsets, weights: of `with_squares` and `log_densities`.
    """
    k, step, places = len(offsets), BLOCK if both.is_cuda else ROWS, []
    if k < FEW:
        return None  # every row has at least one pair
    for first, block in zip(range(0, len(both), step), both.split(step), strict=True):
        density = affine(offsets, block, weights)
        # One more than the cut at SHARE, for the rounding of the densities.
        least = density.amax(1, keepdim=True) + (np.log(SHARE) - 1)
        if density.is_cuda:
            flat = torch.nonzero((density > least).flatten())[:, 0]
        else:  # on a processor numpy is four times as fast
            flat = torch.from_numpy(np.flatnonzero(density.numpy() > least.numpy()))
        if len(flat) > density.numel() / FEW:
            return None
        places.append(flat + first * k)
    flat = torch.cat(places)
    rows = flat // k
    return rows, flat - rows * k


def posteriors(
    rows: torch.Tensor, words: torch.Tensor, x: torch.Tensor, means: torch.Tensor, scale: torch.Tensor, logs: torch.Tensor
) -> torch.Tensor:
    """The posteriors (m,) of pairs of rows (m,) of x (n, d) and Gaussians `words` (m,); those of a row sum to one, cut at SHARE.

    The log density of a pair is logs (k,) less half the squared length of (x - mean) * scale: differences lose no digits.
    """
    # The only Gaussian of a row has the posterior one, whatever its density: only the others are computed.
    shared = torch.nonzero(torch.bincount(rows, minlength=len(x)).index_select(0, rows) > 1)[:, 0]
    row, word = rows.index_select(0, shared), words.index_select(0, shared)
    scaled = x.index_select(0, row).sub_(means.index_select(0, word)).mul_(scale.index_select(0, word))
    density = x.new_zeros(len(rows))
    density[shared] = logs.index_select(0, word) - 0.5 * torch.linalg.vecdot(scaled, scaled)
    top = x.new_full((len(x),), -torch.inf).scatter_reduce_(0, rows, density, "amax")
    posterior = density.sub_(top.index_select(0, rows)).exp_()
    total = x.new_zeros(len(x)).index_add_(0, rows, posterior)
    return torch.threshold_(posterior / total.index_select(0, rows), SHARE, 0.0)
