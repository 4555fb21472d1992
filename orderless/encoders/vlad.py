"""Vectors of locally aggregated descriptors (Jegou et al. 2010) with kernel assignment, as in paper A (MOP-CNN)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """words: k-means centres. nearest, sigma: a descriptor is shared among so many centres, by a Gaussian kernel of its distance to
    them, sigma in the units of the descriptors. iterations: of k-means.
    """

    words: int = 100
    nearest: int = 5
    sigma: float = 10.0
    iterations: int = 10

    mean_type = False
    learned = True

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        """The k-means centres (k, d) of training descriptors x (n, d)."""
        return {"centres": backend.kmeans(x, self.words, self.iterations, seed)}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Descriptors (n, d) -> (k d,): the weighted sum of their residuals to the centres, not normalised."""
        return backend.vlad(x, codebook["centres"], self.nearest, self.sigma)

    def encode_many(self, x: np.ndarray, counts: list[int], codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """The same for several bags: (bags, k d). x: the descriptors of all bags. counts: of each bag."""
        return backend.vlads(x, counts, codebook["centres"], self.nearest, self.sigma)
