"""A folder as the examples have it: photographs in classes, a picture to look for, weights; TinyAlex in place of MobileNetV2."""

import shutil

import numpy as np
import pytest
from PIL import Image

from orderless.backbones.networks import architecture
from orderless.catalog import entries
from orderless.commands import shared

ADAPT = {
    "views": {"pyramid": {"scales": 2}, "patches-64": {"stride": 64}, "patches-128": {"stride": 64}},
    "encoders": {"fisher": {"words": 4}, "vlad": {"words": 4}},
    "representations": {"mop-l2": {"reduce": 8}, "mop-l3": {"reduce": 8}},
}


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """`photos/<class>/*.jpg`, one of them unreadable; `photo.jpg`, one of them; `new/`, cuts; `mine.yaml`, `mobilenet_v2.pth`."""
    import torch

    root, rng = tmp_path_factory.mktemp("desk"), np.random.default_rng(3)
    for number in range(12):
        target = root / "photos" / "ab"[number % 2] / f"{number}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        coarse.resize((96, 72), Image.Resampling.BICUBIC).save(target)
    (root / "photos" / "a" / "broken.jpg").write_bytes(target.read_bytes()[:400])
    (root / "new").mkdir()
    shutil.copy(root / "photos" / "a" / "4.jpg", root / "photo.jpg")
    for name in ("1", "3"):
        Image.open(root / "photos" / "b" / f"{name}.jpg").crop((4, 4, 90, 70)).save(root / "new" / f"{name}.jpg")
    (root / "mine.yaml").write_text("catalog: {encoders: {fisher: {iterations: 10}}}\n")
    torch.manual_seed(0)
    network = entries.load_catalog({})["backbones"]["tinyalex"]
    torch.save(architecture(network, "tinyalex").state_dict(), root / "mobilenet_v2.pth")
    return root


@pytest.fixture
def here(desk, tmp_path, monkeypatch):
    """A copy of the desk as the working folder, where a small TinyAlex with random weights is the network that is not named."""
    shutil.copytree(desk, tmp_path, dirs_exist_ok=True)
    read = entries.read_yaml

    def changed(path):
        content = read(path)
        if path.name == "backbones.yaml":
            tiny = content["backbones"]["tinyalex"]
            content["backbones"]["tinyalex"] = tiny | {"adapt": entries.merge(tiny["adapt"], ADAPT)}
        return content

    inner = shared.describer_options
    network = {"backbone": "tinyalex", "weights": str(tmp_path / "mobilenet_v2.pth")}
    monkeypatch.setattr(shared, "describer_options", lambda args: network | inner(args))

    monkeypatch.setattr(entries, "read_yaml", changed)
    monkeypatch.chdir(tmp_path)
    return tmp_path
