"""The mean of the descriptors: global activations, average pooling."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """Average pooling (paper B, Table 2: AP10, AP50; one crop alone: CNN-FC7)."""

    mean_type = True
    learned = False

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        return {}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Descriptors (n, d) -> (d,)."""
        return x.mean(0)
