"""Seeds from named axes, so that no result depends on the order in which jobs run."""

import hashlib

import numpy as np


def seed(*axes) -> int:
    """A 32-bit seed from the names of what is being done, e.g. seed(0, "digit-scenes", "codebook", "mpp")."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, axes)).encode()).digest()[:4], "little")


def generator(*axes) -> np.random.Generator:
    """A numpy generator seeded by the named axes."""
    return np.random.default_rng(seed(*axes))
