"""Weights of the papers' networks from the files in which they were published: Caffe's and MatConvNet's.

A .caffemodel is a protocol buffer of Caffe's NetParameter (caffe.proto of BVLC/caffe), of which only layers, their names, kinds
and blobs are read here; a .mat holds MatConvNet's `layers` and `normalization`. Neither can run code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from orderless.errors import OrderlessError

SUFFIXES = (".caffemodel", ".mat")
KINDS = {nn.Conv2d: "weights", nn.Linear: "weights", nn.MaxPool2d: "pool", nn.LocalResponseNorm: "norm"}
CAFFE_KINDS = {"Convolution": "weights", "InnerProduct": "weights", "Pooling": "pool", "LRN": "norm"}
CAFFE_KINDS_V1 = {4: "weights", 14: "weights", 17: "pool", 15: "norm"}  # V1LayerParameter.LayerType, before 2015
MATCONVNET_KINDS = {"conv": "weights", "pool": "pool", "normalize": "norm", "lrn": "norm"}


@dataclass
class Layer:
    """A layer of a file: kind is `weights`, `pool`, `norm` or another. weight: (out, in, h, w) or (out, in); bias: (out,).

    norm: size, k, alpha and beta of a response normalisation as torch means them, where the file tells.
    """

    name: str
    kind: str
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None
    norm: tuple[float, ...] | None = None


def load(path: str | Path, model: nn.Sequential, backbone: dict, name: str) -> dict[str, torch.Tensor]:
    """The state_dict that a published file holds for a network of `caffenet.py`, in the channel order of its catalog entry.

    A MatConvNet file has red first and brings its own mean: what this differs from the catalog's is taken into the bias of
    conv1, which has no padding, so that the layers are the file's. Raises OrderlessError where the file is damaged, lacks a
    layer, or is of another network.
    """
    path = Path(path)
    matlab = path.suffix == ".mat"
    try:
        layers, mean = read_matconvnet(path) if matlab else (list(read_caffemodel(path)), None)
    except Exception as error:  # scipy and numpy raise many kinds for damaged files
        what = "MatConvNet network" if matlab else "caffemodel"
        raise OrderlessError(f"{path}: cannot be read as a {what} ({error}). The file is damaged: fetch it again.") from error
    check_order(path, layers, model, name)
    found = {layer.name: layer for layer in layers if layer.weight is not None and layer.bias is not None}
    state = {}
    for own, module in model.named_children():
        if KINDS.get(type(module)) != "weights":
            continue
        if own not in found:
            raise OrderlessError(
                f"{path}: lacks layer '{own}' of backbone '{name}'; it has weights of {', '.join(found) or 'no layer'}. "
                "Give the file of this network, or name the network of this file."
            )
        weight = torch.from_numpy(found[own].weight)
        state[f"{own}.weight"] = weight.flatten(1) if isinstance(module, nn.Linear) else weight
        state[f"{own}.bias"] = torch.from_numpy(found[own].bias)
    return oriented(state, backbone, "rgb" if matlab else "bgr", mean)


def oriented(state: dict[str, torch.Tensor], backbone: dict, channels: str, mean: np.ndarray | None) -> dict[str, torch.Tensor]:
    """conv1 for the entry's channel order and mean; channels, mean: of the file, mean (3,) in 0..255 or None."""
    first = next(key for key in state if key.endswith(".weight"))
    if backbone.get("channels", "rgb") != channels:
        state[first] = state[first].flip(1)
        mean = None if mean is None else mean[::-1].copy()
    if mean is not None:
        expected = np.array(backbone["mean"]) * 255 / backbone.get("range", 1)
        change = torch.from_numpy(expected - mean).to(state[first].dtype)
        bias = first.replace("weight", "bias")
        state[bias] = state[bias] + state[first].sum((2, 3)) @ change
    return state


def check_order(path: Path, layers: list[Layer], model: nn.Sequential, name: str) -> None:
    """CaffeNet and AlexNet have weights of the same shapes: only the order of pooling and normalisation tells them apart.

    Where the file says how it normalises, it must do so as the network.
    """
    told = [layer.name for layer in layers if layer.kind in ("weights", "pool", "norm")]
    own = [key for key, module in model.named_children() if type(module) in KINDS]
    if any(layer.kind == "pool" for layer in layers) and sorted(told) == sorted(own) and told != own:
        at = next(i for i, (a, b) in enumerate(zip(told, own, strict=True)) if a != b)
        raise OrderlessError(
            f"{path}: is not of backbone '{name}': it has '{told[at]}' where the network has '{own[at]}'. "
            "caffenet pools and then normalises, bvlc-alexnet the other way round: name the network of this file."
        )
    modules = dict(model.named_children())
    for layer in layers:
        module = modules.get(layer.name)
        if layer.norm and isinstance(module, nn.LocalResponseNorm):
            expected = module.size, module.k, module.alpha, module.beta
            if not np.allclose(layer.norm, expected, rtol=1e-3):
                raise OrderlessError(
                    f"{path}: is not of backbone '{name}': '{layer.name}' normalises with size, k, alpha, beta of {layer.norm}, "
                    f"the network with {expected}. Give the file of this network."
                )


