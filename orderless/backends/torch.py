"""k-means, GMM, Fisher vectors and VLAD as dense matrix products with torch, on CPU or GPU.

Distances and log densities are affine in x, or in x and its squares side by side: one matrix product each, and one more gathers
all statistics.
"""

import numpy as np
import torch

from orderless.backends.mixtures import Gmm, check_enough, check_gmm, start_from_centres, variance_floor
from orderless.backends.products import affine, gathered

SHARE = 1e-6  # posteriors below are none, as in VLFeat
LEAST = -80.0  # of logs: what underflows takes a processor ten times as long, and is nothing either way
FEW = 64  # of so many pairs one at most is worth a list of pairs
SPARE = 3  # centres that rounding may have put behind the last that is asked for
ROWS = 1536  # rows that are compared with all words at once: the result stays in a processor's cache
BLOCK = 8192  # the same where more is made of it, or on a GPU


def tensor(x: np.ndarray) -> torch.Tensor:
    """float32 on the accelerator where there is one."""
    return torch.as_tensor(np.ascontiguousarray(x, np.float32), device="cuda" if torch.cuda.is_available() else "cpu")


def nearest_centres(x: torch.Tensor, centres: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest centre (n,) of each row, and its squared distance less the row's own squares (n,), which choose nothing."""
    lengths, turned = (centres**2).sum(1), -2 * centres
    step, nearest, least = (BLOCK if x.is_cuda else ROWS), [], []
    for block in x.split(step):
        distance = affine(lengths, block, turned)
        # numpy's argmin is five times as fast as torch's on a processor
        chosen = distance.argmin(1) if x.is_cuda else torch.from_numpy(distance.numpy().argmin(1))
        nearest.append(chosen)
        least.append(distance.gather(1, chosen[:, None])[:, 0])
    return torch.cat(nearest), torch.cat(least)


def few_nearest(x: torch.Tensor, centres: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `count` nearest centres (n, count) of each row, nearest first, and the squared distances to them.

    Products find a few more than are asked for; among them the differences decide, which do not cancel.
    """
    near = affine((centres**2).sum(1), x, -2 * centres).topk(min(count + SPARE, len(centres)), largest=False)[1]
    apart = centres.index_select(0, near.flatten()).view(*near.shape, x.shape[1]).sub_(x[:, None])
    low, order = torch.linalg.vecdot(apart, apart).topk(min(count, len(centres)), largest=False)
    return near.gather(1, order), low


def plus_plus(x: torch.Tensor, k: int, seed: int) -> torch.Tensor:
    """k-means++ start: each next centre drawn with probability proportional to the squared distance to those chosen."""
    rng = np.random.default_rng(seed)
    squares = (x**2).sum(1)
    chosen = [int(rng.integers(len(x)))]
    nearest = torch.full_like(squares, torch.inf)
    for _ in range(k - 1):
        last = x[chosen[-1]]
        nearest = torch.minimum(nearest, (squares - 2 * (x @ last) + last @ last).clamp_min_(0))
        mass = nearest.double().cumsum(0)
        # All points equal to a centre: any of them is as good.
        point = rng.random() * float(mass[-1])
        chosen.append(min(int(torch.searchsorted(mass, point, right=True)), len(x) - 1))
    return x[chosen].clone()


def kmeans(x: np.ndarray, k: int, iterations: int, seed: int) -> np.ndarray:
    """Lloyd's k-means from a k-means++ start. x: (n, d) float32. Returns centres (k, d) float32."""
    check_enough(x, k)
    data = tensor(x)
    shift = data.mean(0)  # distances cancel least about the mean of the data
    data = data - shift
    return (lloyd(data, plus_plus(data, k, seed), iterations) + shift).cpu().numpy()


def lloyd(data: torch.Tensor, centres: torch.Tensor, iterations: int) -> torch.Tensor:
    """Lloyd steps from given centres (k, d) until no assignment changes; an empty cluster takes the point farthest from its own."""
    centres = centres.clone()
    sums = torch.zeros_like(centres, dtype=torch.float64)
    before = None
    for _ in range(iterations):
        nearest, distance = nearest_centres(data, centres)
        # Few rows move from one centre to another: only they change the sums, which float64 keeps exact.
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


def with_squares(x: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """(n, d) -> (n, 2 d): x less shift (d,), beside its squares; in the shift's type."""
    n, d = x.shape
    both = torch.empty(n, 2 * d, dtype=shift.dtype, device=x.device)
    centred = torch.sub(x, shift, out=both[:, :d])
    torch.mul(centred, centred, out=both[:, d:])
    return both


def log_densities(means: torch.Tensor, covariances: torch.Tensor, priors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Offsets (k,) and weights (k, 2 d), so that offsets + with_squares(x, 0) @ weights.T are the logs of prior times Gaussian.

    Constants common to all Gaussians are left out.
    """
    inverse = 1 / covariances
    offsets = priors.log() - 0.5 * (covariances.log() + means**2 * inverse).sum(1)
    return offsets, torch.cat([means * inverse, -0.5 * inverse], 1)


def gmm(x: np.ndarray, k: int, iterations: int, seed: int) -> Gmm:
    """Gaussian mixture with diagonal covariances by EM from a k-means start. x: (n, d) float32.

    Returns means (k, d), covariances (k, d) and priors (k,), float32.
    """
    x = np.asarray(x, np.float32)
    bound = variance_floor(x)
    return em(x, start_from_centres(x, kmeans(x, k, 25, seed), bound), iterations, bound)


def em(x: np.ndarray, start: Gmm, iterations: int, bound: np.ndarray) -> Gmm:
    """EM steps from a given mixture, in blocks, until the mean log-likelihood gains under 1e-6. bound: (d,) least variances."""
    # Sums of squares cancel least about the mean of the data.
    shift = tensor(x.mean(0))
    data, floor = tensor(x), tensor(bound)
    means, covariances, priors = tensor(start["means"]) - shift, tensor(start["covariances"]), tensor(start["priors"])
    last, d = -np.inf, data.shape[1]
    for _ in range(iterations):
        offsets, weights = log_densities(means, covariances, priors)
        zero, sums, likelihood = torch.zeros_like(priors), means.new_zeros(len(priors), 2 * d), 0.0
        for block in data.split(BLOCK):
            both = with_squares(block, shift)
            share = affine(offsets, both, weights)
            top = share.amax(1, keepdim=True)
            share = share.sub_(top).clamp_min_(LEAST).exp_()
            total = share.sum(1, keepdim=True)
            likelihood += float((top + total.log()).double().sum()) / len(data)
            share /= total
            zero += share.sum(0)
            sums += gathered(share, both)
        # A Gaussian that lost its points keeps its place and the least prior instead of dividing by nothing.
        alive = (zero > 1e-3)[:, None]
        mass = zero.clamp_min(1e-3)[:, None]
        means = torch.where(alive, sums[:, :d] / mass, means)
        covariances = torch.where(alive, sums[:, d:] / mass - means**2, covariances).maximum(floor)
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
    return fisher_vectors(x, [len(x)], mixture)[0]


def fisher_vectors(x: np.ndarray, counts: list[int], mixture: Gmm) -> np.ndarray:
    """The Fisher vectors of several bags, whose descriptors x (n, d) lie one after another: (bags, 2 k d) float32.

    counts: descriptors of each bag.
    """
    means, covariances, priors = (tensor(mixture[key]) for key in ("means", "covariances", "priors"))
    data, shift = tensor(x), means.mean(0)
    means = means - shift
    # The squares of a distance's terms cancel: where they are so large that float32 would show it, count in float64.
    reach = float((torch.maximum(data.amax(0) - shift, shift - data.amin(0)) ** 2 / covariances).sum(1).max())
    if reach > 1e7 or float((means**2 / covariances).sum(1).max()) > 1e6:
        shift, means, covariances, priors = shift.double(), means.double(), covariances.double(), priors.double()
    (k, d), bags = means.shape, len(counts)
    zero, sums = (torch.zeros(bags, k, size, dtype=torch.float64, device=means.device) for size in (1, 2 * d))
    offsets, weights = log_densities(means, covariances, priors)
    scale, shares = covariances.rsqrt(), priors.log() - 0.5 * covariances.log().sum(1)
    owners = torch.repeat_interleave(torch.tensor(counts, device=data.device))
    for part, bag in zip(data.split(BLOCK), owners.split(BLOCK), strict=True):
        both, first, last = with_squares(part, shift), int(bag[0]), int(bag[-1]) + 1
        pairs = candidates(both, offsets, weights)
        if pairs is None:
            if reach > 1e4:
                both = with_squares(part, shift.double())
            density = affine(offsets.to(both.dtype), both, weights.to(both.dtype))
            share = torch.threshold_(density.softmax(1), SHARE, 0.0)
            sizes = torch.bincount(bag - first).tolist()
            for i, mine, values in zip(range(first, last), share.split(sizes), both.split(sizes), strict=True):
                zero[i] += mine.sum(0)[:, None]
                sums[i] += gathered(mine, values)
        else:
            rows, words = pairs
            share = posteriors(rows, words, both[:, :d], means, scale, shares)
            cell = (bag[rows] - first) * k + words
            shape = ((last - first) * k, len(part))
            table = torch.sparse_coo_tensor(torch.stack([cell, rows]), share, shape, check_invariants=False)
            zero[first:last].view(-1).index_add_(0, cell, share.double())
            sums[first:last] += torch.sparse.mm(table, both).view(-1, k, 2 * d)
    return gradients(zero, sums, torch.tensor(counts, device=data.device), means, covariances, priors).cpu().numpy()


def gradients(
    zero: torch.Tensor,
    sums: torch.Tensor,
    counts: torch.Tensor,
    means: torch.Tensor,
    covariances: torch.Tensor,
    priors: torch.Tensor,
) -> torch.Tensor:
    """Fisher vectors (bags, 2 k d) float32 from the sums of posteriors (bags, k, 1), of x and of its squares (bags, k, 2 d)."""
    means, covariances, priors = means.double(), covariances.double(), priors.double()[:, None]
    rows = counts.clamp_min(1)[:, None, None]
    first, second = sums.chunk(2, 2)
    about = first - zero * means
    u = about / ((covariances * priors).sqrt() * rows)
    v = ((second - means * (first + about)) / covariances - zero) / ((2 * priors).sqrt() * rows)
    return torch.cat([u.flatten(1), v.flatten(1)], 1).float()


def candidates(both: torch.Tensor, offsets: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Rows and Gaussians of the pairs that may have a posterior, if in every block they are at most one in FEW, as with most real
    descriptors; else None. both, offsets, weights: of `with_squares` and `log_densities`.
    """
    k, step, found = len(offsets), BLOCK if both.is_cuda else ROWS, []
    if k < FEW:
        return None  # every row has one at least
    for first, block in zip(range(0, len(both), step), both.split(step), strict=True):
        density = affine(offsets, block, weights)
        # Wider than the cut by what rounding may have done to the densities.
        least = density.amax(1, keepdim=True) + (np.log(SHARE) - 1)
        if density.is_cuda:
            flat = torch.nonzero((density > least).flatten())[:, 0]
        else:  # numpy is four times as fast on a processor
            flat = torch.from_numpy(np.flatnonzero(density.numpy() > least.numpy()))
        if len(flat) > density.numel() / FEW:
            return None
        found.append(flat + first * k)
    flat = torch.cat(found)
    rows = flat // k
    return rows, flat - rows * k


def posteriors(
    rows: torch.Tensor, words: torch.Tensor, x: torch.Tensor, means: torch.Tensor, scale: torch.Tensor, offsets: torch.Tensor
) -> torch.Tensor:
    """The posteriors of pairs of rows of x (n, d) and Gaussians, those of a row summing to one, cut at SHARE.

    Their log densities are counted from the differences, which do not cancel: offsets (k,) less half the squares of
    (x - means) * scale.
    """
    # A Gaussian that is alone has the whole descriptor, whatever its density.
    rivals = torch.nonzero(torch.bincount(rows, minlength=len(x)).index_select(0, rows) > 1)[:, 0]
    row, word = rows.index_select(0, rivals), words.index_select(0, rivals)
    apart = x.index_select(0, row).sub_(means.index_select(0, word)).mul_(scale.index_select(0, word))
    exact = x.new_zeros(len(rows))
    exact[rivals] = offsets.index_select(0, word) - 0.5 * torch.linalg.vecdot(apart, apart)
    top = x.new_full((len(x),), -torch.inf).scatter_reduce_(0, rows, exact, "amax")
    share = exact.sub_(top.index_select(0, rows)).exp_()
    total = x.new_zeros(len(x)).index_add_(0, rows, share)
    return torch.threshold_(share / total.index_select(0, rows), SHARE, 0.0)


def vlad(x: np.ndarray, centres: np.ndarray, nearest: int, sigma: float) -> np.ndarray:
    """Sum over x (n, d) of each row's residuals to its `nearest` centres (k, d), weighed by exp(-d^2 / (2 sigma^2)) scaled to sum
    to one; not normalised, (k d,) float32. The smallest distance is subtracted first: far-off rows keep weights.
    """
    return vlads(x, [len(x)], centres, nearest, sigma)[0]


def vlads(x: np.ndarray, counts: list[int], centres: np.ndarray, nearest: int, sigma: float) -> np.ndarray:
    """The VLADs of several bags, whose descriptors x (n, d) lie one after another, counts of each: (bags, k d) float32."""
    means = tensor(centres)
    shift = means.mean(0)
    data, means = tensor(x) - shift, means - shift
    if nearest == 1:
        chosen = nearest_centres(data, means)[0][:, None]
        kernel = torch.ones_like(chosen, dtype=torch.float32)
    else:
        chosen, low = (
            torch.cat(parts) for parts in zip(*(few_nearest(block, means, nearest) for block in data.split(ROWS)), strict=True)
        )
        kernel = torch.softmax(-low.double() / (2 * sigma**2), 1).float()
    found = []
    for rows, words, weights in zip(data.split(counts), chosen.split(counts), kernel.split(counts), strict=True):
        mass = torch.zeros(len(means), device=means.device).index_add_(0, words.flatten(), weights.flatten())
        if words.shape[1] == 1:
            sums = torch.zeros_like(means).index_add_(0, words[:, 0], rows)
        else:
            sums = gathered(torch.zeros(len(rows), len(means), device=means.device).scatter_(1, words, weights), rows)
        found.append((sums - mass[:, None] * means).flatten())
    return torch.stack(found).cpu().numpy()
