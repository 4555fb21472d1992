"""Pooling, normalisation, projection, encoders: closed forms."""

import numpy as np
import pytest

from orderless import backends, encoders
from orderless.activations.projection import fit_pca, project
from orderless.encoders.crosslayer import Encoder as CrossLayer
from orderless.encoders.fisher import Encoder as Fisher
from orderless.errors import OrderlessError
from orderless.representations.normalisation import PackedSigns, l2, normalise, pack_signs, signed_sqrt, unpack_signs
from orderless.representations.pooling import pool
from orderless.representations.vectors import fit_reduction

FINAL = ["signed_sqrt", "l2"]


@pytest.fixture(params=["vlfeat", "torch"])
def backend(request):
    return backends.get(request.param)


def represent(levels, codebook, backend, chain):
    vectors = np.stack([Fisher().encode(x, None, codebook, backend) for x in levels])
    return normalise(pool(vectors, np.array([float(len(x)) for x in levels]), chain), FINAL)


def test_mpp_is_blind_to_duplicated_activations_and_nfk_is_not(backend, real_descriptors):
    """Scale-wise L2 (Eq. 1) takes the number of a scale's activations out; one bag of all (Eq. 2) does not."""
    codebook = backend.gmm(real_descriptors, 8, 30, 0)
    levels = [real_descriptors[:1], real_descriptors[10:30], real_descriptors[100:300]]
    doubled = [*levels[:2], np.repeat(levels[2], 3, 0)]
    for chain, blind in ((["l2", "mean"], True), (["l2", "concat"], True), (["counts"], False)):
        before, after = (represent(x, codebook, backend, chain) for x in (levels, doubled))
        assert (np.abs(before - after).max() < 1e-4) == blind


def test_nfk_is_the_fisher_vector_of_all_descriptors_in_one_bag(backend, real_descriptors):
    codebook = backend.gmm(real_descriptors, 8, 30, 0)
    levels = [real_descriptors[:3], real_descriptors[10:50]]
    together = normalise(Fisher().encode(np.concatenate(levels), None, codebook, backend), FINAL)
    np.testing.assert_allclose(represent(levels, codebook, backend, ["counts"]), together, atol=2e-5)


def test_cross_layer_pooling_is_the_double_loop_of_eq_2(rng):
    x, guide = rng.normal(size=(121, 50)), rng.random((121, 7))
    expected = []
    for k in range(7):
        channel = np.zeros(50)
        for i in range(121):
            channel += x[i] * guide[i, k]
        expected.append(channel)
    np.testing.assert_allclose(CrossLayer().encode(x, guide, {}, None), np.concatenate(expected))


def test_order_of_descriptors_does_not_matter(backend, real_descriptors, rng):
    x = real_descriptors[:100]
    guide = rng.random((100, 5)).astype(np.float32)
    order = rng.permutation(100)
    for entry in ({"kind": "mean"}, {"kind": "fisher", "words": 4}, {"kind": "vlad", "words": 6}, {"kind": "crosslayer"}):
        encoder = encoders.make(entry)
        codebook = encoder.fit(real_descriptors, backend, 0)
        one = encoder.encode(x, guide, codebook, backend)
        other = encoder.encode(x[order], guide[order], codebook, backend)
        assert np.linalg.norm(one - other) < 1e-4 * np.linalg.norm(one)


def test_pooling_chains():
    vectors, counts = np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([1.0, 3.0])
    np.testing.assert_allclose(pool(vectors, counts, ["mean"]), [1.5, 3])
    np.testing.assert_allclose(pool(vectors, counts, ["counts"]), [0.75, 2.5])
    np.testing.assert_allclose(pool(vectors, counts, ["sum"]), [3, 6])
    np.testing.assert_allclose(pool(vectors, counts, ["l2", "mean"]), [0.3, 0.9])
    np.testing.assert_allclose(pool(vectors, counts, ["l2", "concat"]), [0.6, 0.8, 0, 1])


def test_normalisations():
    np.testing.assert_allclose(signed_sqrt(np.array([-4.0, 0, 9])), [-2, 0, 3])
    np.testing.assert_allclose(l2(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize("dimensions", [1, 4, 5, 1003])
def test_packed_signs_come_back_in_a_sixteenth_of_the_bytes(dimensions, rng):
    signs = rng.integers(-1, 2, (20, dimensions)).astype(np.float32)
    packed = pack_signs(signs)
    assert packed.nbytes == 20 * -(-dimensions // 4)
    np.testing.assert_array_equal(unpack_signs(packed, dimensions), signs)


def test_packed_sign_products_equal_unpacked_ones(rng):
    from orderless.classification.kernel import gram

    signs = rng.integers(-1, 2, (30, 20_003)).astype(np.float32)
    signs[4] = 0
    packed = PackedSigns(pack_signs(signs), 20_003)
    unit = l2(signs)
    np.testing.assert_allclose(packed.dense(), unit, atol=1e-6)
    np.testing.assert_allclose(packed[np.arange(30) > 20].dense(), unit[21:], atol=1e-6)
    np.testing.assert_allclose(gram(packed, packed), unit.astype(float) @ unit.T, atol=1e-5)


def test_pca_agrees_with_scikit_learn(real_descriptors):
    from sklearn.decomposition import PCA

    for whiten in (False, True):
        pca = fit_pca(np.array_split(real_descriptors, 7), 20, whiten=whiten)
        reference = PCA(20, whiten=whiten, svd_solver="full").fit_transform(real_descriptors.astype(float))
        found = project(real_descriptors, pca)
        np.testing.assert_allclose(np.abs((found * reference).sum(0)), (reference**2).sum(0), rtol=2e-3)


def test_uncentred_pca_keeps_the_zero(real_descriptors):
    pca = fit_pca([real_descriptors], 64, centre=False)
    assert not pca["mean"].any()
    np.testing.assert_allclose(pca["basis"].T @ pca["basis"], np.eye(64), atol=1e-5)
    values = np.linalg.svd(real_descriptors.astype(float), compute_uv=False) ** 2 / len(real_descriptors)
    np.testing.assert_allclose(pca["variance"], values, rtol=1e-3, atol=1e-4)


def test_reduction_is_orthonormal_and_keeps_training_products(rng):
    x = rng.normal(size=(30, 200)).astype(np.float32)
    basis = fit_reduction(x, 100, 5000, rng)
    assert basis.shape == (200, 30)
    np.testing.assert_allclose(basis.T @ basis, np.eye(30), atol=1e-4)
    np.testing.assert_allclose((x @ basis) @ (x @ basis).T, x @ x.T, rtol=1e-3, atol=1e-2)
    assert fit_reduction(x, 10, 5000, rng).shape == (200, 10)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "fischer"}, "Did you mean 'fisher'"),
        ({"kind": "fisher", "word": 3}, "no parameter 'word'.*Did you mean 'words'"),
        ({"kind": "fisher", "words": 0}, "above 0"),
        ({"kind": "vlad", "words": 2.5}, "whole number"),
    ],
)
def test_a_wrong_encoder_is_named(entry, message):
    with pytest.raises(OrderlessError, match=message):
        encoders.make(entry)
