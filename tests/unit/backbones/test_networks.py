"""Networks of torchvision and timm: dense ones beside the models themselves, and names that do not exist."""

import builtins
import tempfile
from types import SimpleNamespace

import pytest
import torch

from orderless.backbones import networks
from orderless.backbones.networks import architecture, densify
from orderless.backbones.weights import fetch_model
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError


@pytest.mark.parametrize("backbone", ["dinov2_vits14", "efficientnet_b0", "convnext_tiny_22k", "vit_b_16"])
def test_dense_network_is_the_plain_one_at_training_size(backbone):
    """fc8, or without classes fc7, is what the model itself says; conv4 and conv5 have one grid, a larger one on a larger input."""
    if backbone != "vit_b_16":
        pytest.importorskip("timm")
    torch.manual_seed(0)
    entry = load_catalog({})["backbones"][backbone]
    model = architecture(entry, backbone).eval()
    for parameter in model.parameters():  # heads and class tokens that begin at zero
        parameter.data += 0.01 * torch.randn_like(parameter)
    network = densify(model, entry, backbone)
    x = torch.randn(1, 3, entry["input"], entry["input"])
    with torch.inference_mode():
        plain, maps = model(x), network(x)
        large = network(torch.randn(1, 3, 350, 320))
    head = maps.get("fc8", maps["fc7"])[..., 0, 0]
    assert float((head - plain).norm() / plain.norm()) < 1e-4
    assert maps["conv4"].shape[2:] == maps["conv5"].shape[2:]
    if "patch" in entry:
        side = entry["patch"]
        assert maps["conv5"].shape[2:] == (224 // side, 224 // side)
        assert large["conv5"].shape[2:] == (350 // side, 320 // side)
        assert large["fc7"].shape[2:] == (1, 1)
        assert network.geometry["conv5"].stride == network.geometry["conv5"].window == side


def test_timm_is_asked_for_where_it_is_missing(monkeypatch):
    real = builtins.__import__

    def without_timm(name, *args, **kwargs):
        if name == "timm":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    entry = load_catalog({})["backbones"]["efficientnet_b0"]
    monkeypatch.setattr(builtins, "__import__", without_timm)
    with pytest.raises(OrderlessError, match=r"backbone 'efficientnet_b0': timm is not installed.*orderless\[timm\]"):
        architecture(entry, "efficientnet_b0")


def test_an_unknown_timm_model_or_weight_is_named():
    pytest.importorskip("timm")
    entry = load_catalog({})["backbones"]["efficientnet_b0"]
    with pytest.raises(OrderlessError, match=r"timm has no model 'efficientnet_bo'\. Did you mean 'efficientnet"):
        architecture(entry | {"model": "efficientnet_bo"}, "mine")
    with pytest.raises(OrderlessError, match=r"catalog\.backbones\.mine\.weights: timm names weights by the model's tag"):
        fetch_model(entry | {"weights": "IMAGENET1K_V1"}, "mine")


def test_an_unknown_torchvision_model_is_named():
    with pytest.raises(OrderlessError, match="Did you mean 'resnet50'"):
        architecture({"kind": "torchvision", "model": "resnet5o"}, "mine")


def test_a_layer_that_a_torchvision_model_does_not_have_is_named():
    entry = {"kind": "torchvision", "model": "resnet18", "input": 224, "layers": {"fc7": "flaten"}}
    with pytest.raises(OrderlessError, match=r"'flaten'.*Did you mean 'flatten'"):
        densify(architecture(entry, "mine"), entry, "mine")


def test_every_job_takes_a_card_of_its_own_where_there_are_several(tmp_path, monkeypatch):
    """Three jobs on two cards: the third shares one. A process keeps its card; with one card there is no choice."""
    cards: list[int] = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "set_device", cards.append)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda card: SimpleNamespace(uuid=f"GPU-{card}"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    networks.take_card()
    assert cards == []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    jobs: list[list] = [[], [], []]
    for job in jobs:
        monkeypatch.setattr(networks, "TAKEN", job)
        networks.take_card()
    assert cards[:2] == [0, 1]
    assert cards[2] in (0, 1)
    monkeypatch.setattr(networks, "TAKEN", jobs[1])
    networks.take_card()
    assert len(cards) == 3
    jobs[0][0].release()
    monkeypatch.setattr(networks, "TAKEN", [])
    networks.take_card()
    assert cards[3] == 0
