"""Bags of words, inverted index, fusion and dense search against their definitions written out, and against other libraries."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from orderless.encoders.bow import Encoder
from orderless.errors import OrderlessError
from orderless.representations.normalisation import l2
from orderless.representations.words import histogram, join, select
from orderless.retrieval.fusion import RULES, area
from orderless.retrieval.inverted import RADIUS, WIDTH, InvertedIndex, hamming_similarities
from orderless.retrieval.search import augment, dense_similarities, expand, principal

SIZE = 40


@pytest.fixture(scope="module")
def images(real_descriptors):
    """Bags of 3 to 30 real descriptors, one after another: x, ends."""
    counts = np.random.default_rng(1).integers(3, 31, 50)
    return real_descriptors[: counts.sum()], counts.cumsum()


@pytest.fixture(scope="module")
def book(real_descriptors):
    return Encoder(words=SIZE).fit(real_descriptors, None, 3)


def dense_counts(words, size=SIZE):
    """Histograms counted entry by entry."""
    found = np.zeros((len(words["ends"]), size))
    for entry, (word, weight) in enumerate(zip(words["words"], words["weights"], strict=True)):
        found[np.searchsorted(words["ends"], entry, "right"), word] += weight
    return found


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


def test_the_inverted_index_is_tf_idf_written_out(images, book):
    words = Encoder(words=SIZE).encode_words(*images, book)
    counts = dense_counts(words)
    idf = np.log(len(counts) / np.maximum((counts > 0).sum(0), 1))
    weighed = l2(np.sqrt(counts) * idf)
    index = InvertedIndex.build(words, SIZE, ["signed_sqrt", "idf", "l2"])
    np.testing.assert_allclose(index.similarities(select(words, np.array([4, 2]))), weighed[[4, 2]] @ weighed.T, atol=1e-5)
    again = InvertedIndex.of(index.tensors(), index.chain, len(counts))
    np.testing.assert_array_equal(again.similarities(words), index.similarities(words))


def test_shards_of_words_join(images, book):
    words = Encoder(words=SIZE).encode_words(*images, book)
    parts = [select(words, np.arange(20)), select(words, np.arange(20, 50))]
    for name, value in join(parts).items():
        np.testing.assert_array_equal(value, words[name])


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


def test_fusion_rules_by_hand():
    one, two = np.array([[4.0, 2.0, 0.0]]), np.array([[10.0, 0.0, 5.0]])
    own = np.zeros((1, 3), bool)
    np.testing.assert_allclose(RULES["sum"]([one, two], own, []), [[2, 0.5, 0.5]])
    np.testing.assert_allclose(RULES["product"]([one, two], own, []), [[1, 0, 0]])
    np.testing.assert_allclose(RULES["rank"]([one, two], own, []), [[2 / 61, 1 / 62 + 1 / 63, 1 / 63 + 1 / 62]])


def test_adaptive_fusion_trusts_the_list_that_falls_steeply(rng):
    noise = -np.sort(-rng.random((30, 100)), axis=1) * 0.1 + 0.3
    steep, flat = noise[0].copy(), noise[1].copy()
    steep[:3] = 1.0
    assert area(steep, noise[2:]) < area(flat, noise[2:])
    good, bad = np.roll(steep, 50)[None], rng.permutation(flat)[None]
    fused = RULES["adaptive"]([good, bad], np.zeros((1, 100), bool), [noise[2:], noise[2:]])
    assert set(np.argsort(-fused[0])[:3]) == {50, 51, 52}


def test_whitening_is_scikit_learns(rng):
    from sklearn.decomposition import PCA

    for n, d in ((80, 30), (30, 80)):
        x = (rng.normal(size=(n, d)) * np.linspace(3, 0.3, d) + 1).astype(np.float32)
        mean, basis = principal(x, 10, whiten=True)
        ours, theirs = (x - mean) @ basis, PCA(10, whiten=True, svd_solver="full").fit(x).transform(x)
        np.testing.assert_allclose(np.abs(ours), np.abs(theirs) * np.sqrt(n / (n - 1)), rtol=2e-2, atol=2e-3)


def test_expansion_and_augmentation_written_out(rng):
    x = l2(rng.normal(size=(20, 6)).astype(np.float32))
    asked = l2(rng.normal(size=(2, 6)).astype(np.float32))
    best = np.argsort(-(asked @ x.T), axis=1)[:, :3]
    expected = [asked[i] + x[best[i]].sum(0) for i in range(2)]
    np.testing.assert_allclose(expand(asked, x, 3), l2(np.array(expected)), atol=1e-6)
    near = np.argsort(-(x @ x.T), axis=1)[:, :3]
    expected = [x[near[i][0]] + 2 / 3 * x[near[i][1]] + 1 / 3 * x[near[i][2]] for i in range(20)]
    np.testing.assert_allclose(augment(x, 2), l2(np.array(expected)), atol=1e-6)
    np.testing.assert_allclose(dense_similarities(asked, x, {}, x), asked @ x.T)
