"""Bags of words: assignment, soft assignment and k-means beside their definitions and scikit-learn's."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from orderless.encoders.bow import Encoder
from orderless.representations.words import histogram
from tests.words import SIZE, bags, dense_counts


@pytest.fixture(scope="module")
def images(real_descriptors):
    return bags(real_descriptors)


@pytest.fixture(scope="module")
def book(real_descriptors):
    return Encoder(words=SIZE).fit(real_descriptors, None, 3)


def test_words_are_the_nearest_centres(images, book):
    x, ends = images
    words = Encoder(words=SIZE).encode_words(x, ends, book)
    nearest = cdist(x, book["centres"]).argmin(1)
    for image, (first, last) in enumerate(zip(np.r_[0, ends[:-1]], ends, strict=True)):
        np.testing.assert_array_equal(dense_counts(words)[image], np.bincount(nearest[first:last], minlength=SIZE))
    np.testing.assert_allclose(histogram(words, SIZE).toarray(), dense_counts(words))


def test_several_words_share_a_descriptor(images, book):
    x, ends = images
    encoder = Encoder(words=SIZE, nearest=3, sigma=0.7)
    found = dense_counts(encoder.encode_words(x, ends, book))
    np.testing.assert_allclose(found.sum(1), np.diff(ends, prepend=0), rtol=1e-5)
    squared = cdist(x[: ends[0]], book["centres"], "sqeuclidean")
    expected = np.zeros(SIZE)
    for row in squared:
        three = np.argsort(row)[:3]
        kernel = np.exp(-row[three] / (2 * (0.7 * book["scale"][0]) ** 2))
        expected[three] += kernel / kernel.sum()
    np.testing.assert_allclose(found[0], expected, rtol=1e-3, atol=1e-5)


def test_k_means_is_as_good_as_scikit_learns(real_descriptors):
    from sklearn.cluster import KMeans

    ours = Encoder(words=SIZE, iterations=25).fit(real_descriptors, None, 3)["centres"]
    theirs = KMeans(SIZE, n_init=1, max_iter=25, random_state=0).fit(real_descriptors).inertia_
    assert (cdist(real_descriptors, ours).min(1) ** 2).sum() < 1.1 * theirs


def test_the_graph_finds_nearly_all_words(real_descriptors):
    encoder = Encoder(words=400, exact=10)
    book = encoder.fit(real_descriptors, None, 0)
    word, _ = encoder.assign(real_descriptors, book, 1)
    assert (word[:, 0] == cdist(real_descriptors, book["centres"]).argmin(1)).mean() > 0.95
