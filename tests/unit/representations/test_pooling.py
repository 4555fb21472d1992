"""Pooling over scales: closed forms, and what MPP is blind to."""

import numpy as np
import pytest

from orderless import backends
from orderless.encoders.fisher import Encoder as Fisher
from orderless.representations.normalisation import normalise
from orderless.representations.pooling import pool
from tests.conftest import BACKENDS

FINAL = ["signed_sqrt", "l2"]


@pytest.fixture(params=BACKENDS)
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


def test_pooling_chains():
    vectors, counts = np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([1.0, 3.0])
    np.testing.assert_allclose(pool(vectors, counts, ["mean"]), [1.5, 3])
    np.testing.assert_allclose(pool(vectors, counts, ["counts"]), [0.75, 2.5])
    np.testing.assert_allclose(pool(vectors, counts, ["sum"]), [3, 6])
    np.testing.assert_allclose(pool(vectors, counts, ["l2", "mean"]), [0.3, 0.9])
    np.testing.assert_allclose(pool(vectors, counts, ["l2", "concat"]), [0.6, 0.8, 0, 1])
