"""Weights of the papers' networks from the files that were published, Caffe's and MatConvNet's.

A .caffemodel is a protocol buffer, Caffe's NetParameter (caffe.proto of BVLC/caffe); only the names, kinds and blobs of its layers
are read. A .mat file holds MatConvNet's `layers` and `normalization`. Reading either cannot run code.
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
    """A layer of a file.

    kind: `weights`, `pool`, `norm`, or empty for any other. weight: (out, in, h, w) or (out, in). bias: (out,).
    norm: size, k, alpha and beta of a response normalisation as torch defines them, if the file has them.
    """

    name: str
    kind: str
    weight: np.ndarray | None = None
    bias: np.ndarray | None = None
    norm: tuple[float, ...] | None = None


def load(path: str | Path, model: nn.Sequential, backbone: dict, name: str) -> dict[str, torch.Tensor]:
    """The state_dict that a published file holds for a network of `caffenet.py`, in the channel order of its catalog entry.

    A MatConvNet file has red first, and a mean pixel of its own. Its difference from the catalog's mean goes into the bias of
    conv1, which has no padding, so that all layers give what the file's network gives. Raises OrderlessError if the file is
    damaged, lacks a layer, or belongs to another network.
    """
    path = Path(path)
    matlab = path.suffix == ".mat"
    try:
        layers, mean = read_matconvnet(path) if matlab else (list(read_caffemodel(path)), None)
    except Exception as error:  # scipy and numpy raise many kinds for damaged files
        form = "MatConvNet network" if matlab else "caffemodel"
        raise OrderlessError(f"{path}: cannot be read as a {form} ({error}). The file is damaged: fetch it again.") from error
    check_order(path, layers, model, name)
    weighted = {layer.name: layer for layer in layers if layer.weight is not None and layer.bias is not None}
    state = {}
    for key, module in model.named_children():
        if KINDS.get(type(module)) != "weights":
            continue
        if key not in weighted:
            raise OrderlessError(
                f"{path}: lacks layer '{key}' of backbone '{name}'; it has weights of {', '.join(weighted) or 'no layer'}. "
                "Give the file of this network, or name the network of this file."
            )
        weight = torch.from_numpy(weighted[key].weight)
        state[f"{key}.weight"] = weight.flatten(1) if isinstance(module, nn.Linear) else weight
        state[f"{key}.bias"] = torch.from_numpy(weighted[key].bias)
    return adjust_input(state, backbone, "rgb" if matlab else "bgr", mean)


def adjust_input(state: dict[str, torch.Tensor], backbone: dict, channels: str, mean: np.ndarray | None) -> dict[str, torch.Tensor]:
    """Adjust conv1 to the channel order and mean of the entry. channels, mean: of the file; mean is (3,) in 0..255, or None."""
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
    """Raise OrderlessError unless the file pools and normalises as the network does.

    CaffeNet and AlexNet have weights of the same shapes; they differ only in the order of pooling and normalisation.
    """
    in_file = [layer.name for layer in layers if layer.kind in ("weights", "pool", "norm")]
    in_network = [key for key, module in model.named_children() if type(module) in KINDS]
    if any(layer.kind == "pool" for layer in layers) and sorted(in_file) == sorted(in_network) and in_file != in_network:
        at = next(i for i, (a, b) in enumerate(zip(in_file, in_network, strict=True)) if a != b)
        raise OrderlessError(
            f"{path}: is not of backbone '{name}': it has '{in_file[at]}' where the network has '{in_network[at]}'. "
            "caffenet pools before it normalises, bvlc-alexnet after: name the network of this file."
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
    """A number (varint) of a protocol buffer, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position + shift // 7]  # raises IndexError if the file ends here
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position + shift // 7 + 1
    raise ValueError("a number has more than ten bytes")


def fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """The fields of a protocol buffer as (number, value). A value is an int, or the bytes of a string, message or packed array."""
    position = 0
    while position < len(message):
        key, position = varint(message, position)
        wire = key & 7
        if wire not in (0, 1, 2, 5):
            raise ValueError("not a protocol buffer")
        value, after = varint(message, position) if wire in (0, 2) else ({1: 8, 5: 4}[wire], position)
        if wire != 0:  # `value` is a length
            position, after = after, after + value
            if after > len(message):
                raise ValueError("it ends in the middle of a field")
        yield key >> 3, value if wire == 0 else message[position:after]
        position = after


def read_caffemodel(path: Path) -> Iterator[Layer]:
    """The layers of a .caffemodel, in the current form (NetParameter.layer) or that before 2015 (NetParameter.layers)."""
    for number, value in fields(memoryview(path.read_bytes())):
        if number in (2, 100):
            yield caffe_layer(value, old=number == 2)


def caffe_layer(message: memoryview, old: bool) -> Layer:
    """One LayerParameter, or V1LayerParameter if `old`."""
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
    """A BlobProto as a float32 array. Its shape is `shape`, or before 2015 four numbers (a matrix is 1 x 1 x rows x columns)."""
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
    """The layers of a MatConvNet file (SimpleNN), and its mean pixel (3,), red first, in 0..255, or None if it has none.

    Filters are stored as (h, w, in, out), those of fully connected layers too. Older files have `filters` and `biases`, newer ones
    `weights`. The mean pixel is the average of the mean image, which would not fit larger inputs.
    """
    from scipy.io import loadmat

    content = loadmat(path, variable_names=["layers", "normalization", "meta"], simplify_cells=True)
    layers = []
    for entry in content["layers"]:
        layer = Layer(str(entry["name"]), MATCONVNET_KINDS.get(entry["type"], ""))
        filters, biases = entry["weights"][:2] if len(entry.get("weights", [])) > 1 else (entry.get("filters"), entry.get("biases"))
        if layer.kind == "weights" and filters is not None and biases is not None:
            weight = np.asarray(filters, np.float32)  # sides of length one are squeezed: 1 x 1 x in x out becomes in x out
            layer.weight = np.ascontiguousarray(weight.T if weight.ndim == 2 else weight.transpose(3, 2, 0, 1))
            layer.bias = np.asarray(biases, np.float32).ravel()
        if layer.kind == "norm" and "param" in entry:
            size, kappa, alpha, beta = (float(value) for value in entry["param"])
            layer.norm = size, kappa, alpha * size, beta  # MatConvNet does not divide alpha by the number of channels
        layers.append(layer)
    normalization = content.get("normalization") or content.get("meta", {}).get("normalization", {})
    mean = normalization.get("averageImage")
    return layers, None if mean is None else np.asarray(mean, np.float64).reshape(-1, 3).mean(0)
