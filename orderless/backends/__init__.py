"""Backends: the same mathematics twice.

    vlfeat    VLFeat, through cyvlfeat
    torch     dense matrix products; `products` writes them so that they are fast
    mixtures  what both ask of a Gaussian mixture

Both backends have the functions kmeans(x, k, iterations, seed), gmm(x, k, iterations, seed), fisher_vector(x, gmm) and
vlad(x, centres, nearest, sigma), and of the last two a plural for several bags at once; on numpy arrays.
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
