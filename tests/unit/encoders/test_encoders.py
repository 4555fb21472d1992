"""Encoders as the catalog names them: what is made of an entry, and closed forms."""

import warnings

import numpy as np
import pytest

from orderless import backends, encoders
from orderless.encoders.crosslayer import Encoder as CrossLayer
from orderless.errors import OrderlessError
from tests.conftest import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request):
    return backends.get(request.param)


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


def test_a_codebook_has_four_descriptors_or_more_for_each_word(real_descriptors):
    """8,960 descriptors for 10,000 words stop nobody: fewer words are learned, and that is said."""
    x = real_descriptors[:100]
    for entry, key in [({"kind": "bow", "words": 10_000, "hamming": 16}, "centres"), ({"kind": "fisher", "words": 101}, "means")]:
        with pytest.warns(UserWarning, match=f"{entry['words']} words are too many for 100 descriptors: 25 are learned"):
            codebook = encoders.fit(entry, x, backends.get("torch"), 0, "few")
        assert len(codebook[key]) == 25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        codebook = encoders.fit({"kind": "fisher", "words": 50}, x, backends.get("torch"), 0, "few")
    assert len(codebook["means"]) == 50
