"""Vectors of locally aggregated descriptors (Jegou et al. 2010) with kernel assignment, as in paper A (MOP-CNN)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """words: k-means centres. nearest, sigma: the assignment kernel. iterations: Lloyd steps."""

    words: int = 100
    nearest: int = 5
    sigma: float = 10.0
    iterations: int = 10

    mean_type = False
    learned = True

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        """x: (n, d) training descriptors. Returns centres (k, d)."""
        return {"centres": backend.kmeans(x, self.words, self.iterations, seed)}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """(n, d) -> (k d,): the weighted sum of residuals, not normalised."""
        return backend.vlad(x, codebook["centres"], self.nearest, self.sigma)

    def encode_many(self, x: np.ndarray, counts: list[int], codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Several bags, one after another in x: (bags, k d)."""
        return backend.vlads(x, counts, codebook["centres"], self.nearest, self.sigma)
