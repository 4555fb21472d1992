"""The papers' networks beside OpenCV's reading of the same files, and what is refused of files that are not theirs."""

import hashlib
import re

import numpy as np
import pytest
import torch
from scipy.io import savemat

from orderless.activations.extraction import Extractor
from orderless.activations.views import pyramid_sides
from orderless.backbones import caffe
from orderless.backbones.caffenet import NETWORKS
from orderless.backbones.networks import densify
from orderless.backbones.weights import fetch_model
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError
from orderless.files import transfers
from tests.server import Server

# What Caffe's files say of each layer, from the networks' deploy files: number of maps, side, stride, padding, groups.
CONV = {"caffenet": [(96, 11, 4, 0, 1), (256, 5, 1, 2, 2), (384, 3, 1, 1, 1), (384, 3, 1, 1, 2), (256, 3, 1, 1, 2)]}
CONV["bvlc-alexnet"] = CONV["caffenet"]
CONV["vgg-cnn-s"] = [(96, 7, 2, 0, 1), (256, 5, 1, 0, 1), (512, 3, 1, 1, 1), (512, 3, 1, 1, 1), (512, 3, 1, 1, 1)]
POOL = {"caffenet": {1: (3, 2), 2: (3, 2), 5: (3, 2)}, "vgg-cnn-s": {1: (3, 3), 2: (2, 2), 5: (3, 3)}}
POOL["bvlc-alexnet"] = POOL["caffenet"]
NORM = {"caffenet": ({1, 2}, 1e-4, 1), "bvlc-alexnet": ({1, 2}, 1e-4, 1), "vgg-cnn-s": ({1}, 5e-4, 2)}  # where, alpha, k
FC = {6: 4096, 7: 4096, 8: 1000}


def order(kind):
    """The layers of a network as (name, Caffe's type)."""
    found = []
    for i in range(1, 6):
        found += [(f"conv{i}", "Convolution"), (f"relu{i}", "ReLU")]
        behind = [(f"norm{i}", "LRN")] * (i in NORM[kind][0]) + [(f"pool{i}", "Pooling")] * (i in POOL[kind])
        found += behind[::-1] if kind == "caffenet" else behind
    return [*found, ("fc6", "InnerProduct"), ("relu6", "ReLU"), ("fc7", "InnerProduct"), ("relu7", "ReLU"), ("fc8", "InnerProduct")]


def prototxt(kind, side):
    text = f'name: "net" input: "data" input_dim: 1 input_dim: 3 input_dim: {side} input_dim: {side}\n'
    below = "data"
    for name, what in order(kind):
        number, given = int(name[-1]), ""
        if what == "Convolution":
            maps, size, stride, pad, group = CONV[kind][number - 1]
            given = f"convolution_param {{ num_output: {maps} kernel_size: {size} stride: {stride} pad: {pad} group: {group} }}"
        elif what == "Pooling":
            size, stride = POOL[kind][number]
            given = f"pooling_param {{ pool: MAX kernel_size: {size} stride: {stride} }}"
        elif what == "LRN":  # OpenCV takes k for 1: x / (k + s)^0.75 is k^-0.75 times x / (1 + s / k)^0.75
            _, alpha, k = NORM[kind]
            given = f"lrn_param {{ local_size: 5 alpha: {alpha / k} beta: 0.75 k: 1 }}"
            text += f'layer {{ name: "lrn{number}" type: "LRN" bottom: "{below}" top: "lrn{number}" {given} }}\n'
            below, what, given = f"lrn{number}", "Power", f"power_param {{ scale: {k**-0.75} }}"
        elif what == "InnerProduct":
            given = f"inner_product_param {{ num_output: {FC[number]} }}"
        text += f'layer {{ name: "{name}" type: "{what}" bottom: "{below}" top: "{name}" {given} }}\n'
        below = name
    return text


