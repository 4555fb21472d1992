"""Cross-convolutional-layer pooling (paper D, Liu et al., CVPR 2015)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    """Each feature map of the next layer weighs the descriptors of one pooling channel. There are no parameters and no codebook."""

    mean_type = False
    learned = False
    guided = True

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        return {}

    def encode(self, x: np.ndarray, guide: np.ndarray, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Paper D, Eq. 2: P_k = sum over i of x_i a_ik. x: (n, d). guide: a (n, K), of the same units. Returns (K d,)."""
        return (guide.T @ x).reshape(-1)
