"""Encoding: the papers' dimensions, and regions of an image encoded apart."""

import numpy as np
import pytest

from orderless import backends, encoders
from orderless.catalog.configuration import load_config
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import make_plan
from orderless.errors import OrderlessError
from orderless.files.storage import TensorsInMemory
from orderless.representations.bags import Bag
from orderless.representations.encoding import encode_bag, encode_levels, encode_shard, pool_regions
from orderless.representations.normalisation import l2
from orderless.representations.vectors import Representations


def plan_of(names):
    config = load_config({"run": "t", "datasets": ["digit-scenes"], "backbones": ["caffenet"], "representations": names})
    return make_plan(config, load_catalog({}), "caffenet")


def shapes(names, sets, words=None):
    """Dimensions of representations at the papers' sizes, encoded from random descriptors with random codebooks."""
    rng = np.random.default_rng(0)
    plan = plan_of(names)
    tensors = {}
    for name, (levels, d, guide) in sets.items():
        total = sum(levels)
        tensors[f"{name}/x"] = rng.normal(size=(total, d)).astype(np.float16)
        tensors[f"{name}/windows"] = np.c_[rng.random((total, 2)), np.zeros((total, 2))].astype(np.float16)
        tensors[f"{name}/rows"] = tensors[f"{name}/counts"] = np.array([levels], np.int32)
        if guide:
            tensors[f"{name}/guide"] = rng.random((total, guide)).astype(np.float16)
    books = {}
    for codebook, entry in plan["codebooks"].items():
        d, kind = sets[entry["set"]][1], entry["encoder"]["kind"]
        if kind == "fisher":
            parts = {"means": rng.normal(size=(256, d)), "covariances": np.ones((256, d)), "priors": np.full(256, 1 / 256)}
            books[codebook] = {key: value.astype(np.float32) for key, value in parts.items()}
        elif kind == "vlad":
            books[codebook] = {"centres": rng.normal(size=(100, d)).astype(np.float32)}
    encoded, lengths, _ = encode_shard(TensorsInMemory(tensors), ["a"], plan, books, backends.get("torch"))
    reductions = {
        name: np.zeros((lengths[name], 4096), np.float32) for name in lengths if "reduce" in plan["representations"][name]
    }
    finished = Representations([TensorsInMemory(encoded, {"dimensions": lengths})], plan, reductions)
    return {name: finished.size(name) for name in plan["representations"]}, lengths


def test_dimensions_of_paper_b():
    scales = [1, 9, 64, 196, 484, 1156, 2500]
    assert [sum(scales[:k]) for k in (4, 5, 6, 7)] == [270, 754, 1910, 4410]
    size, _ = shapes(["nfk", "mpp", "csf", "mpp-sp"], {"pyramid.fc7.pca-mpp": (scales, 128, 0)})
    assert {name: d for name, (d, _) in size.items()} == {"nfk": 65536, "mpp": 65536, "csf": 458752, "mpp-sp": 262144}


def test_dimensions_of_paper_d():
    sets = {"whole.conv4-units.pca-cl": ([121], 500, 256), "blocks-2x2.conv4-units.pca-cl": ([484], 500, 256)}
    size, _ = shapes(["cl-45", "cl-45f", "cl-45c", "cl-45-sign"], sets)
    assert size["cl-45"] == size["cl-45f"] == (128_000, 512_000)
    assert size["cl-45c"] == (256_000, 1_024_000)
    assert size["cl-45-sign"] == (128_000, 32_000)


def test_dimensions_of_paper_a():
    sets = {"whole.fc7.mean": ([1], 4096, 0), "patches-128.fc7.pca-mop": ([25], 500, 0), "patches-64.fc7.pca-mop": ([49], 500, 0)}
    size, lengths = shapes(["mop"], sets)
    assert (lengths["mop-l2"], lengths["mop-l3"]) == (50_000, 50_000)
    assert size["mop"][0] == 12_288


def test_spatial_pyramid_is_its_four_regions(rng):
    """MPP + SP equals MPP of the whole, the top, the middle and the bottom, computed separately."""
    x = rng.normal(size=(60, 8)).astype(np.float32)
    windows = np.c_[rng.random((60, 2)), np.zeros((60, 2))].astype(np.float32)
    bag = Bag(x, None, windows, np.repeat([0, 1], 30), np.array([30.0, 30.0]))
    backend, encoder = backends.get("torch"), encoders.make({"kind": "fisher", "words": 3})
    book = encoder.fit(x, backend, 0)
    row = {"pooling": ["l2", "mean"], "normalisation": ["signed_sqrt", "l2"]}
    found = encode_bag(bag, {"sp": row | {"regions": [[1, 1], [3, 1]]}}, encoder, book, backend)["sp"]
    parts = [encode_bag(bag, {"mpp": row}, encoder, book, backend)["mpp"]]
    for third in range(3):
        inside = (windows[:, 1] >= third / 3) & (windows[:, 1] < (third + 1) / 3)
        alone = Bag(x[inside], None, windows[inside], bag.level[inside], np.bincount(bag.level[inside], minlength=2).astype(float))
        parts.append(pool_regions([encode_levels(alone, encoder, book, backend)], row))
    np.testing.assert_allclose(found, l2(np.concatenate(parts)), atol=1e-6)


def test_an_empty_region_is_named(rng):
    windows = np.tile(np.array([[0.5, 0.1, 0, 0]], np.float32), (5, 1))
    bag = Bag(rng.normal(size=(5, 4)).astype(np.float32), None, windows, np.zeros(5, int), np.array([5.0]))
    row = {"pooling": ["sum"], "normalisation": [], "regions": [[3, 1]]}
    with pytest.raises(OrderlessError, match=r"'spp': region 2 of 3 x 1 holds no descriptor"):
        encode_bag(bag, {"spp": row}, encoders.make({"kind": "max"}), {}, None)
