"""What must hold of every encoder and pooling, whatever the descriptors: hypothesis looks for those that break it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderless import backends, encoders
from orderless.encoders import encode_bags, kinds, make
from orderless.representations.normalisation import normalise
from orderless.representations.pooling import pool
from tests.conftest import BACKENDS

D, G = 6, 3
SMALL = {
    "fisher": {"words": 4, "iterations": 10}, "vlad": {"words": 5, "nearest": 2}, "sparse": {"words": 4, "iterations": 3},
    "guided": {"channels": 4, "epochs": 2}, "bow": {"words": 7, "hamming": 8},
}  # fmt: skip
SIZES = {"mean": D, "max": D, "fisher": 8 * D, "vlad": 5 * D, "sparse": 4 * D, "guided": 4 * D, "crosslayer": G * D}


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    return backends.get(request.param)


@pytest.fixture(scope="module")
def books(backend):
    """Every encoder with a codebook trained on the same descriptors."""
    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(300, D))).astype(np.float32)
    found = {}
    for kind in kinds():
        encoder = make({"kind": kind, **SMALL.get(kind, {})})
        if getattr(encoder, "supervised", False):
            bags, targets = list(x.reshape(30, 10, D)), np.where(np.eye(2)[np.arange(30) % 2] > 0, 1, -1)
            found[kind] = encoder, encoder.fit_labelled(bags, targets, 0)
        else:
            found[kind] = encoder, encoder.fit(x, backend, 0) if encoder.learned else {}
    return found


@st.composite
def bags(draw):
    """Descriptors (n, D) and guides (n, G) within float16: random, equal, zero, alone; tiny, huge, far from the codebook."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, scale = draw(st.integers(1, 40)), 10.0 ** draw(st.integers(-7, 4))
    x = rng.normal(size=(n, D)) * scale + draw(st.sampled_from([0, 0, 3, -1000])) * scale
    x = draw(st.sampled_from([x, np.repeat(x[:1], n, 0), np.zeros((n, D)), np.where(rng.random((n, D)) < 0.8, 0, x)]))
    return np.clip(x, -6e4, 6e4).astype(np.float32), np.abs(rng.normal(size=(n, G))).astype(np.float32)


def close(one, other):
    return np.linalg.norm(one - other) <= 1e-3 * max(np.linalg.norm(one), np.linalg.norm(other)) + 1e-12


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind != "bow"])
@settings(max_examples=60, deadline=None)
@given(bag=bags(), other=bags(), seed=st.integers(0, 999))
def test_every_encoder(books, backend, kind, bag, other, seed):
    encoder, book = books[kind]
    (x, guide), (y, second) = bag, other

    def encode(x, guide):
        return encoder.encode(x, guide if kind == "crosslayer" else None, book, backend)

    alone = encode(x, guide)
    assert alone.shape == (SIZES[kind],)
    assert np.isfinite(alone).all()
    order = np.random.default_rng(seed).permutation(len(x))
    assert close(encode(x[order], guide[order]), alone), "the order of descriptors matters"
    together = np.concatenate([guide, second]) if kind == "crosslayer" else None
    pair = encode_bags(encoder, np.concatenate([x, y]), together, [len(x), len(y)], book, backend)
    assert close(pair[0], alone), "the neighbour in the batch matters"
    assert close(pair[1], encode(y, second)), "the neighbour in the batch matters"
    for chain in (["signed_sqrt", "l2"], ["l2"], ["sign"]):
        assert np.isfinite(normalise(alone, chain)).all()


@settings(max_examples=60, deadline=None)
@given(bag=bags(), other=bags(), seed=st.integers(0, 999))
def test_bags_of_words(books, bag, other, seed):
    encoder, book = books["bow"]
    x, y = bag[0], other[0]
    both = encoder.encode_words(np.concatenate([x, y]), np.array([len(x), len(x) + len(y)]), book)
    alone = encoder.encode_words(y[np.random.default_rng(seed).permutation(len(y))], np.array([len(y)]), book)
    assert both["ends"].tolist() == [len(x), len(x) + len(y)]
    assert np.isfinite(both["weights"]).all()
    assert ((both["words"] >= 0) & (both["words"] < encoder.words)).all()
    np.testing.assert_array_equal(both["words"][len(x) :], alone["words"])


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 999), levels=st.integers(1, 7), scale=st.integers(-18, 18), empty=st.booleans())
def test_every_pooling(seed, levels, scale, empty):
    rng = np.random.default_rng(seed)
    vectors, counts = (rng.normal(size=(levels, 9)) * 10.0**scale).astype(np.float32), rng.integers(1, 50, levels).astype(float)
    if empty and levels > 1:
        vectors[0], counts[0] = 0, 0
    for chain in (["mean"], ["sum"], ["counts"], ["concat"], ["l2", "mean"], ["l2", "concat"]):
        found = pool(vectors.copy(), counts, chain)
        assert found.shape == ((levels if chain[-1] == "concat" else 1) * 9,)
        assert np.isfinite(found).all(), chain
        assert np.isfinite(normalise(found, ["signed_sqrt", "l2"])).all()


def test_every_encoder_is_looked_at():
    assert set(SIZES) | {"bow"} == set(encoders.kinds())
