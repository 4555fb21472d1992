"""Extraction: counts that follow from CaffeNet's geometry, layers and SIFT in one job, maps that are too small."""

import numpy as np
import pytest
import torch
from PIL import Image

from orderless.activations.extraction import Extractor, extract
from orderless.backbones.caffenet import caffenet
from orderless.backbones.dense import DenseNetwork
from orderless.catalog.configuration import load_config
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import make_plan
from orderless.errors import OrderlessError
from orderless.files.jobs import progress

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


def test_a_map_smaller_than_its_units_is_named(network, image):
    """A layer whose map is smaller than the neighbourhood: the message says what to take instead."""
    sets = {"s": {"views": {"kind": "whole"}, "layer": {"tap": "fc7", "units": 3}, "projection": None}}
    with pytest.raises(OrderlessError, match="map of 1 x 1 has no neighbourhood of 3 x 3"):
        Extractor(network, ENTRY, sets, {}).describe(image)


def test_an_image_smaller_than_one_sift_is_named(image):
    sets = {"s": {"views": {"kind": "whole"}, "layer": {"sift": {"step": 4, "bin": 60}}, "projection": None}}
    with pytest.raises(OrderlessError, match=r"smaller than a SIFT of 240.*Lower 'bin'"):
        Extractor(None, ENTRY, sets, {}).describe(image)


def test_sift_and_network_share_a_job(network, image, tmp_path):
    sets = {
        "sift": {"views": {"kind": "pyramid", "scales": 2}, "layer": {"sift": {"step": 40, "bin": 6}}, "projection": None},
        "fc7": {"views": {"kind": "pyramid", "scales": 2}, "layer": {"tap": "fc7"}, "projection": "max"},
    }
    extractor = Extractor(network, ENTRY, sets, {})
    image.save(tmp_path / "image.png")
    tensors = extract(extractor, [tmp_path / "image.png"], Image.open, progress)
    assert tensors["fc7/rows"].tolist() == [[1, 1]]
    assert tensors["fc7/counts"].tolist() == [[1, 9]]
    assert tensors["sift/x"].shape[1] == 128
