"""The papers' networks, layer for layer as torch modules: CaffeNet, BVLC AlexNet and VGG CNN-S.

Input (n, 3, side, side) float32 of 0..255 less the mean pixel, blue first; output (n, 1000) logits. The modules bear the names
that the layers have in the published files. `pooling` says how a pooling ends at the far border: Caffe rounds the number of its
windows up (ceil); paper B's Table 1 needs floor, as MatConvNet pools. At the training size of the first two both are the same.
"""

from collections import OrderedDict

from torch import nn

from orderless.errors import OrderlessError


def caffenet(pooling: str = "floor") -> nn.Sequential:
    """CaffeNet, the "Alex" of paper B (bvlc_reference_caffenet): AlexNet that pools first and normalises then. Side 227.

    Maps: conv1 55, pool1 27, conv2 27, pool2 13, conv3 to conv5 13, pool5 6, fc6 to fc8 1; stride of fc7: 32 px.
    """
    return alexnets(pooling, ("pool", "norm"))


def bvlc_alexnet(pooling: str = "floor") -> nn.Sequential:
    """AlexNet as Caffe's authors trained it (bvlc_alexnet): responses are normalised before they are pooled. Side 227."""
    return alexnets(pooling, ("norm", "pool"))


def alexnets(pooling: str, behind: tuple[str, str]) -> nn.Sequential:
    """Either AlexNet; behind: the order of what follows the first two convolutions."""

    def after(number: int) -> list:
        made = {"pool": nn.MaxPool2d(3, 2, ceil_mode=pooling == "ceil"), "norm": nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)}
        return [(f"relu{number}", nn.ReLU()), *((f"{kind}{number}", made[kind]) for kind in behind)]

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
    Its alpha is 5e-4 where it is divided by the 5 channels, as Caffe and torch do (MatConvNet's file says 1e-4), kappa is 2.
    """
    if pooling != "ceil":
        raise OrderlessError("vgg-cnn-s: with pooling 'floor' its map before fc6 is 5 x 5, and fc6 needs 6 x 6. Set pooling: ceil.")

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
    """The fully connected layers of all three."""
    return [
        ("flatten", nn.Flatten()),
        ("fc6", nn.Linear(inputs, 4096)), ("relu6", nn.ReLU()), ("drop6", nn.Dropout()),
        ("fc7", nn.Linear(4096, 4096)), ("relu7", nn.ReLU()), ("drop7", nn.Dropout()),
        ("fc8", nn.Linear(4096, 1000)),
    ]  # fmt: skip


NETWORKS = {"caffenet": caffenet, "bvlc-alexnet": bvlc_alexnet, "vgg-cnn-s": vgg_cnn_s}
