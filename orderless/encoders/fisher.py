"""Fisher vectors (Perronnin et al. 2010), as in papers B (NFK, CSF, MPP)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """words: Gaussians of the mixture. iterations: EM steps."""

    words: int = 256
    iterations: int = 100

    mean_type = True
    learned = True

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        """x: (n, d) training descriptors. Returns means (K, d), covariances (K, d), priors (K,)."""
        return backend.gmm(x, self.words, self.iterations, seed)

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """(n, d) -> (2 K d,): the mean gradient of the log-likelihood (the summand of paper B's Eq. 1), not normalised."""
        return backend.fisher_vector(x, codebook)

    def encode_many(self, x: np.ndarray, counts: list[int], codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Several bags, one after another in x: (bags, 2 K d)."""
        return backend.fisher_vectors(x, counts, codebook)
