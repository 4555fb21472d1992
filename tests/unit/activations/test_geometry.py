"""Dimensions and counts that follow from definitions, for CaffeNet's geometry with random weights."""

import numpy as np
import pytest
import torch
from PIL import Image

from orderless import backends, encoders
from orderless.activations.extraction import Extractor, extract
from orderless.backbones.caffenet import caffenet
from orderless.backbones.dense import DenseNetwork
from orderless.catalog.configuration import load_config
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import make_plan
from orderless.errors import OrderlessError
from orderless.files.jobs import progress
from orderless.files.storage import TensorsInMemory
from orderless.representations.encoding import encode_shard
from orderless.representations.vectors import Representations

LAYERS = {"conv3": "relu3", "conv4": "relu4", "conv5": "relu5", "pool5": "pool5", "fc6": "relu6", "fc7": "relu7"}
ENTRY = {"kind": "caffenet", "input": 227, "canvas": 256, "mean": [0.41, 0.46, 0.48], "std": [0.004] * 3, "layers": LAYERS}


def plan_of(names):
    over = {"backbones": {"alex": ENTRY | {"weights": "x"}}}
    config = load_config({"run": "t", "datasets": ["digit-scenes"], "backbones": ["alex"], "representations": names})
    return make_plan(config, load_catalog(over), "alex")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return DenseNetwork(caffenet(), LAYERS, 227, "alex")


@pytest.fixture(scope="module")
def image():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8))


def describe(network, plan, image):
    return Extractor(network, ENTRY, plan["sets"], {}).describe(image)


def test_conv4_units_121_of_3456_blocks_484(network, image):
    found = describe(network, plan_of(["cl-45", "cl-45f", "cl-34"]), image)
    assert found["whole.conv4-units.pca-cl"].x.shape == (121, 3456)
    assert found["whole.conv4-units.pca-cl"].guide.shape == (121, 256)
    assert found["whole.conv3-units.pca-cl"].guide.shape == (121, 384)
    assert found["blocks-2x2.conv4-units.pca-cl"].x.shape == (484, 3456)


def test_fc6_regions_are_ten_by_ten(network, image):
    assert describe(network, plan_of(["scfv"]), image)["regions-100.fc6.pca-scfv"].x.shape == (100, 4096)


def test_patches_of_paper_a(network):
    from orderless.activations.views import levels

    views = load_catalog({})["views"]
    count = {name: [len(level.boxes) for level in levels(view, 227, 256, (9, 9))] for name, view in views.items()}
    assert (count["patches-128"], count["patches-64"], count["patches-all"]) == ([25], [49], [1, 25, 49])
    assert (count["patches-128-released"], count["patches-64-released"]) == ([36], [64])


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
    from orderless.representations.encoding import Bag, encode_bag, encode_levels, represent
    from orderless.representations.normalisation import l2

    x = rng.normal(size=(60, 8)).astype(np.float32)
    windows = np.c_[rng.random((60, 2)), np.zeros((60, 2))].astype(np.float32)
    bag = Bag(x, None, windows, np.repeat([0, 1], 30), np.array([30.0, 30.0]))
    backend, encoder = backends.get("vlfeat"), encoders.make({"kind": "fisher", "words": 3})
    book = encoder.fit(x, backend, 0)
    row = {"pooling": ["l2", "mean"], "normalisation": ["signed_sqrt", "l2"]}
    found = encode_bag(bag, {"sp": row | {"regions": [[1, 1], [3, 1]]}}, encoder, book, backend)["sp"]
    parts = [encode_bag(bag, {"mpp": row}, encoder, book, backend)["mpp"]]
    for third in range(3):
        inside = (windows[:, 1] >= third / 3) & (windows[:, 1] < (third + 1) / 3)
        alone = Bag(x[inside], None, windows[inside], bag.level[inside], np.bincount(bag.level[inside], minlength=2).astype(float))
        parts.append(represent([encode_levels(alone, encoder, book, backend)], row))
    np.testing.assert_allclose(found, l2(np.concatenate(parts)), atol=1e-6)


def test_an_empty_region_is_named(rng):
    from orderless.representations.encoding import Bag, encode_bag

    windows = np.tile(np.array([[0.5, 0.1, 0, 0]], np.float32), (5, 1))
    bag = Bag(rng.normal(size=(5, 4)).astype(np.float32), None, windows, np.zeros(5, int), np.array([5.0]))
    row = {"pooling": ["sum"], "normalisation": [], "regions": [[3, 1]]}
    with pytest.raises(OrderlessError, match=r"'spp': region 2 of 3 x 1 holds no descriptor"):
        encode_bag(bag, {"spp": row}, encoders.make({"kind": "max"}), {}, None)


def test_a_map_smaller_than_its_units_is_named(network, image):
    """A layer whose map is smaller than the neighbourhood: the message says what to take instead."""
    sets = {"s": {"views": {"kind": "whole"}, "layer": {"tap": "fc7", "units": 3}, "projection": None}}
    with pytest.raises(OrderlessError, match="map of 1 x 1 has no neighbourhood of 3 x 3"):
        Extractor(network, ENTRY, sets, {}).describe(image)


def test_an_image_smaller_than_one_sift_is_named(image):
    sets = {"s": {"views": {"kind": "whole"}, "layer": {"sift": {"step": 4, "bin": 60}}, "projection": None}}
    with pytest.raises(OrderlessError, match=r"smaller than a SIFT of 240.*Lower 'bin'"):
        Extractor(None, ENTRY, sets, {}).describe(image)


def test_dense_sift_is_vlfeats(image):
    from cyvlfeat.sift import dsift

    from orderless.activations.sift import dense_sift
    from orderless.activations.views import cut, whole

    pixels = cut(image, whole(96))[0]
    found, windows = dense_sift(pixels, 4, 6)
    grey = np.asarray(Image.fromarray(pixels).convert("F"), np.float32)
    grey = pixels.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
    frames, expected = dsift(grey, step=4, size=6, fast=True, float_descriptors=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(windows[:, :2] + windows[:, 2:] / 2, frames[:, ::-1][:, :2][:, [0, 1]], atol=1e-4)
    assert (windows[:, 2:] == 24).all()


def test_sift_and_network_share_a_job(network, image):
    sets = {
        "sift": {"views": {"kind": "pyramid", "scales": 2}, "layer": {"sift": {"step": 40, "bin": 6}}, "projection": None},
        "fc7": {"views": {"kind": "pyramid", "scales": 2}, "layer": {"tap": "fc7"}, "projection": "max"},
    }
    extractor = Extractor(network, ENTRY, sets, {})
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        image.save(file.name)
        tensors = extract(extractor, [file.name], Image.open, progress)
    assert tensors["fc7/rows"].tolist() == [[1, 1]]
    assert tensors["fc7/counts"].tolist() == [[1, 9]]
    assert tensors["sift/x"].shape[1] == 128
