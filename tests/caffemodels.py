"""Files of the papers' networks as Caffe and MatConvNet write them, with random weights, and their description for OpenCV."""

import numpy as np
from scipy.io import savemat

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
    """The network as OpenCV reads it, for inputs of side x side."""
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


def small(*names):
    """Weights of layers that are far too small: name -> (weight, bias)."""
    return {name: (np.ones((2, 1, 1, 1), np.float32), np.ones(2, np.float32)) for name in names}
