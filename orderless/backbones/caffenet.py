"""The papers' networks, layer for layer as torch modules: CaffeNet, BVLC AlexNet and VGG CNN-S.

Input: (n, 3, side, side) float32 in 0..255 minus the mean pixel, blue first. Output: (n, 1000) logits. Modules have the layer names
of the published files. `pooling` says how the number of pooling windows is rounded: up in Caffe (ceil), down in MatConvNet (floor),
which paper B's Table 1 needs. For the two AlexNets both give the same maps at the training size.
"""

from collections import OrderedDict

from torch import nn

from orderless.errors import OrderlessError


def caffenet(pooling: str = "floor") -> nn.Sequential:
    """CaffeNet, the "Alex" of paper B (bvlc_reference_caffenet): an AlexNet that pools before it normalises. Side 227.

    Maps: conv1 55, pool1 27, conv2 27, pool2 13, conv3 to conv5 13, pool5 6, fc6 to fc8 1; stride of fc7: 32 px.
    """
    return alexnets(pooling, ("pool", "norm"))


def bvlc_alexnet(pooling: str = "floor") -> nn.Sequential:
    """AlexNet as trained by the authors of Caffe (bvlc_alexnet): it normalises before it pools. Side 227."""
    return alexnets(pooling, ("norm", "pool"))


def alexnets(pooling: str, order: tuple[str, str]) -> nn.Sequential:
    """Either AlexNet. order: of pooling and normalisation after the first two convolutions."""

    def after(number: int) -> list:
        modules = {"pool": nn.MaxPool2d(3, 2, ceil_mode=pooling == "ceil"), "norm": nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)}
        return [(f"relu{number}", nn.ReLU()), *((f"{kind}{number}", modules[kind]) for kind in order)]

    return nn.Sequential(OrderedDict([
        ("conv1", nn.Conv2d(3, 96, 11, 4)), *after(1),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2)), *after(2),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), ("relu3", nn.ReLU()),
        ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=2)), ("relu4", nn.ReLU()),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=2)), ("relu5", nn.ReLU()),
        ("pool5", nn.MaxPool2d(3, 2, ceil_mode=pooling == "ceil")),
        *head(256 * 36),
    ]))  # fmt: skip


def vgg_cnn_s(pooling: str = "ceil") -> nn.Sequential:
    """CNN-S of Chatfield et al., BMVC 2014 ("Return of the devil in the details"), paper B's second network. Side 224.

    Maps: conv1 109, pool1 37, conv2 33, pool2 17, conv3 to conv5 17, pool5 6, fc6 to fc8 1; stride of fc7: 36 px.
    Its normalisation has kappa 2 and alpha 5e-4 in the definition of Caffe and torch, which divide alpha by the 5 channels; in
    MatConvNet's definition, as in the published file, that is 1e-4.
    """
    if pooling != "ceil":
        raise OrderlessError("vgg-cnn-s: with pooling 'floor' the map before fc6 is 5 x 5, but fc6 needs 6 x 6. Set pooling: ceil.")

    def pool(size: int) -> nn.MaxPool2d:
        return nn.MaxPool2d(size, size, ceil_mode=True)

    return nn.Sequential(OrderedDict([
        ("conv1", nn.Conv2d(3, 96, 7, 2)), ("relu1", nn.ReLU()), ("norm1", nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0)),
        ("pool1", pool(3)),
        ("conv2", nn.Conv2d(96, 256, 5)), ("relu2", nn.ReLU()), ("pool2", pool(2)),
        ("conv3", nn.Conv2d(256, 512, 3, padding=1)), ("relu3", nn.ReLU()),
        ("conv4", nn.Conv2d(512, 512, 3, padding=1)), ("relu4", nn.ReLU()),
        ("conv5", nn.Conv2d(512, 512, 3, padding=1)), ("relu5", nn.ReLU()), ("pool5", pool(3)),
        *head(512 * 36),
    ]))  # fmt: skip


def head(inputs: int) -> list:
    """The fully connected layers, the same for all three. inputs: values of the flattened map."""
    return [
        ("flatten", nn.Flatten()),
        ("fc6", nn.Linear(inputs, 4096)), ("relu6", nn.ReLU()), ("drop6", nn.Dropout()),
        ("fc7", nn.Linear(4096, 4096)), ("relu7", nn.ReLU()), ("drop7", nn.Dropout()),
        ("fc8", nn.Linear(4096, 1000)),
    ]  # fmt: skip


NETWORKS = {"caffenet": caffenet, "bvlc-alexnet": bvlc_alexnet, "vgg-cnn-s": vgg_cnn_s}
