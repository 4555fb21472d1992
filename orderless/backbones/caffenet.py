"""CaffeNet, the "Alex" of paper B: bvlc_reference_caffenet as a torch module, layer for layer.

Grouped convolutions, local response normalisation behind pooling, floor pooling as in MatConvNet, which paper B ran
(Caffe itself pools with ceil; the two differ on some sizes of the pyramid, and only floor gives paper B's Table 1).
"""

from collections import OrderedDict

from torch import nn


def caffenet() -> nn.Sequential:
    """Input (n, 3, 227, 227) BGR float32 of 0..255 less the mean pixel; output (n, 1000) logits.

    Maps: conv1 55, pool1 27, conv2 27, pool2 13, conv3 to conv5 13, pool5 6, fc6 to fc8 1; stride of fc7: 32 px.
    """

    def norm():
        return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)

    layers = [
        ("conv1", nn.Conv2d(3, 96, 11, 4)), ("relu1", nn.ReLU()), ("pool1", nn.MaxPool2d(3, 2)), ("norm1", norm()),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2, groups=2)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(3, 2)),
        ("norm2", norm()),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), ("relu3", nn.ReLU()),
        ("conv4", nn.Conv2d(384, 384, 3, padding=1, groups=2)), ("relu4", nn.ReLU()),
        ("conv5", nn.Conv2d(384, 256, 3, padding=1, groups=2)), ("relu5", nn.ReLU()), ("pool5", nn.MaxPool2d(3, 2)),
        ("flatten", nn.Flatten()),
        ("fc6", nn.Linear(256 * 36, 4096)), ("relu6", nn.ReLU()), ("drop6", nn.Dropout()),
        ("fc7", nn.Linear(4096, 4096)), ("relu7", nn.ReLU()), ("drop7", nn.Dropout()),
        ("fc8", nn.Linear(4096, 1000)),
    ]  # fmt: skip
    return nn.Sequential(OrderedDict(layers))
