"""The estimators whose vectors are dense."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array

from orderless import encoders
from orderless.errors import OrderlessError
from orderless.estimators.base import BagEncoder, depth
from orderless.representations.bags import Bag

POOLINGS = {"mpp": ["l2", "mean"], "nfk": ["counts"], "csf": ["l2", "concat"]}  # over scales, as in the catalog


@dataclass(eq=False, repr=False)
class OrderlessPooling(BagEncoder):
    """Any encoder. encoder: the name of its file in `orderless/encoders`, or an entry as in the catalog, {kind: fisher, words: 64}.

    An encoder that is trained with labels (guided) takes them as y: the class of each image, or an (images, classes) matrix that is
    above 0 where an image is of a class.
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
        if not encoders.is_supervised(encoder):
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

    words: k-means centres. nearest, sigma: a descriptor is shared among so many centres, with weights exp(-distance^2 / (2
    sigma^2)); sigma in the units of the descriptors. iterations: Lloyd steps. backend: `torch` or `vlfeat`.
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

    An image is a pair: descriptors (n, d), and their weights (n, K), the activations of the next layer at the same places. With
    `channels` it is one array, (n, d + channels), whose last columns are the weights.
    """

    channels: int | None = None

    _kind = "crosslayer"
    _pooling = ("sum",)

    def _bag(self, item: Any, where: str) -> Bag:
        if self.channels:
            both = self._array(item, where)
            if both.shape[1] <= self.channels:
                raise ValueError(
                    f"{where}: n_features={both.shape[1]}, {self.channels} of which are weights: none is left to be weighted. "
                    "Lower `channels`."
                )
            return Bag.of_levels([both[:, : -self.channels]], both[:, -self.channels :])
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise OrderlessError(f"{where}: is not a pair (descriptors, guide). Give one for each image, or set `channels`.")
        x, guide = self._array(item[0], where), check_array(item[1], dtype=np.float32, ensure_min_samples=0, input_name=where)
        if len(x) != len(guide):
            raise OrderlessError(f"{where}: {len(x)} descriptors and a guide of {len(guide)} rows. Each needs its row.")
        return Bag.of_levels([x], guide)


@dataclass(kw_only=True, eq=False, repr=False)
class MultiscalePyramid(FisherVector):
    """Fisher vectors of several scales, pooled into one (Yoo et al. 2015).

    An image is a list of arrays, one for each scale; one array alone is an image of one scale. pooling: `mpp`, the mean of the
    scales' unit vectors (Eq. 1); `nfk`, the vector of all descriptors in one bag (Eq. 2); `csf`, the scales' unit vectors one after
    another, scales * 2 * words * d dimensions. The other parameters are those of `FisherVector`.
    """

    pooling: str = "mpp"

    def _bag(self, item: Any, where: str) -> Bag:
        scales = item if isinstance(item, (list, tuple)) and depth(item) > 2 else [item]
        bag = Bag.of_levels([self._array(scale, f"{where}, scale {place}") for place, scale in enumerate(scales)])
        if self.pooling == "csf" and len(scales) != self.__dict__.setdefault("n_scales_", len(scales)):
            raise OrderlessError(f"{where}: {len(scales)} scales, others have {self.n_scales_}. `csf` needs as many of each image.")
        return bag

    def _read(self, X: Any, reset: bool = False) -> list[Bag]:
        if reset:
            self.__dict__.pop("n_scales_", None)
        return super()._read(X, reset)

    def _pooling_steps(self) -> list[str]:
        self._check("pooling", self.pooling, POOLINGS)
        return POOLINGS[self.pooling]
