"""Large inputs in bands give the maps of one pass."""

import pytest
import torch
from torch import nn

from orderless.activations import extraction as activations
from orderless.activations.extraction import Extractor
from orderless.backbones.bands import in_bands, reach
from orderless.backbones.networks import architecture, densify
from orderless.catalog.entries import load_catalog

LOCAL = {  # network -> pixels of training, layers: what has strides, ceilings, padding, means over windows
    "caffenet": (227, {"conv3": "relu3", "conv5": "relu5", "pool5": "pool5", "fc7": "relu7"}),
    "vgg-cnn-s": (224, {"conv2": "relu2", "conv5": "relu5", "fc7": "relu7"}),
    "resnet18": (64, {"conv2": "layer1", "conv5": "layer4", "fc7": "avgpool"}),
    "mobilenet_v2": (64, {"conv3": "features.6", "conv5": "features.18", "fc8": "classifier.1"}),
    "convnext_tiny": (64, {"conv1": "features.0", "conv2": "features.1"}),
}
GLOBAL = {"mobilenet_v3_small": "avgpool", "vit_b_32": "encoder.ln", "swin_t": "avgpool"}


def thinned(model: nn.Sequential) -> nn.Sequential:
    """The layers of a network with an eighth of their maps: their windows, strides and paddings stay, the passes take no time."""
    for name, layer in model.named_children():
        if isinstance(layer, nn.Conv2d):
            maps, how = (max(3, layer.in_channels // 8), layer.out_channels // 8), (layer.kernel_size, layer.stride, layer.padding)
            setattr(model, name, nn.Conv2d(*maps, *how, groups=layer.groups))
        elif isinstance(layer, nn.Linear):
            setattr(model, name, nn.Linear(layer.in_features // 8, layer.out_features // 8))
    return model


def network(name: str, side: int, layers: dict[str, str]):
    torch.manual_seed(0)
    ours = name in ("caffenet", "vgg-cnn-s")
    entry = {"kind": name if ours else "torchvision", "model": name, "input": side, "layers": layers}
    entry |= {"patch": 32} if name == "vit_b_32" else {}
    model = architecture(entry, name)
    return densify(thinned(model) if ours else model, entry, name).place("cpu"), entry


@pytest.mark.parametrize("name", LOCAL)
@torch.inference_mode()
def test_bands_are_one_pass(name):
    side, layers = LOCAL[name]
    dense, _ = network(name, side, layers)
    above, below = seen = reach(dense)
    step = int(max(geometry.stride for geometry in dense.geometry.values()))
    for height in (above + below + 5 * step, above + below + 5 * step + 17):
        x = torch.randn(1, 3, height, side + step)
        whole = dense(x)
        for bands in (1, 2):
            found = in_bands(dense, x, (above + below + bands * step) * x.shape[-1], seen)
            for role, maps in whole.items():
                assert found[role].shape == maps.shape
                scale = maps.abs().max()
                assert scale > 0
                torch.testing.assert_close(found[role] / scale, maps / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", GLOBAL)
@torch.inference_mode()
def test_what_sees_everything_has_no_bands(name):
    side = 64
    dense, _ = network(name, side, {"fc7": GLOBAL[name]})
    assert reach(dense) is None
    x = torch.randn(1, 3, 2 * side, side)
    torch.testing.assert_close(in_bands(dense, x, 1000, None)["fc7"], dense(x)["fc7"])


def test_the_extractor_takes_large_inputs_in_bands(monkeypatch):
    entry = load_catalog({})["backbones"]["tinyalex"]
    dense = densify(architecture(entry, "tinyalex"), entry, "tinyalex").place("cpu")
    extractor, sizes = Extractor(dense, entry, {}, {}), []
    inputs = torch.randint(0, 256, (1, 256, 256, 3), dtype=torch.uint8).numpy()
    whole = extractor.forward(inputs)
    monkeypatch.setitem(activations.BAND_PIXELS, "cpu", 128 * 256)
    assert extractor.reach  # measured before the passes are counted
    call = type(dense).__call__
    monkeypatch.setattr(type(dense), "__call__", lambda self, x: sizes.append(tuple(x.shape[-2:])) or call(self, x))
    found = extractor.forward(inputs)
    assert len(sizes) > 1
    assert max(rows * columns for rows, columns in sizes) <= 128 * 256
    for role, maps in whole.items():
        torch.testing.assert_close(found[role], maps, rtol=1e-4, atol=1e-4)
