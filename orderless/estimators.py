"""scikit-learn estimators: `fit` on the descriptors of images, `transform` to a matrix of one row an image.

They hold no mathematics of their own. Each takes an image through the functions that the workflow's scripts take it through:
`orderless.encoders` by `representations.encode_bag`, `projection`, `pooling`, `normalisation`. Of the same descriptors and the
same seed they learn the same codebook and make the same vector.

X is a list with one (n_i, d) array of descriptors for each image; the numbers of descriptors may differ, and an image without
any becomes zeros. A 3-D array is a list of bags of one size. A 2-D array, as scikit-learn has it, is a list of images of one
descriptor each: one image alone is `transform([x])`. `CrossLayerPooling` and `MultiscalePyramid` say what else they take.
"""

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
from orderless.representations.encoding import Bag, encode_bag, storable
from orderless.representations.normalisation import STEPS, normalise
from orderless.representations.words import histogram, inverse_frequencies, weigh

POOLINGS = {"mpp": ["l2", "mean"], "nfk": ["counts"], "csf": ["l2", "concat"]}  # over scales, as in the catalog


def depth(item: Any) -> int:
    """The dimensions of an array, or of nested lists by their first items."""
    if isinstance(item, (list, tuple)) or (getattr(item, "dtype", None) == np.dtype(object) and item.ndim == 1):
        return 1 + (depth(item[0]) if len(item) else 0)
    return getattr(item, "ndim", 0)


@dataclass(kw_only=True, eq=False, repr=False)
class BagEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """What all of the estimators share; a subclass names an encoder by `_kind` and has its parameters as fields.

    projection: None; the number of principal components to which descriptors are projected first; or a map as in the catalog,
    {pca: 128, centre: true, whiten: false, unit: false}. normalisation: steps done on the finished vector, of `l2`, `signed_sqrt`
    and `sign`. descriptors: that projection and codebook are learned on at most, drawn from those of all images. random_state:
    a number, or None to draw anew each time.

    After `fit`: `codebook_` and `projection_`, dicts of arrays, empty where nothing is learned; `n_features_in_`.
    """

    projection: int | dict[str, Any] | None = None
    normalisation: tuple[str, ...] = ("signed_sqrt", "l2")
    descriptors: int = DEFAULTS["sample"]["descriptors"]
    random_state: Any = 0

    _kind = ""
    _steps = tuple(STEPS)
    _pooling = ("mean",)  # over levels, of which there is one

    def fit(self, X: Any, y: Any = None) -> "BagEncoder":
        """Learn projection and codebook on the images' descriptors. y serves encoders that are trained with labels alone."""
        bags, encoder, backend, state = self._read(X, reset=True), self._encoder(), self._engine(), self.random_state
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
            bag.x = self._projected(bag.x)
        self.codebook_ = self._learn(encoder, backend, self._projected(x), bags, y, seed)
        self._n_features_out = self._vectors([bag for bag in bags if len(bag.x)][:1]).shape[1]
        return self

    def transform(self, X: Any) -> Any:
        """(images, D) float32."""
        check_is_fitted(self)
        bags = self._read(X)
        for bag in bags:
            bag.x = self._projected(bag.x)
        return self._vectors(bags)

    def _entry(self) -> dict[str, Any]:
        """The encoder as the catalog would have it."""
        fields = encoders.find(self._kind).__dataclass_fields__
        return {"kind": self._kind} | {name: value for name, value in self.get_params(deep=False).items() if name in fields}

    def _encoder(self) -> Any:
        """The encoder of `orderless.encoders`; refused where a parameter is no good."""
        return encoders.make(self._entry(), type(self).__name__)

    def _engine(self) -> Any:
        """What `backend` names; None for an encoder that has no choice of it."""
        if not hasattr(self, "backend"):
            return None
        self._check("backend", self.backend, backends.BACKENDS)
        return backends.get(self.backend)

    def _check(self, name: str, value: str, valid: Iterable[str]) -> None:
        """Refuse a parameter that is none of the valid ones."""
        if value not in valid:
            raise OrderlessError(f"{type(self).__name__}: {name} '{value}' does not exist.{nearest(value, valid)}")

    def _read(self, X: Any, reset: bool = False) -> list[Bag]:
        """The images' descriptors, checked. reset: whether they set the number of dimensions, or are held against it."""
        for step in self.normalisation:
            self._check("normalisation", step, self._steps)
        if depth(X) < 3:
            return [self._bag(row[None], "X") for row in validate_data(self, X, dtype=np.float32, reset=reset)]
        if reset:
            self.__dict__.pop("n_features_in_", None)
        return [self._bag(item, f"X[{place}]") for place, item in enumerate(X)]

    def _bag(self, item: Any, where: str) -> Bag:
        """One image as `representations` has it. where: names it in an error."""
        return as_bag([self._array(item, where)])

    def _array(self, item: Any, where: str) -> np.ndarray:
        """Descriptors (n, d) float32, finite, of as many dimensions as the first ones read."""
        array = check_array(item, dtype=np.float32, ensure_min_samples=0, input_name=where)
        if array.shape[1] != self.__dict__.setdefault("n_features_in_", array.shape[1]):
            found, own = array.shape[1], type(self).__name__
            raise ValueError(f"{where} has {found} features, but {own} is expecting {self.n_features_in_}.")
        return array

    def _fit_projection(self, x: np.ndarray) -> None:
        """Principal components of descriptors (n, d), where they are asked for."""
        self.projection_: dict[str, np.ndarray] = {}
        if self.projection is not None:
            choice = self._choice()
            check_entry("projections", "projection", choice)
            self.projection_ = fit_projection(x, choice)

    def _choice(self) -> dict[str, Any]:
        """The projection as the catalog would have it."""
        return self.projection if isinstance(self.projection, dict) else {"pca": int(self.projection or 0)}

    def _projected(self, x: np.ndarray) -> np.ndarray:
        """Descriptors (n, d) as the encoder takes them."""
        return apply_projection(x, self._choice(), self.projection_) if self.projection_ else x

    def _learn(self, encoder: Any, backend: Any, x: np.ndarray, bags: list[Bag], y: Any, seed: int) -> dict[str, np.ndarray]:
        """The codebook, from the projected sample x of the bags' descriptors."""
        return encoder.fit(x, backend, seed)

    def _vectors(self, bags: list[Bag]) -> Any:
        """The vectors of images whose descriptors are projected."""
        encoder, backend, steps = self._encoder(), self._engine(), list(self.normalisation)
        row = {"pooling": self._chain(), "normalisation": steps}
        # joblib hands large arrays on as read-only maps, which cyvlfeat does not take.
        codebook = {name: np.require(array, requirements="W") for name, array in self.codebook_.items()}
        found = [encode_bag(bag, {"": row}, encoder, codebook, backend)[""] if len(bag.x) else None for bag in bags]
        zeros = np.zeros(getattr(self, "_n_features_out", 0), np.float32)
        stacked = np.stack([zeros if vector is None else vector for vector in found])
        # The workflow stores signs in two bits, and gives them their length when it reads them.
        return normalise(stacked, steps[len(storable(steps)) :]).astype(np.float32, copy=False)

    def _chain(self) -> list[str]:
        """How `pooling.pool` makes one vector of the levels'."""
        return list(self._pooling)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def as_bag(levels: list[np.ndarray], guide: np.ndarray | None = None) -> Bag:
    """Levels of descriptors as one image; where they lie on it is not known, and not asked for."""
    rows, x = [len(level) for level in levels], np.concatenate(levels)
    return Bag(x, guide, np.zeros((len(x), 4), np.float32), np.repeat(np.arange(len(rows)), rows), np.array(rows, np.float64))


