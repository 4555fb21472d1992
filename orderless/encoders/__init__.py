"""Encoders: the descriptors of one level of one image become one vector.

An encoder is one file, `<kind>.py`, which the catalog finds by its `kind`, and scikit-learn by
`orderless.OrderlessPooling("<kind>")`. The file has a class `Encoder`, a frozen dataclass. Its fields are the catalog's
parameters, numbers above 0. It has

    fit(x, backend, seed)                the codebook of descriptors x (n, d): a dict of arrays, empty if nothing is learned
    encode(x, guide, codebook, backend)  the vector (D,) float32 of descriptors x (n, d)
    learned                              whether it has a codebook
    mean_type                            whether the vector of two bags in one is the mean of theirs, weighted by their counts

and may have

    encode_many(x, counts, codebook, backend)  the vectors (bags, D) of several bags, if that is faster; counts: descriptors of each
    guided = True                              `encode` weighs descriptors by another layer, guide (n, g), which is None otherwise
    supervised = True                          it is trained with labels, by fit_labelled(bags, targets, seed) instead of `fit`
    sparse = True                              it makes bags of words, by encode_words(x, ends, codebook) instead of `encode`

mean        the mean of the descriptors
max         their largest value in each dimension
fisher      Fisher vectors
vlad        VLAD
sparse      sparse-coding Fisher vectors
crosslayer  cross-layer pooling: descriptors weighted by the maps of the next layer
guided      cross-layer pooling with a guidance layer that is trained with labels
bow         bags of words, for retrieval
"""

import importlib
import pkgutil
import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from orderless.errors import OrderlessError, nearest
from orderless.files.seeds import seed

SPARSE = 4  # training descriptors for each word, where the configured words are more than there are descriptors


def kinds() -> list[str]:
    """The kinds of encoders: the names of the modules of this package."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(kind: str, where: str = "encoder") -> Any:
    """The class of a kind of encoder. where: names the key or object that asks for it, for an error."""
    if kind not in kinds():
        raise OrderlessError(f"{where}: kind '{kind}' does not exist.{nearest(kind, kinds())}")
    module = importlib.import_module(f"orderless.encoders.{kind}")
    missing = [name for name in ("learned", "mean_type") if not hasattr(getattr(module, "Encoder", None), name)]
    if missing:
        raise OrderlessError(f"{module.__file__}: has no Encoder with '{missing[0]}'. See orderless/encoders/__init__.py.")
    return module.Encoder


def make(entry: dict[str, Any], where: str = "encoder") -> Any:
    """The encoder of a catalog entry, {kind: ..., and its parameters}.

    where: names the entry, for an error. Raises OrderlessError for a kind or a parameter that does not exist, or a value that is no
    number above 0, or no whole number where one is needed.
    """
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


def fit(entry: dict[str, Any], x: np.ndarray, backend, *seed_names) -> dict[str, np.ndarray]:
    """The codebook of an encoder's catalog entry, trained on descriptors x (n, d), with a warning where it gets fewer words.

    seed_names: of `files.seeds.seed`.
    """
    encoder, wanted = fitted_to(make(entry), len(x)), make(entry)
    if encoder != wanted:
        warnings.warn(f"{wanted.words} words are too many for {len(x)} descriptors: {encoder.words} are learned.", stacklevel=2)
    return encoder.fit(x, backend, seed(*seed_names))


def fitted_to(encoder: Any, descriptors: int) -> Any:
    """The encoder, with fewer words where the training descriptors are fewer than its words: then one for every SPARSE of them."""
    possible = getattr(encoder, "words", 0) <= descriptors
    return encoder if possible else replace(encoder, words=descriptors // SPARSE or 1)


def is_sparse(encoder: Any) -> bool:
    """Whether an encoder makes bags of words, which are searched with and not classified."""
    return bool(getattr(encoder, "sparse", False))


def is_guided(encoder: Any) -> bool:
    """Whether an encoder weighs descriptors by the activations of another layer at the same places, the guide."""
    return bool(getattr(encoder, "guided", False))


def is_supervised(encoder: Any) -> bool:
    """Whether the codebook of an encoder is trained with the labels of images, by `fit_labelled`."""
    return bool(getattr(encoder, "supervised", False))


def encode_bags(encoder: Any, x: np.ndarray, guide: np.ndarray | None, counts: list[int], codebook: dict, backend) -> np.ndarray:
    """The vectors of several bags: (bags, D) float32.

    x: (n, d), the descriptors of all bags, one bag after another. guide: (n, g) or None. counts: of each bag, none of them 0.
    """
    if hasattr(encoder, "encode_many"):
        return encoder.encode_many(x, counts, codebook, backend)
    ends = np.cumsum(counts)
    rows = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    return np.stack([encoder.encode(x[bag], None if guide is None else guide[bag], codebook, backend) for bag in rows])
