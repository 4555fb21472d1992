"""Seeds from names (of the data set, the stage, the representation), so that no result depends on the order of the jobs."""

import hashlib

import numpy as np


def seed(*names) -> int:
    """A 32-bit seed from the names of what is drawn, for example seed(0, "digit-scenes", "codebook", "mpp")."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, names)).encode()).digest()[:4], "little")


def generator(*names) -> np.random.Generator:
    """A numpy generator seeded by the same names."""
    return np.random.default_rng(seed(*names))
