"""Encoders: the descriptors of one level of one image become one vector.

One file each, and nothing else: the catalog takes it by `kind`, scikit-learn by `orderless.OrderlessPooling("kind")`. A file
`kind.py` defines `Encoder`, a frozen dataclass whose fields are the catalog's parameters (numbers above 0), with
`fit(x, backend, seed) -> codebook` (a dict of arrays, empty where nothing is learned), `encode(x, guide, codebook, backend)
-> (D,) float32`, `learned`: whether it has a codebook, and `mean_type`: whether the vector of two bags is the count-weighted
mean of theirs. One that is faster with several bags at once also has `encode_many(x, counts, codebook, backend)`. One whose
class says `guided` weighs descriptors by another layer, `guide` (n, g); `supervised`, is trained with labels, by `fit_labelled`;
`sparse`, makes bags of words instead, by `encode_words`.
"""

import importlib
import pkgutil
from numbers import Integral, Real
from typing import Any

import numpy as np

from orderless.errors import OrderlessError, nearest
from orderless.files.seeds import seed


def kinds() -> list[str]:
    """The encoders that exist: the modules of this package."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(kind: str, where: str = "encoder") -> Any:
    """The class of a kind of encoder. where: names who asks in an error."""
    if kind not in kinds():
        raise OrderlessError(f"{where}: kind '{kind}' does not exist.{nearest(kind, kinds())}")
    module = importlib.import_module(f"orderless.encoders.{kind}")
    missing = [name for name in ("learned", "mean_type") if not hasattr(getattr(module, "Encoder", None), name)]
    if missing:
        raise OrderlessError(f"{module.__file__}: has no Encoder with '{missing[0]}'. See orderless/encoders/__init__.py.")
    return module.Encoder


def make(entry: dict[str, Any], where: str = "encoder") -> Any:
    """The encoder of a catalog entry {kind: ..., parameters}. where: names the entry in an error."""
    parameters = dict(entry)
    kind = parameters.pop("kind")
    encoder = find(kind, where)
    for name, value in parameters.items():
        fields = encoder.__dataclass_fields__
        if name not in fields:
            raise OrderlessError(f"{where}: '{kind}' has no parameter '{name}'.{nearest(name, fields)}")
        if not isinstance(value, Real) or isinstance(value, bool) or value <= 0:
            raise OrderlessError(f"{where}: '{name}' is {value!r}; a number above 0 is needed.")
        if fields[name].type in (int, "int") and not isinstance(value, Integral):
            raise OrderlessError(f"{where}: '{name}' is {value!r}; a whole number is needed.")
    return encoder(**parameters)


def fit(entry: dict[str, Any], x: np.ndarray, backend, *axes) -> dict[str, np.ndarray]:
    """The codebook of an encoder's catalog entry, trained on descriptors x (n, d). axes: name the random draw (`files.seeds`)."""
    return make(entry).fit(x, backend, seed(*axes))


def is_sparse(encoder: Any) -> bool:
    """Whether an encoder makes bags of words, which are searched and not classified."""
    return bool(getattr(encoder, "sparse", False))


def is_guided(encoder: Any) -> bool:
    """Whether an encoder weighs descriptors by a guide, another layer at the same places."""
    return bool(getattr(encoder, "guided", False))


def is_supervised(encoder: Any) -> bool:
    """Whether the codebook of an encoder is trained with the labels of images, by `fit_labelled`."""
    return bool(getattr(encoder, "supervised", False))


def encode_bags(encoder: Any, x: np.ndarray, guide: np.ndarray | None, counts: list[int], codebook: dict, backend) -> np.ndarray:
    """The vectors of several bags, none of them empty, whose descriptors x (n, d) lie one after another: (bags, D) float32."""
    if hasattr(encoder, "encode_many"):
        return encoder.encode_many(x, counts, codebook, backend)
    ends = np.cumsum(counts)
    cuts = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    return np.stack([encoder.encode(x[cut], None if guide is None else guide[cut], codebook, backend) for cut in cuts])
