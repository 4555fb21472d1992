"""Transformers: patch tokens as maps, positions interpolated, patches that are not theirs."""

import pytest
import torch
from torchvision import models
from torchvision.models.vision_transformer import interpolate_embeddings

from orderless.backbones.networks import densify
from orderless.backbones.tokens import interpolated
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError


def test_patch_tokens_lie_where_their_patches_do():
    """Without attention and position, a token depends on its own patch alone: changing one patch changes one place of the map."""
    torch.manual_seed(0)
    entry = load_catalog({})["backbones"]["vit_b_16"]
    model = models.VisionTransformer(224, 16, 1, 2, 8, 16).eval()
    model.encoder.layers[0].self_attention.out_proj.weight.data.zero_()
    small = entry | {"layers": {"conv5": "encoder.layers.encoder_layer_0", "fc7": "encoder.ln"}}
    network = densify(model, small, "small")
    x = torch.rand(1, 3, 16 * 5 + 6, 16 * 7)  # six rows too many: three at the top, three at the bottom
    changed = x.clone()
    changed[..., 3 + 16 * 2 : 3 + 16 * 3, 16 * 4 : 16 * 5] += 1
    with torch.inference_mode():
        difference = (network(changed)["conv5"] - network(x)["conv5"]).abs().sum(1)[0]
    assert difference.shape == (5, 7)
    assert [tuple(place) for place in difference.nonzero().tolist()] == [(2, 4)]


def test_position_embeddings_are_interpolated_as_torchvision_does():
    """torchvision's own function for square sizes, which has no antialiasing: equal where the grid grows."""
    torch.manual_seed(0)
    table = torch.randn(1, 1 + 14 * 14, 8)
    theirs = interpolate_embeddings(320, 16, {"encoder.pos_embedding": table}, "bicubic")["encoder.pos_embedding"]
    ours = interpolated(table, (20, 20))
    assert ours.shape == theirs.shape
    assert torch.equal(ours[:, 0], theirs[:, 0])
    assert interpolated(table, (14, 14)) is table
    assert interpolated(table, (9, 30)).shape == (1, 1 + 9 * 30, 8)


def test_a_patch_that_is_not_the_networks_is_refused():
    entry = load_catalog({})["backbones"]["vit_b_16"]
    model = models.VisionTransformer(224, 16, 1, 2, 8, 16)
    with pytest.raises(OrderlessError, match=r"transformer with patches of 16 pixels\. Set 'patch: 16'"):
        densify(model, {key: value for key, value in entry.items() if key != "patch"}, "mine")
    with pytest.raises(OrderlessError, match=r"has no patches\. Leave 'patch' out"):
        densify(models.resnet18(), entry | {"layers": {"fc7": "fc"}}, "mine")
    with pytest.raises(
        OrderlessError, match=r"mine\.layers\.fc7: the network has no module 'encoder\.lm'\. Did you mean 'encoder\.ln'"
    ):
        densify(model, entry | {"layers": {"fc7": "encoder.lm"}}, "mine")
