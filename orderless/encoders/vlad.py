"""Vectors of locally aggregated descriptors (Jegou et al. 2010) with kernel assignment, as in paper A (MOP-CNN)."""

from dataclasses import dataclass

import numpy as np


def kernel_weights(x: np.ndarray, centres: np.ndarray, nearest: int, sigma: float) -> np.ndarray:
    """(n, k) weights: exp(-d^2 / (2 sigma^2)) over the `nearest` centres of each row, scaled to sum to one.

    The smallest distance is subtracted first: far-off descriptors keep weights that sum to one instead of 0 / 0.
    """
    centres = centres.astype(np.float64)
    squared = (x**2).sum(1, keepdims=True) - 2 * x @ centres.T + (centres**2).sum(1)
    chosen = np.argsort(squared, axis=1, kind="stable")[:, :nearest]
    distance = np.take_along_axis(squared, chosen, 1)
    kernel = np.exp(-(distance - distance[:, :1]) / (2 * sigma**2))
    weights = np.zeros_like(squared)
    np.put_along_axis(weights, chosen, kernel / kernel.sum(1, keepdims=True), 1)
    return weights.astype(np.float32)


@dataclass(frozen=True)
class Encoder:
    """words: k-means centres. nearest, sigma: the assignment kernel. iterations: Lloyd steps."""

    words: int = 100
    nearest: int = 5
    sigma: float = 10.0
    iterations: int = 10

    mean_type = False
    learned = True

    def fit(self, x: np.ndarray, engine, seed: int) -> dict[str, np.ndarray]:
        """x: (n, d) training descriptors. Returns centres (k, d)."""
        return {"centres": engine.kmeans(x, self.words, self.iterations, seed)}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], engine) -> np.ndarray:
        """(n, d) -> (k d,): the weighted sum of residuals, not normalised."""
        centres = codebook["centres"]
        return engine.vlad(x, centres, kernel_weights(x, centres, self.nearest, self.sigma))
