"""The estimator of bags of words."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from orderless.estimators.base import BagEncoder
from orderless.representations.bags import Bag
from orderless.representations.words import histogram, inverse_frequencies, weigh


@dataclass(kw_only=True, eq=False, repr=False)
class BagOfWords(BagEncoder):
    """Histograms of the visual words of a codebook (Sivic and Zisserman 2003), tf-idf: words dimensions.

    words: of the codebook, by k-means of `iterations` steps. nearest, sigma: a descriptor is shared among so many words; sigma in
    units of the median distance of training descriptors to their word. normalisation: also `idf`, learned on the images of `fit`.
    sparse_output: return a scipy matrix instead of an array.
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
        """Weighted counts of words: (images, words) sparse."""
        ends = np.cumsum([len(bag.x) for bag in bags])
        words = encoder.encode_words(np.concatenate([bag.x for bag in bags]), ends, codebook)
        return histogram(words, len(codebook["centres"]))

    def _vectors(self, bags: list[Bag]) -> Any:
        weighted = weigh(self._counts(self._encoder(), self.codebook_, bags), list(self.normalisation), self.idf_)
        return weighted if self.sparse_output else weighted.toarray()