def varint(message: memoryview, position: int) -> tuple[int, int]:
    """A protocol buffer's number and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position + shift // 7]  # an IndexError where the file ends too soon
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position + shift // 7 + 1
    raise ValueError("a number of more than ten bytes")


def fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """The fields of a protocol buffer: (number, value), an int, or the bytes of a string, message or packed array."""
    position = 0
    while position < len(message):
        key, position = varint(message, position)
        wire = key & 7
        if wire not in (0, 1, 2, 5):
            raise ValueError("not a protocol buffer")
        value, behind = varint(message, position) if wire in (0, 2) else ({1: 8, 5: 4}[wire], position)
        if wire != 0:  # `value` is a length
            position, behind = behind, behind + value
            if behind > len(message):
                raise ValueError("it ends in the middle of a field")
        yield key >> 3, value if wire == 0 else message[position:behind]
        position = behind


def read_caffemodel(path: Path) -> Iterator[Layer]:
    """The layers of a .caffemodel, of today's form (NetParameter.layer) or that of before 2015 (NetParameter.layers)."""
    for number, value in fields(memoryview(path.read_bytes())):
        if number in (2, 100):
            yield caffe_layer(value, old=number == 2)


def caffe_layer(message: memoryview, old: bool) -> Layer:
    """One LayerParameter, or V1LayerParameter where `old`."""
    name, kind, blobs = "", "", []
    name_at, kind_at, blobs_at = (4, 5, 6) if old else (1, 2, 7)
    for number, value in fields(message):
        if number == name_at:
            name = bytes(value).decode()
        elif number == kind_at:
            kind = CAFFE_KINDS_V1.get(value, "") if old else CAFFE_KINDS.get(bytes(value).decode(), "")
        elif number == blobs_at:
            blobs.append(blob(value))
    return Layer(name, kind, blobs[0], blobs[1].ravel()) if kind == "weights" and len(blobs) > 1 else Layer(name, kind)


def blob(message: memoryview) -> np.ndarray:
    """A BlobProto as float32 in its shape: `shape`, or the four numbers of before 2015 (a matrix is 1 x 1 x rows x columns)."""
    sides, shape, data = [1, 1, 1, 1], [], np.empty(0, np.float32)
    for number, value in fields(message):
        if number in (1, 2, 3, 4):
            sides[number - 1] = value
        elif number in (5, 8):
            data = np.frombuffer(value, "<f4" if number == 5 else "<f8").astype(np.float32)
        elif number == 7:
            for _, dims in fields(value):
                position = 0
                while position < len(dims):
                    side, position = varint(dims, position)
                    shape.append(side)
    return data.reshape(shape or (sides[2:] if sides[:2] == [1, 1] else sides))


def read_matconvnet(path: Path) -> tuple[list[Layer], np.ndarray | None]:
    """The layers of a MatConvNet file (SimpleNN) and its mean pixel (3,), red first, of 0..255; None where it has none.

    Filters lie (h, w, in, out) there, fully connected ones too. Older files have `filters` and `biases`, newer ones `weights`;
    the mean is that of the mean image, which does not fit larger inputs.
    """
    from scipy.io import loadmat

    content = loadmat(path, variable_names=["layers", "normalization", "meta"], simplify_cells=True)
    layers = []
    for entry in content["layers"]:
        layer = Layer(str(entry["name"]), MATCONVNET_KINDS.get(entry["type"], ""))
        filters, biases = entry["weights"][:2] if len(entry.get("weights", [])) > 1 else (entry.get("filters"), entry.get("biases"))
        if layer.kind == "weights" and filters is not None and biases is not None:
            weight = np.asarray(filters, np.float32)  # of single sides squeezed: 1 x 1 x in x out is in x out
            layer.weight = np.ascontiguousarray(weight.T if weight.ndim == 2 else weight.transpose(3, 2, 0, 1))
            layer.bias = np.asarray(biases, np.float32).ravel()
        if layer.kind == "norm" and "param" in entry:
            size, kappa, alpha, beta = (float(value) for value in entry["param"])
            layer.norm = size, kappa, alpha * size, beta  # MatConvNet does not divide alpha by the number of channels
        layers.append(layer)
    normalization = content.get("normalization") or content.get("meta", {}).get("normalization", {})
    mean = normalization.get("averageImage")
    return layers, None if mean is None else np.asarray(mean, np.float64).reshape(-1, 3).mean(0)