def random_weights(kind):
    """name -> (weight as Caffe keeps it, bias), of a size that keeps the activations' scale from layer to layer."""
    rng = np.random.default_rng(5)
    inputs, found = 3, {}
    shapes = {}
    for i, (maps, size, _, _, group) in enumerate(CONV[kind], 1):
        shapes[f"conv{i}"] = (maps, inputs // group, size, size)
        inputs = maps
    shapes |= {"fc6": (4096, inputs * 36), "fc7": (4096, 4096), "fc8": (1000, 4096)}
    for name, shape in shapes.items():
        scale = np.float32((2 / np.prod(shape[1:])) ** 0.5 / (40 if name == "conv1" else 1))
        weight = rng.standard_normal(shape, np.float32)
        weight *= scale
        found[name] = weight, rng.standard_normal(shape[0], np.float32) * np.float32(0.1)
    return found


def varint(x):
    return bytes([x]) if x < 128 else bytes([x & 127 | 128]) + varint(x >> 7)


def field(number, value):
    """One field of a protocol buffer: an int, or bytes."""
    return varint(number << 3) + varint(value) if isinstance(value, int) else varint(number << 3 | 2) + varint(len(value)) + value


def write_caffemodel(path, kind, weights, old, layers=None):
    """A NetParameter of today's form, or (old) of V1 layers with blobs of four sides."""
    types = {"Convolution": 4, "InnerProduct": 14, "LRN": 15, "Pooling": 17, "ReLU": 18}
    with open(path, "wb") as file:
        file.write(field(1, b"net"))
        for name, what in layers or order(kind):
            blobs = b""
            for array in weights.get(name, ()):
                sides = (1,) * (4 - array.ndim) + array.shape
                v1 = b"".join(field(i, side) for i, side in enumerate(sides, 1))
                dims = b"".join(map(varint, array.shape))
                shape = v1 if old else field(7, field(1, dims))
                blobs += field(6 if old else 7, shape + field(5, array.tobytes()))
            if old:
                file.write(field(2, field(2, b"below") + field(4, name.encode()) + field(5, types[what]) + blobs))
            else:
                file.write(field(100, field(1, name.encode()) + field(2, what.encode()) + blobs))
    return path


def write_matconvnet(path, kind, weights, mean, old):
    """A SimpleNN: filters (h, w, in, out), red first, a mean pixel or (old) a mean image."""
    cells, kinds = [], {"Convolution": "conv", "InnerProduct": "conv", "LRN": "normalize", "Pooling": "pool", "ReLU": "relu"}
    for name, what in order(kind):
        cell = {"name": name, "type": kinds[what]}
        if name in weights:
            weight, bias = weights[name]
            side = {"fc6": 6}.get(name, 1) if weight.ndim == 2 else weight.shape[-1]
            filters = weight.reshape(len(weight), -1, side, side)
            filters, biases = (filters[:, ::-1] if name == "conv1" else filters).transpose(2, 3, 1, 0), bias[None]
            pair = np.empty((1, 2), object)
            pair[0, 0], pair[0, 1] = filters, biases
            cell |= {"filters": filters, "biases": biases} if old else {"weights": pair}
        if what == "LRN":
            _, alpha, k = NORM[kind]
            cell["param"] = np.array([[5, k, alpha / 5, 0.75]])
        cells.append(cell)
    layers = np.empty((1, len(cells)), object)
    layers[0] = cells
    image = np.broadcast_to(np.float32(mean), (5, 5, 3)) if old else np.float32(mean).reshape(1, 1, 3)
    normalization = {"normalization": {"averageImage": image}}
    savemat(path, {"layers": layers} | (normalization if old else {"meta": normalization}))
    return path


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


def sides(kind, pooling):
    """Sides of fc6's map over the pyramid's seven scales: pool5's less the window of 6."""
    stem = NETWORKS[kind](pooling)
    stem = stem[: [name for name, _ in stem.named_children()].index("flatten")]
    side = {"vgg-cnn-s": 224}.get(kind, 227)
    with torch.inference_mode():
        return [stem(torch.zeros(1, 3, side, length)).shape[-1] - 5 for length in pyramid_sides(side, 7)]


@pytest.mark.parametrize("kind", ["caffenet", "bvlc-alexnet"])
def test_grids_of_the_alexnets(kind):
    """Floor gives paper B's Table 1; Caffe's ceil does not."""
    assert sides(kind, "floor") == [1, 3, 8, 14, 22, 34, 50]
    squares = np.cumsum(np.square(sides(kind, "ceil")))
    assert squares[3:].tolist() == [277, 806, 1962, 4563]


def test_grids_of_cnn_s():
    assert sides("vgg-cnn-s", "ceil") == [1, 3, 7, 12, 20, 30, 44]
    with pytest.raises(OrderlessError, match=r"5 x 5.*Set pooling: ceil"):
        NETWORKS["vgg-cnn-s"]("floor")


def load(path, kind):
    with torch.device("meta"):  # no weights needed
        model = NETWORKS[kind]()
    return caffe.load(path, model, load_catalog({})["backbones"][kind], kind)


def small(*names):
    return {name: (np.ones((2, 1, 1, 1), np.float32), np.ones(2, np.float32)) for name in names}


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


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfers, "WAIT", 0.0)
    found = Server()
    yield found
    found.close()


def test_weights_come_from_the_first_mirror_that_has_them(tmp_path, server, monkeypatch):
    """The catalog's way to a file: name -> addresses and hash -> cache -> the reader of its format."""
    content = write_caffemodel(tmp_path / "net.caffemodel", "caffenet", small("conv1"), old=False).read_bytes()
    server.files |= {"bad/net.caffemodel": b"<html>moved</html>", "other/net.caffemodel": b"other", "net.caffemodel": content}
    urls = [server.url(f"{place}net.caffemodel") for place in ("gone/", "bad/", "other/", "")]
    monkeypatch.setenv("ORDERLESS_CACHE", str(tmp_path / "cache"))

    def entry(mirrors: list[str]) -> dict:
        published = {"mine": {"urls": mirrors, "hash": f"md5:{hashlib.md5(content).hexdigest()}"}}
        return load_catalog({"backbones": {"caffenet": {"weights": "mine", "published": published}}})["backbones"]["caffenet"]

    with pytest.raises(OrderlessError) as refused:
        fetch_model(entry(urls[:3]), "caffenet")
    page = "refused: the server sent an HTML page"
    answers = r"gone/net\.caffemodel: 404", rf"bad/net\.caffemodel: {page}", r"other/net\.caffemodel: refused: .*hash"
    for said in (*answers, "set its 'weights' to your copy"):
        assert re.search(said, str(refused.value)), said
    assert not list((tmp_path / "cache").glob("net.caffemodel"))
    for _ in range(2):
        with pytest.raises(OrderlessError, match=r"cache/net\.caffemodel: lacks layer 'conv2'"):
            fetch_model(entry(urls), "caffenet")
    assert server.sent["net.caffemodel"] == [(0, len(content))]
