"""What all estimators share: reading bags of descriptors, learning projection and codebook, encoding."""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from orderless import backends, encoders
from orderless.activations.projection import apply_projection, fit_projection
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import check_entry
from orderless.errors import OrderlessError, nearest
from orderless.files.seeds import generator
from orderless.representations.bags import Bag
from orderless.representations.encoding import encode_bag, storable
from orderless.representations.normalisation import STEPS, normalise


def depth(item: Any) -> int:
    """The dimensions of an array, or of nested lists, by their first items."""
    if isinstance(item, (list, tuple)) or (getattr(item, "dtype", None) == np.dtype(object) and item.ndim == 1):
        return 1 + (depth(item[0]) if len(item) else 0)
    return getattr(item, "ndim", 0)


@dataclass(kw_only=True, eq=False, repr=False)
class BagEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The base of all estimators. A subclass names an encoder by `_kind`, and has its parameters as fields.

    projection: None; the number of principal components to which descriptors are projected first; or a projection as in the
    catalog, {pca: 128, centre: true, whiten: false, unit: false}. normalisation: steps applied to the pooled vector, of `l2`,
    `signed_sqrt` and `sign`. descriptors: projection and codebook are learned on at most so many, drawn from those of all images.
    random_state: a number, or None for a new draw each time.

    After `fit`: `codebook_` and `projection_`, dicts of arrays, empty if nothing is learned; `n_features_in_`.
    """

    projection: int | dict[str, Any] | None = None
    normalisation: tuple[str, ...] = ("signed_sqrt", "l2")
    descriptors: int = DEFAULTS["sample"]["descriptors"]
    random_state: Any = 0

    _kind = ""
    _steps = tuple(STEPS)
    _pooling = ("mean",)  # over levels, of which most estimators have one

    def fit(self, X: Any, y: Any = None) -> "BagEncoder":
        """Learn projection and codebook on the descriptors of images. y: labels, for encoders that are trained with them."""
        bags, encoder, backend, state = self._read(X, reset=True), self._encoder(), self._backend(), self.random_state
        seed = int(state) if isinstance(state, Integral) else int(check_random_state(state).randint(2**31))
        x = np.concatenate([bag.x for bag in bags])
        least = max(getattr(encoder, "words", 1), 1 if self.projection is None else 2)
        if len(x) < least:
            raise ValueError(
                f"{type(self).__name__}: {len(x)} descriptors of {len(bags)} samples, at least {least} are needed. "
                "Fit on more images, or lower `words`."
            )
        if len(x) > self.descriptors:
            x = x[np.sort(generator(seed, "descriptors").permutation(len(x))[: self.descriptors])]
        self._fit_projection(x)
        for bag in bags:
            bag.x = self._project(bag.x)
        self.codebook_ = self._learn(encoder, backend, self._project(x), bags, y, seed)
        self._n_features_out = self._vectors([bag for bag in bags if len(bag.x)][:1]).shape[1]
        return self

    def transform(self, X: Any) -> Any:
        """The vectors of images: (images, D) float32."""
        check_is_fitted(self)
        bags = self._read(X)
        for bag in bags:
            bag.x = self._project(bag.x)
        return self._vectors(bags)

    def _entry(self) -> dict[str, Any]:
        """The encoder and its parameters as an entry of the catalog."""
        fields = encoders.find(self._kind).__dataclass_fields__
        return {"kind": self._kind} | {name: value for name, value in self.get_params(deep=False).items() if name in fields}

    def _encoder(self) -> Any:
        """The encoder. Raises OrderlessError if a parameter is not valid."""
        return encoders.make(self._entry(), type(self).__name__)

    def _backend(self) -> Any:
        """The backend, or None for an encoder that needs none."""
        if not hasattr(self, "backend"):
            return None
        self._check("backend", self.backend, backends.BACKENDS)
        return backends.get(self.backend)

    def _check(self, name: str, value: str, valid: Iterable[str]) -> None:
        """Raise OrderlessError if the value of a parameter is not one of the valid ones."""
        if value not in valid:
            raise OrderlessError(f"{type(self).__name__}: {name} '{value}' does not exist.{nearest(value, valid)}")

    def _read(self, X: Any, reset: bool = False) -> list[Bag]:
        """The descriptors of images, checked. reset: whether they set the number of dimensions, as in `fit`, or must have it."""
        for step in self.normalisation:
            self._check("normalisation", step, self._steps)
        if depth(X) < 3:
            return [self._bag(row[None], "X") for row in validate_data(self, X, dtype=np.float32, reset=reset)]
        if reset:
            self.__dict__.pop("n_features_in_", None)
        return [self._bag(item, f"X[{place}]") for place, item in enumerate(X)]

    def _bag(self, item: Any, where: str) -> Bag:
        """The bag of one item of X. where: names the item in an error."""
        return Bag.of_levels([self._array(item, where)])

    def _array(self, item: Any, where: str) -> np.ndarray:
        """Descriptors (n, d) float32, which must be finite, and have as many dimensions as the first ones read."""
        array = check_array(item, dtype=np.float32, ensure_min_samples=0, input_name=where)
        if array.shape[1] != self.__dict__.setdefault("n_features_in_", array.shape[1]):
            name = type(self).__name__
            raise ValueError(f"{where} has {array.shape[1]} features, but {name} is expecting {self.n_features_in_}.")
        return array

    def _fit_projection(self, x: np.ndarray) -> None:
        """Learn the projection of descriptors (n, d), if there is one."""
        self.projection_: dict[str, np.ndarray] = {}
        if self.projection is not None:
            choice = self._projection_entry()
            check_entry("projections", "projection", choice)
            self.projection_ = fit_projection(x, choice)

    def _projection_entry(self) -> dict[str, Any]:
        """The projection as an entry of the catalog."""
        return self.projection if isinstance(self.projection, dict) else {"pca": int(self.projection or 0)}

    def _project(self, x: np.ndarray) -> np.ndarray:
        """Descriptors (n, d) after the projection, if there is one."""
        return apply_projection(x, self._projection_entry(), self.projection_) if self.projection_ else x

    def _learn(self, encoder: Any, backend: Any, x: np.ndarray, bags: list[Bag], y: Any, seed: int) -> dict[str, np.ndarray]:
        """The codebook. x: the sample of descriptors. bags: all of them. y: labels, or None."""
        return encoder.fit(x, backend, seed)

    def _vectors(self, bags: list[Bag]) -> Any:
        """The vectors of bags whose descriptors are projected."""
        encoder, backend, steps = self._encoder(), self._backend(), list(self.normalisation)
        row = {"pooling": self._pooling_steps(), "normalisation": steps}
        # joblib passes large arrays as read-only memory maps, which cyvlfeat does not take: they are copied.
        codebook = {name: np.require(array, requirements="W") for name, array in self.codebook_.items()}
        zeros = np.zeros(getattr(self, "_n_features_out", 0), np.float32)
        vectors = [encode_bag(bag, {"": row}, encoder, codebook, backend)[""] if len(bag.x) else zeros for bag in bags]
        # The steps after `sign` remain: the workflow applies them when it reads signs.
        return normalise(np.stack(vectors), steps[len(storable(steps)) :]).astype(np.float32, copy=False)

    def _pooling_steps(self) -> list[str]:
        """The steps that pool the levels of an image, as in the catalog."""
        return list(self._pooling)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
