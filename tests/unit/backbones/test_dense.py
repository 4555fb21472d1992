"""A classification network as a dense one: the plain pass at the training size, crops of a larger image beyond it."""

import pytest
import torch
from torchvision import models

from orderless.activations.views import pyramid_sides
from orderless.backbones.caffenet import caffenet
from orderless.backbones.dense import DenseNetwork
from orderless.backbones.tinyalex import tinyalex
from orderless.errors import OrderlessError


def relative(a, b):
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize(
    ("build", "size", "head"),
    [
        (tinyalex, 32, "fc8"),
        (caffenet, 227, "fc8"),
        (models.alexnet, 224, "classifier.6"),
        (models.vgg11, 224, "classifier.6"),
        (models.resnet18, 224, "fc"),
        (models.mobilenet_v2, 224, "classifier.1"),
        (models.efficientnet_b0, 224, "classifier.1"),
        (models.convnext_tiny, 224, "classifier.2"),
        (models.densenet121, 224, "classifier"),
        (models.squeezenet1_1, 224, "flatten"),
    ],
)
def test_scale_one_is_the_plain_forward_pass(build, size, head):
    torch.manual_seed(0)
    model = build().eval()
    x = torch.randn(2, 3, size, size)
    network = DenseNetwork(model, {"head": head}, size, "test")
    with torch.inference_mode():
        plain, dense = model(x), network(x)["head"]
    assert dense.shape == (*plain.shape, 1, 1)
    assert relative(dense[..., 0, 0], plain) < 1e-4


def test_alexnet_geometry_of_paper_b():
    """Sides 1, 3, 8, 14, 22, 34, 50; 270, 754, 1,910, 4,410 activations in the first 4, 5, 6, 7 scales (Table 1)."""
    network = DenseNetwork(caffenet(), {"conv5": "relu5", "fc7": "relu7"}, 227, "caffenet")
    assert network.geometry["fc7"].stride == 32
    assert network.geometry["fc7"].window == 227

    # the side of fc6's map is that of pool5's less the 6 x 6 window: conv5's map and floor pooling tell it
    conv = DenseNetwork(caffenet(), {"pool5": "pool5"}, 227, "caffenet")
    sides = []
    with torch.inference_mode():
        for side in pyramid_sides(227, 7):
            strip = conv(torch.zeros(1, 3, 227, side))["pool5"]
            sides.append(strip.shape[-1] - 5)
    assert sides == [1, 3, 8, 14, 22, 34, 50]
    squares = torch.tensor(sides) ** 2
    assert [int(squares[:k].sum()) for k in (4, 5, 6, 7)] == [270, 754, 1910, 4410]


def test_dense_positions_are_crops_of_the_image():
    """An activation of the dense map is the plain network's on the pixels of its window (no padding lies in between)."""
    torch.manual_seed(0)
    layers = {"fc7": "relu7"}
    model = caffenet()
    for layer in model:
        if isinstance(layer, torch.nn.Conv2d):
            layer.padding = (0, 0)
    for name, size in (("fc6", 2),):
        setattr(model, name, torch.nn.Linear(256 * size * size, 4096))
    network = DenseNetwork(model, layers, 227, "unpadded")
    x = torch.randn(1, 3, 227 + 64, 227 + 64)
    with torch.inference_mode():
        maps = network(x)["fc7"]
        assert maps.shape[-2:] == (3, 3)
        for row in range(3):
            for column in range(3):
                crop = x[..., 32 * row : 32 * row + 227, 32 * column : 32 * column + 227]
                assert relative(maps[0, :, row, column], network(crop)["fc7"][0, :, 0, 0]) < 1e-4


def test_global_pooling_becomes_a_window():
    """The dense head of a ResNet is the average over 7 x 7 windows of its last map."""
    torch.manual_seed(0)
    network = DenseNetwork(models.resnet18(), {"conv5": "layer4", "fc7": "flatten"}, 224, "resnet18")
    with torch.inference_mode():
        maps = network(torch.randn(1, 3, 288, 288))
    assert maps["fc7"].shape[-2:] == (3, 3)
    torch.testing.assert_close(maps["fc7"][0, :, 1, 2], maps["conv5"][0, :, 1:8, 2:9].mean((1, 2)), rtol=1e-4, atol=1e-5)


def test_a_layer_that_does_not_exist_is_named():
    with pytest.raises(OrderlessError, match=r"tiny\.layers\.fc7: the network has no node 'relu77'\. Did you mean 'relu7'"):
        DenseNetwork(tinyalex(), {"fc7": "relu77"}, 32, "tiny")
