"""The grids of the papers' networks over the pyramid."""

import numpy as np
import pytest
import torch

from orderless.activations.views import pyramid_sides
from orderless.backbones.caffenet import NETWORKS
from orderless.errors import OrderlessError


def sides(kind, pooling):
    """Sides of fc6's map over the pyramid's seven scales: pool5's less the window of 6."""
    side = {"vgg-cnn-s": 224}.get(kind, 227)
    with torch.inference_mode(), torch.device("meta"):  # shapes alone
        stem = NETWORKS[kind](pooling)
        stem = stem[: [name for name, _ in stem.named_children()].index("flatten")]
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
