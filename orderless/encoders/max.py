"""The maximum of the descriptors in each dimension: max pooling, and with `regions` spatial pyramid pooling."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """Max pooling (paper D, Sec. 4.3.2: direct max; with a grid of regions the spatial pyramid pooling of He et al. 2014)."""

    mean_type = False
    learned = False

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        return {}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Descriptors (n, d) -> (d,)."""
        return x.max(0)
