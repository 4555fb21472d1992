"""Matrix products as convolutions of 1 x 1.

torch computes its matrix products with MKL, which leaves half of the width of some processors unused (AMD's with AVX-512), and its
convolutions with oneDNN, which does not: there they take half of the time, elsewhere as long. A dilation means nothing to a kernel
of one, but without it torch goes back to MKL on a single thread.
"""

import torch
from torch.backends.mkldnn import is_available
from torch.nn.functional import conv2d
from torch.nn.grad import conv2d_weight

SMALL = 20_480  # values up to which torch does not hand a convolution of one map to oneDNN


def as_map(x: torch.Tensor) -> torch.Tensor:
    """(n, d) as a channels-last map of n positions: (1, d, n, 1)."""
    return x.contiguous()[None, :, None].permute(0, 3, 1, 2)


def native(x: torch.Tensor) -> bool:
    """Whether torch's own product is as good: on a GPU, of another type than float32, small, or without oneDNN."""
    return x.is_cuda or x.dtype != torch.float32 or x.numel() <= SMALL or not is_available()


def affine(offsets: torch.Tensor, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """offsets + x @ weights.T. offsets (k,), x (n, d), weights (k, d). Returns (n, k)."""
    if native(x):
        return torch.addmm(offsets, x, weights.T)
    return conv2d(as_map(x), weights[:, :, None, None], offsets, dilation=2)[0, :, :, 0].T


def gathered(shares: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """shares.T @ x, the sum over rows of their outer products. shares (n, k), x (n, d). Returns (k, d)."""
    if native(x):
        return shares.T @ x
    k, d = shares.shape[1], x.shape[1]
    return conv2d_weight(as_map(x), (k, d, 1, 1), as_map(shares), dilation=2).view(k, d)
