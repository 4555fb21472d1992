"""Files of Caffe and MatConvNet: the papers' networks beside OpenCV's reading of them, and what is refused."""

import numpy as np
import pytest
import torch

from orderless.activations.extraction import Extractor
from orderless.backbones import caffe
from orderless.backbones.caffenet import NETWORKS
from orderless.backbones.networks import densify
from orderless.backbones.weights import fetch_model
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError
from tests.caffemodels import NORM, order, prototxt, random_weights, small, write_caffemodel, write_matconvnet


def relative(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("kind", ["caffenet", "vgg-cnn-s", "bvlc-alexnet"])
def test_every_layer_is_that_of_opencv(kind, tmp_path):
    """From the pixels of an image to fc8: the network of a caffemodel, and that of a MatConvNet file of the same weights."""
    cv2 = pytest.importorskip("cv2")
    entry, weights = load_catalog({})["backbones"][kind], random_weights(kind)
    side, mean = entry["input"], np.array([120.5, 118.25, 101.0])  # red first; not the catalog's
    rng = np.random.default_rng(1)
    image = cv2.resize(rng.integers(0, 256, (9, 9, 3), np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)
    (tmp_path / "net.prototxt").write_text(prototxt(kind, side))
    caffemodel = write_caffemodel(tmp_path / "net.caffemodel", kind, weights, old=kind == "caffenet")
    files = {caffemodel: np.array(entry["mean"])[::-1]}
    if kind != "bvlc-alexnet":
        files[write_matconvnet(tmp_path / "net.mat", kind, weights, mean, old=kind == "caffenet")] = mean
    del weights

    names = [name for name, _ in order(kind)]
    theirs = cv2.dnn.readNetFromCaffe(str(tmp_path / "net.prototxt"), str(caffemodel))
    theirs.enableFusion(False)
    for path, pixel in files.items():
        own = entry | {"weights": str(path), "layers": {name: name for name in names}}
        model, source = fetch_model(own, kind)
        assert source.startswith(path.name)
        found = Extractor(densify(model, own, kind), own, {}, {}).forward(image[None])
        theirs.setInput((image.astype(np.float32) - np.float32(pixel))[..., ::-1].transpose(2, 0, 1)[None].copy())  # blue first
        for name, expected in zip(names, theirs.forward(names), strict=True):
            ours = found[name].numpy().reshape(expected.shape)
            assert np.abs(expected).max() > 0.01, name  # something to compare
            assert relative(ours, expected) < 1e-4, (path.name, name)
        path.unlink()  # hundreds of megabytes


def load(path, kind):
    with torch.device("meta"):  # no weights needed
        model = NETWORKS[kind]()
    return caffe.load(path, model, load_catalog({})["backbones"][kind], kind)


def test_the_order_of_pooling_tells_the_alexnets_apart(tmp_path):
    path = write_caffemodel(tmp_path / "a.caffemodel", "bvlc-alexnet", small(), old=True)
    with pytest.raises(
        OrderlessError, match=r"a\.caffemodel: is not of backbone 'caffenet': it has 'norm1' where.*'pool1'.*bvlc-alexnet"
    ):
        load(path, "caffenet")
    path = write_matconvnet(tmp_path / "a.mat", "caffenet", {}, [0, 0, 0], old=False)
    with pytest.raises(OrderlessError, match=r"a\.mat: is not of backbone 'bvlc-alexnet': it has 'pool1' where.*'norm1'"):
        load(path, "bvlc-alexnet")


def test_another_normalisation_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(NORM, "vgg-cnn-s", ({1}, 5e-4, 1))
    path = write_matconvnet(tmp_path / "a.mat", "vgg-cnn-s", {}, [0, 0, 0], old=False)
    with pytest.raises(OrderlessError, match=r"a\.mat: is not of backbone 'vgg-cnn-s': 'norm1' normalises with .*1\.0, 0\.0005"):
        load(path, "vgg-cnn-s")


@pytest.mark.parametrize("old", [True, False])
def test_a_missing_layer_is_named(tmp_path, old):
    path = write_caffemodel(tmp_path / "a.caffemodel", "caffenet", small("conv1", "conv2"), old)
    with pytest.raises(
        OrderlessError, match=r"a\.caffemodel: lacks layer 'conv3' of backbone 'caffenet'; it has weights of conv1, conv2"
    ):
        load(path, "caffenet")


def test_a_file_of_another_network_is_refused(tmp_path):
    names = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
    wrong = small(*names) | {"conv1": (np.ones((2, 3, 1, 1), np.float32), np.ones(2, np.float32))}
    path = write_caffemodel(tmp_path / "a.caffemodel", "caffenet", wrong, old=False)
    entry = load_catalog({})["backbones"]["caffenet"] | {"weights": str(path)}
    with pytest.raises(OrderlessError, match=r"a\.caffemodel: is not of backbone 'caffenet': it differs in the shape"):
        fetch_model(entry, "caffenet")
    other = {"kind": "torchvision", "model": "squeezenet1_1", "weights": str(path)}
    with pytest.raises(OrderlessError, match=r"such files are read for caffenet, bvlc-alexnet, vgg-cnn-s only"):
        fetch_model(other, "mine")
    with pytest.raises(OrderlessError, match=r"'matconv' is not published\. Did you mean 'matconvnet'"):
        fetch_model(entry | {"weights": "matconv"}, "caffenet")


@pytest.mark.parametrize("suffix", [".caffemodel", ".mat"])
def test_a_damaged_file_is_named(tmp_path, suffix):
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".mat":
        write_matconvnet(whole, "caffenet", small("conv1"), [0, 0, 0], old=True)
    else:
        write_caffemodel(whole, "caffenet", small("conv1", "conv2"), old=True)
    page = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"
    for name, content in {"cut": whole.read_bytes()[:-5], "page": page, "empty": b"", "zeros": bytes(999)}.items():
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        with pytest.raises(OrderlessError, match=rf"{name}\{suffix}: .*(fetch it again|lacks layer 'conv1')"):
            load(path, "caffenet")
