"""Descriptors of a layer: neighbourhoods of units, and the units that guide them."""

import torch

from orderless.activations.descriptors import centre_units, units
from orderless.backbones.caffenet import caffenet
from orderless.backbones.dense import DenseNetwork


def test_units_of_conv4_count_as_in_paper_d():
    network = DenseNetwork(caffenet(), {"conv4": "relu4", "conv5": "relu5"}, 227, "caffenet")
    with torch.inference_mode():
        maps = network(torch.randn(1, 3, 227, 227))
    assert units(maps["conv4"], 3).shape == (1, 121, 3456)
    assert centre_units(maps["conv5"], 3).shape == (1, 121, 256)
    # unit (2, 4) is the 3 x 3 neighbourhood whose centre is guided by conv5 at (3, 5)
    block = maps["conv4"][0, :, 2:5, 4:7].flatten()
    torch.testing.assert_close(units(maps["conv4"], 3)[0, 2 * 11 + 4], block)
    torch.testing.assert_close(centre_units(maps["conv5"], 3)[0, 2 * 11 + 4], maps["conv5"][0, :, 3, 5])