@dataclass(kw_only=True, eq=False, repr=False)
class OrderlessPooling(BagEncoder):
    """Any encoder: the name of its file in `orderless/encoders`, or an entry as in the catalog, {kind: fisher, words: 64}.

    One that is trained with labels (guided) takes them as y: a class for each image, or an (images, classes) indicator matrix.
    """

    encoder: str | dict[str, Any] = "mean"
    backend: str = "torch"

    def _entry(self) -> dict[str, Any]:
        entry = dict(self.encoder) if isinstance(self.encoder, dict) else {"kind": self.encoder}
        kind = encoders.find(entry.get("kind", ""), type(self).__name__)
        if encoders.is_sparse(kind) or encoders.is_guided(kind):
            raise OrderlessError(f"OrderlessPooling: '{entry['kind']}' is not for it. Take BagOfWords or CrossLayerPooling.")
        return entry

    def _learn(self, encoder: Any, backend: Any, x: np.ndarray, bags: list[Bag], y: Any, seed: int) -> dict[str, np.ndarray]:
        if not getattr(encoder, "supervised", False):
            return super()._learn(encoder, backend, x, bags, y, seed)
        if y is None:
            raise ValueError("OrderlessPooling requires y to be passed, as its encoder is trained with labels, but y is None.")
        labels = np.asarray(y)
        targets = labels > 0 if labels.ndim == 2 else labels[:, None] == np.unique(labels)
        return encoder.fit_labelled([bag.x for bag in bags], np.where(targets, 1, -1), seed)


@dataclass(kw_only=True, eq=False, repr=False)
class FisherVector(BagEncoder):
    """Fisher vectors of a Gaussian mixture (Perronnin et al. 2010): 2 * words * d dimensions, the mean part first.

    words: Gaussians. iterations: EM steps. backend: `torch` or `vlfeat`.
    """

    words: int = 256
    iterations: int = 100
    backend: str = "torch"

    _kind = "fisher"


@dataclass(kw_only=True, eq=False, repr=False)
class VLAD(BagEncoder):
    """Vectors of locally aggregated descriptors (Jegou et al. 2010), kernel assignment (Gong et al. 2014): words * d dimensions.

    words: k-means centres. nearest, sigma: centres that share a descriptor, by exp(-distance^2 / (2 sigma^2)); sigma in the units
    of the descriptors. iterations: Lloyd steps. backend: `torch` or `vlfeat`.
    """

    words: int = 100
    nearest: int = 5
    sigma: float = 10.0
    iterations: int = 10
    backend: str = "torch"

    _kind = "vlad"


