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
        """The mixture of training descriptors x (n, d): means (K, d), covariances (K, d), priors (K,)."""
        return backend.gmm(x, self.words, self.iterations, seed)

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Descriptors (n, d) -> (2 K d,): the gradient of the mean log-likelihood (a summand of paper B, Eq. 1), not normalised."""
        return backend.fisher_vector(x, codebook)

    def encode_many(self, x: np.ndarray, counts: list[int], codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """The same for several bags: (bags, 2 K d). x: the descriptors of all bags. counts: of each bag."""
        return backend.fisher_vectors(x, counts, codebook)
