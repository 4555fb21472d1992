"""Backends: k-means, Gaussian mixtures, Fisher vectors and VLAD, computed by VLFeat or by torch.

In: numpy arrays of descriptors. Out: numpy arrays. Both backends have the same functions: kmeans(x, k, iterations, seed),
gmm(x, k, iterations, seed), fisher_vector(x, mixture) and vlad(x, centres, nearest, sigma); fisher_vectors and vlads do the same
for several bags of descriptors at once.

vlfeat    by VLFeat, through cyvlfeat
torch/    by matrix products with torch
mixtures  the start of EM, and checks of a Gaussian mixture, for both
"""

import ctypes
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError, nearest

BACKENDS = {"vlfeat": "VLFeat 0.9.21 through cyvlfeat", "torch": "torch, dense matrix products"}  # as reports call them


def pick(name: str) -> str:
    """The backend that a name stands for: `vlfeat`, `torch`, or `auto` for VLFeat if it is installed, else torch.

    Raises OrderlessError if there is no backend of that name, or if it is not installed.
    """
    if name == "auto":
        return "vlfeat" if has_vlfeat() else "torch"
    if name not in BACKENDS:
        raise OrderlessError(f"backend '{name}' does not exist.{nearest(name, [*BACKENDS, 'auto'])}")
    if name == "vlfeat" and not has_vlfeat():
        raise not_installed(name, "cyvlfeat, or the library that it is linked to, is not there")
    return name


@cache
def has_vlfeat() -> bool:
    """Whether VLFeat can be loaded: its binding, and the library that this is linked to. Found without importing it (2 s)."""
    spec = importlib.util.find_spec("cyvlfeat")
    folder = Path(spec.origin).parent if spec and spec.origin else Path("nowhere")
    try:
        return any(ctypes.CDLL(str(file)) for file in folder.glob("kmeans/cykmeans*.so"))
    except OSError:
        return False


def not_installed(name: str, why: object) -> OrderlessError:
    """The error for a backend that cannot be loaded."""
    return OrderlessError(
        f"encoding.backend '{name}' is not installed ({why}). Install it (README, 'VLFeat and torch'), "
        "or set encoding.backend: torch, which needs nothing more."
    )


def get(name: str, device: str = "auto") -> Any:
    """The backend of a name in `encoding.backend`: `vlfeat` or `torch`, an object with the functions named above.

    device: that torch computes on: `cpu`, `cuda`, or `auto` for the GPU if there is one. VLFeat has no GPU code.
    """
    try:
        backend = importlib.import_module(f"orderless.backends.{name}")
        return backend.on(device) if name == "torch" else backend
    except ImportError as error:
        raise not_installed(name, error) from error