@dataclass(kw_only=True, eq=False, repr=False)
class SparseFisherVector(BagEncoder):
    """Fisher vectors of a sparse-coding model, SCFV (Liu et al., NIPS 2014): words * d dimensions.

    words: atoms of the dictionary. penalty: of the L1 norm, in units of the descriptors' mean length. iterations: of dictionary
    learning. sweeps: of coordinate descent, at most.
    """

    words: int = 100
    penalty: float = 0.2
    iterations: int = 20
    sweeps: int = 1000

    _kind = "sparse"


@dataclass(kw_only=True, eq=False, repr=False)
class CrossLayerPooling(BagEncoder):
    """Cross-convolutional-layer pooling (Liu et al., CVPR 2015, Eq. 2): d * K dimensions.

    An image is a pair: descriptors (n, d), and what weighs them, (n, K) activations of the next layer at the same places. With
    `channels` it is one array instead, (n, d + channels), whose last columns weigh the others.
    """

    channels: int | None = None

    _kind = "crosslayer"
    _pooling = ("sum",)

    def _bag(self, item: Any, where: str) -> Bag:
        if self.channels:
            both = self._array(item, where)
            if both.shape[1] <= self.channels:
                raise ValueError(
                    f"{where}: n_features={both.shape[1]}, {self.channels} of which guide: none is left to be weighed."
                )
            return as_bag([both[:, : -self.channels]], both[:, -self.channels :])
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise OrderlessError(f"{where}: is not a pair (descriptors, guide). Give one for each image, or set `channels`.")
        x, guide = self._array(item[0], where), check_array(item[1], dtype=np.float32, ensure_min_samples=0, input_name=where)
        if len(x) != len(guide):
            raise OrderlessError(f"{where}: {len(x)} descriptors and a guide of {len(guide)} rows. Each needs its row.")
        return as_bag([x], guide)


@dataclass(kw_only=True, eq=False, repr=False)
class MultiscalePyramid(FisherVector):
    """Fisher vectors of several scales, pooled into one (Yoo et al. 2015).

    An image is a list of arrays, one for each scale; one array alone is an image of one scale. pooling: `mpp`, the mean of the
    scales' unit vectors (Eq. 1); `nfk`, the vector of all descriptors in one bag (Eq. 2); `csf`, the scales' unit vectors one after
    another, scales * 2 * words * d dimensions. The rest as in `FisherVector`.
    """

    pooling: str = "mpp"

    def _bag(self, item: Any, where: str) -> Bag:
        scales = item if isinstance(item, (list, tuple)) and depth(item) > 2 else [item]
        bag = as_bag([self._array(scale, f"{where}, scale {place}") for place, scale in enumerate(scales)])
        if self.pooling == "csf" and len(scales) != self.__dict__.setdefault("n_scales_", len(scales)):
            raise OrderlessError(f"{where}: {len(scales)} scales, others have {self.n_scales_}. `csf` needs as many of each image.")
        return bag

    def _read(self, X: Any, reset: bool = False) -> list[Bag]:
        if reset:
            self.__dict__.pop("n_scales_", None)
        return super()._read(X, reset)

    def _chain(self) -> list[str]:
        self._check("pooling", self.pooling, POOLINGS)
        return POOLINGS[self.pooling]


@dataclass(kw_only=True, eq=False, repr=False)
class BagOfWords(BagEncoder):
    """Histograms of a codebook's visual words (Sivic and Zisserman 2003), tf-idf: words dimensions.

    words: of the codebook, by k-means of `iterations` steps. nearest, sigma: words that share a descriptor, sigma in units of the
    median distance of training descriptors to their word. normalisation: also `idf`, learned on the images of `fit`.
    sparse_output: a scipy matrix instead of an array.
    """

    words: int = 10_000
    nearest: int = 1
    sigma: float = 0.5
    iterations: int = 10
    normalisation: tuple[str, ...] = ("signed_sqrt", "idf", "l2")
    sparse_output: bool = False

    _kind = "bow"
    _steps = ("signed_sqrt", "idf", "l2")

    def _learn(self, encoder: Any, backend: Any, x: np.ndarray, bags: list[Bag], y: Any, seed: int) -> dict[str, np.ndarray]:
        codebook = encoder.fit(x, None, seed)
        self.idf_ = inverse_frequencies(self._counts(encoder, codebook, bags))
        return codebook

    def _counts(self, encoder: Any, codebook: dict[str, np.ndarray], bags: list[Bag]) -> Any:
        ends = np.cumsum([len(bag.x) for bag in bags])
        words = encoder.encode_words(np.concatenate([bag.x for bag in bags]), ends, codebook)
        return histogram(words, len(codebook["centres"]))

    def _vectors(self, bags: list[Bag]) -> Any:
        found = weigh(self._counts(self._encoder(), self.codebook_, bags), list(self.normalisation), self.idf_)
        return found if self.sparse_output else found.toarray()
