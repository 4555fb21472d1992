"""k-means, GMM, Fisher vectors and VLAD as dense matrix products with torch, on CPU or GPU.

Distances and log densities are affine in x, or in x and its squares side by side: each needs one matrix product, and one more
product sums all statistics.

centres    k-means and VLAD
gaussians  Gaussian mixtures by EM
fisher     Fisher vectors
products   matrix products that are fast on every processor
"""

from functools import partial
from types import SimpleNamespace

from orderless.backends.torch.centres import kmeans, vlad, vlads
from orderless.backends.torch.fisher import fisher_vector, fisher_vectors
from orderless.backends.torch.gaussians import gmm

FUNCTIONS = (fisher_vector, fisher_vectors, gmm, kmeans, vlad, vlads)


def on(device: str) -> SimpleNamespace:
    """The functions of this backend on a device: `cpu`, `cuda`, or `auto` for the GPU if there is one."""
    return SimpleNamespace(**{function.__name__: partial(function, device=device) for function in FUNCTIONS})
