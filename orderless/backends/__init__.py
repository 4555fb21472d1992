"""Backends: k-means, Gaussian mixtures, Fisher vectors and VLAD, computed by VLFeat or by torch.

In: numpy arrays of descriptors. Out: numpy arrays. Both backends have the same functions: kmeans(x, k, iterations, seed),
gmm(x, k, iterations, seed), fisher_vector(x, mixture) and vlad(x, centres, nearest, sigma); fisher_vectors and vlads do the same
for several bags of descriptors at once.

vlfeat    by VLFeat, through cyvlfeat
torch/    by matrix products with torch
mixtures  the start of EM, and checks of a Gaussian mixture, for both
"""

import importlib
import importlib.util
from types import ModuleType

from orderless.errors import OrderlessError, nearest

BACKENDS = ("vlfeat", "torch")


def pick(name: str) -> str:
    """The backend that a name stands for: `vlfeat`, `torch`, or `auto` for VLFeat if it is installed, else torch.

    Raises OrderlessError if there is no backend of that name, or if it is not installed.
    """
    if name == "auto":
        return "vlfeat" if importlib.util.find_spec("cyvlfeat") else "torch"
    if name not in BACKENDS:
        raise OrderlessError(f"backend '{name}' does not exist.{nearest(name, [*BACKENDS, 'auto'])}")
    get(name)
    return name


def get(name: str) -> ModuleType:
    """The backend of a name in `encoding.backend`: `vlfeat` or `torch`."""
    try:
        return importlib.import_module(f"orderless.backends.{name}")
    except ImportError as error:
        raise OrderlessError(
            f"encoding.backend '{name}' is not installed ({error}). Install it (README, 'VLFeat'), "
            "or set encoding.backend: torch, which needs nothing more."
        ) from error
