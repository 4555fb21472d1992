"""Where windows lie: the published geometry of CaffeNet, and for other networks the answer to an impulse."""

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from orderless.activations.descriptors import of_network
from orderless.activations.views import whole
from orderless.backbones.caffenet import caffenet, vgg_cnn_s
from orderless.backbones.dense import DenseNetwork
from orderless.backbones.tinyalex import tinyalex
from orderless.representations.bags import Bag


def first_window(network: DenseNetwork, role: str, side: int) -> tuple[float, float]:
    """Where the first window of a role's units begins on an input of `side` pixels, and how far away the next one begins."""
    maps = {role: torch.zeros(1, 1, (side - 1) // 8, (side - 1) // 8)}
    _, _, where = of_network("test", {"tap": role}, maps, whole(side), network.geometry[role])
    rows = where.reshape(*maps[role].shape[2:], 4)[:, 0, 1] * side
    return float(rows[0]), float(rows[1] - rows[0])


@pytest.mark.parametrize("side", [322, 454, 643, 1816])
def test_fc7_of_caffenet_begins_at_the_first_pixel(side):
    """Window (i, j) of fc7 covers the pixels 32 i to 32 i + 226, whatever is left over at the other end (paper B's geometry)."""
    network = DenseNetwork(caffenet(), {"fc7": "relu7"}, 227, "caffenet")
    assert first_window(network, "fc7", side) == pytest.approx((0, 32), abs=1e-3)


def middle_of_view(network: DenseNetwork, role: str, height: int, width: int) -> float:
    """The middle of the rows that the first unit of a role sees, from the first row's centre, as impulses find it.

    A NaN in row r spreads to the units that see it: the last one is the last whose view begins at r or before, the first one the
    first whose view ends at r or behind. The impulses of one stride find the ends to the row.
    """
    stride = int(network.geometry[role].stride)
    impulses = height // 2 + np.arange(stride)
    x = torch.zeros(stride, 3, height, width)
    x[np.arange(stride), :, impulses] = torch.nan
    with torch.inference_mode():
        seen = network(x)[role].isnan().any(3).any(1).numpy()
    assert not seen[:, 0].any()  # what all impulses reach lies inside the map
    assert not seen[:, -1].any()
    first, last = seen.argmax(1), seen.shape[1] - 1 - seen[:, ::-1].argmax(1)
    return float((impulses - stride * last).min() + (impulses - stride * first).max()) / 2


@pytest.mark.parametrize(
    ("build", "size", "role", "node", "height", "width"),
    [
        (tinyalex, 32, "conv4", "relu4", 128, 32),
        (tinyalex, 32, "fc7", "relu7", 160, 32),
        (caffenet, 227, "conv4", "relu4", 416, 67),
        (vgg_cnn_s, 224, "conv5", "relu5", 504, 60),
        (models.alexnet, 224, "conv4", "features.9", 512, 63),
        (models.resnet18, 224, "conv5", "layer4", 1216, 32),
        (models.mobilenet_v2, 224, "conv5", "features.17", 1216, 32),
        (models.densenet121, 224, "conv4", "features.denseblock2", 768, 32),
        (models.inception_v3, 299, "conv4", "Mixed_6a", 768, 75),
    ],
)
def test_windows_lie_where_units_look(build, size, role, node, height, width):
    model = build(init_weights=False) if build is models.inception_v3 else build()
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU6):  # it lets no NaN through
                setattr(module, name, nn.Identity())
    network = DenseNetwork(model, {role: node}, size, "test")
    begins, stride = first_window(network, role, 2000)
    centre = begins + network.geometry[role].window / 2 - 0.5  # of the window, from the first row's centre
    assert stride == pytest.approx(network.geometry[role].stride, abs=1e-2)
    assert centre == pytest.approx(middle_of_view(network, role, height, width), abs=1e-2)


def test_squeeze_and_excitation_do_not_move_units():
    """They see the whole input: the units stay where the convolutions are, which are padded by half of their kernels."""
    network = DenseNetwork(models.efficientnet_b0(), {"conv5": "features.7"}, 224, "test")
    assert network.geometry["conv5"].first == 0


def test_units_whose_stride_is_not_that_of_windows_are_centred():
    """Pixels that are joined by slicing, as Swin joins patches: what the layers say of strides is not the map's own."""

    class Sliced(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.last = nn.Conv2d(3, 4, 3, 2), nn.Conv2d(8, 4, 1)

        def forward(self, x):
            maps = self.convolution(x)
            return self.last(torch.cat([maps[..., 0:-1:2, 0:-1:2], maps[..., 1::2, 1::2]], 1))

    network = DenseNetwork(Sliced(), {"conv5": "last"}, 32, "test")
    assert network.geometry["conv5"].first is None
    begins, _ = first_window(network, "conv5", 400)
    assert begins == (400 - (399 // 8) * 4) / 2


@pytest.mark.parametrize(("rows", "both"), [(11, True), (10, False)])
def test_a_central_row_belongs_to_both_halves(rows, both):
    """Units of conv4 on an input of 227: the sixth of eleven rows lies in the middle, and a mirrored image has mirrored halves."""
    tops = (np.arange(rows) - rows / 2 + 0.5) * 16 + 113.5 - 24
    windows = np.zeros((rows, 4))
    windows[:, 1], windows[:, 3] = tops / 227, 48 / 227
    windows = windows.astype(np.float16).astype(np.float32)  # as they are stored
    bag = Bag(np.zeros((rows, 1), np.float32), None, windows, np.zeros(rows, int), np.array([rows]))
    upper, lower = bag.regions((2, 1))
    half = -(-rows // 2) if both else rows // 2
    assert upper.tolist() == [True] * half + [False] * (rows - half)
    assert lower.tolist() == upper.tolist()[::-1]
