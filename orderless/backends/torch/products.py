"""Matrix products as convolutions with kernels of 1 x 1.

torch computes matrix products with MKL, which uses only half of the vector width of some processors (AMD's with AVX-512), and
convolutions with oneDNN, which uses all of it. On these processors a convolution takes half of the time of a product, on others as
long. The dilation has no effect on a kernel of 1 x 1, but without it torch takes MKL on a single thread.
"""

import torch
from torch.backends.mkldnn import is_available
from torch.nn.functional import conv2d
from torch.nn.grad import conv2d_weight

SMALL = 20_480  # torch computes a convolution of so few values without oneDNN


def as_map(x: torch.Tensor) -> torch.Tensor:
    """(n, d) as a channels-last map of n positions: (1, d, n, 1)."""
    return x.contiguous()[None, :, None].permute(0, 3, 1, 2)


def use_native(x: torch.Tensor) -> bool:
    """Whether torch's own product is as fast: on a GPU, in another type than float32, for few values, or without oneDNN."""
    return x.is_cuda or x.dtype != torch.float32 or x.numel() <= SMALL or not is_available()


def affine(offsets: torch.Tensor, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """offsets + x @ weights.T. offsets (k,), x (n, d), weights (k, d). Returns (n, k)."""
    if use_native(x):
        return torch.addmm(offsets, x, weights.T)
    return conv2d(as_map(x), weights[:, :, None, None], offsets, dilation=2)[0, :, :, 0].T


def weighted_sums(shares: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """shares.T @ x: for each of k columns of shares (n, k) the weighted sum of the rows of x (n, d). Returns (k, d)."""
    if use_native(x):
        return shares.T @ x
    k, d = shares.shape[1], x.shape[1]
    return conv2d_weight(as_map(x), (k, d, 1, 1), as_map(shares), dilation=2).view(k, d)
