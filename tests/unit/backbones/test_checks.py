"""What a configuration says of a network is checked before any job: the model, its nodes, the maps of guides."""

import subprocess

import pytest

from orderless.backbones import checks
from orderless.backbones.checks import check_networks
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError

LAYERS = {"conv4": "layer3.0", "conv5": "layer3.1", "fc7": "flatten"}
RESNET = {"kind": "torchvision", "model": "resnet18", "weights": "w.pth", "input": 224, "layers": LAYERS}
GUIDED = {"tap": "conv4", "units": 3, "guide": "conv5"}


def check(tmp_path, layers, **changes):
    entry = RESNET | changes | {"layers": LAYERS | layers}
    check_networks({"mine": entry}, {"mine": [{"tap": "fc7"}, GUIDED]}, tmp_path / "kept.json")


@pytest.mark.parametrize(
    ("layers", "changes", "message"),
    [
        (
            {},
            {"model": "resnet81"},
            r"backbones\.mine\.model: torchvision has no model 'resnet81'\. Did you mean 'resnet18'",
        ),
        ({"conv5": "layr4.1"}, {}, r"catalog\.backbones\.mine\.layers\.conv5: .* no node 'layr4\.1'\. Did you mean 'layer4\.1'\?"),
        ({"conv5": "layer4.1"}, {}, r"layers\.conv5: .*14 x 14 of 'layer3\.0' and 7 x 7 of 'layer4\.1'"),
    ],
)
def test_what_does_not_exist_or_does_not_fit_is_named(tmp_path, layers, changes, message):
    with pytest.raises(OrderlessError, match=message):
        check(tmp_path, layers, **changes)


def test_a_network_is_measured_once_and_those_of_the_catalog_never(tmp_path, monkeypatch):
    check(tmp_path, {})

    def refuse(*_, **__):
        raise AssertionError("measured again")

    monkeypatch.setattr(subprocess, "run", refuse)
    check(tmp_path, {})
    tiny = load_catalog({})["backbones"]["tinyalex"]
    check_networks({"tinyalex": tiny}, {"tinyalex": [GUIDED]}, tmp_path / "none.json")
    with pytest.raises(AssertionError, match="measured again"):
        check_networks({"tinyalex": tiny}, {"tinyalex": [GUIDED | {"guide": "pool5"}]}, tmp_path / "none.json")


def test_the_guides_of_the_catalog_fit():
    """AlexNet and TinyAlex, whose guided layers are those of the papers."""
    catalog = load_catalog({})
    pairs = checks.guided(catalog["layers"].values())
    assert pairs == {("conv4", "conv5"), ("conv3", "conv4")}
    for name in ("alexnet", "tinyalex", "mobilenet_v2"):
        entry = catalog["backbones"][name]
        checks.check_guides(name, entry, pairs, checks.measure(entry, name))
