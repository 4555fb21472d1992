"""The inverted index and Hamming embedding beside their definitions written out."""

import numpy as np
import pytest

from orderless.encoders.bow import Encoder
from orderless.errors import OrderlessError
from orderless.representations.normalisation import l2
from orderless.representations.words import select
from orderless.retrieval.inverted import RADIUS, WIDTH, InvertedIndex, hamming_similarities
from tests.words import SIZE, bags, dense_counts


@pytest.fixture(scope="module")
def images(real_descriptors):
    return bags(real_descriptors)


@pytest.fixture(scope="module")
def book(real_descriptors):
    return Encoder(words=SIZE).fit(real_descriptors, None, 3)


def test_the_inverted_index_is_tf_idf_written_out(images, book):
    words = Encoder(words=SIZE).encode_words(*images, book)
    counts = dense_counts(words)
    idf = np.log(len(counts) / np.maximum((counts > 0).sum(0), 1))
    weighed = l2(np.sqrt(counts) * idf)
    index = InvertedIndex.build(words, SIZE, ["signed_sqrt", "idf", "l2"])
    np.testing.assert_allclose(index.similarities(select(words, np.array([4, 2]))), weighed[[4, 2]] @ weighed.T, atol=1e-5)
    again = InvertedIndex.of(index.tensors(), index.chain, len(counts))
    np.testing.assert_array_equal(again.similarities(words), index.similarities(words))


def test_hamming_embedding_pair_by_pair(images, book, real_descriptors):
    encoder = Encoder(words=SIZE, hamming=32)
    words = encoder.encode_words(*images, encoder.fit(real_descriptors, None, 3))
    found = hamming_similarities(words, words, SIZE, ["idf", "l2"])
    counts = dense_counts(words)
    idf = np.log(len(counts) / np.maximum((counts > 0).sum(0), 1))
    norms = np.linalg.norm(counts * idf, axis=1)
    bits = np.unpackbits(words["signatures"], axis=1)
    owner = np.searchsorted(words["ends"], np.arange(len(bits)), "right")
    for a, b in ((0, 1), (3, 3), (7, 12)):
        total = 0.0
        for i in np.flatnonzero(owner == a):
            for j in np.flatnonzero(owner == b):
                apart = (bits[i] != bits[j]).mean()
                if words["words"][i] == words["words"][j] and apart <= RADIUS:
                    total += idf[words["words"][i]] ** 2 * np.exp(-((apart / WIDTH) ** 2))
        assert found[a, b] == pytest.approx(total / norms[a] / norms[b], rel=1e-4)
    with pytest.raises(OrderlessError, match="hamming: 64"):
        hamming_similarities(words, {k: v for k, v in words.items() if k != "signatures"}, SIZE, ["idf"])
