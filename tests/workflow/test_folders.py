"""The workflow on a user's folder: nothing learned from test images, clear words for bad input, the torch backend."""

import json
import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from safetensors import safe_open

from orderless.datasets.digits import compose_dataset
from orderless.datasets.index import read_index
from orderless.files.images import find_images
from orderless.files.storage import Tensors
from tests.conftest import SMALL, only, results, snakemake, write_config

METRICS = "reports/own/metrics.csv"  # all but the pages


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """Digit scenes as a user's folder, train/<class> and test/<class>."""
    root = tmp_path_factory.mktemp("folder")
    for row in compose_dataset({"rule": "scenes", "train": 40, "test": 20, "block": "test"}, root / "made", 0):
        target = root / "images" / row["split"] / row["labels"] / Path(row["path"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(row["path"], target)
    return root / "images"


def own_images(folder: Path, root: Path, **over) -> dict:
    return SMALL | {
        "run": "own",
        "datasets": ["own"],
        "representations": ["fc7", "mop", "mpp", "cl-45"],
        "analyses": [],
        "catalog": {"datasets": {"own": {"kind": "folder", "root": str(root)}}, "backbones": {"tinyalex": {"epochs": 2}}},
        **over,
    }


def test_test_images_train_nothing(photographs, tmp_path):
    """Other test images under other labels: projections, codebooks, reductions and classifiers stay what they were."""
    files = {}
    for name in ("before", "after"):
        folder = tmp_path / name
        folder.mkdir()
        root = folder / "images"
        shutil.copytree(photographs, root)
        if name == "after":
            tests = find_images(root / "test")
            contents = [path.read_bytes() for path in tests]
            for path, content in zip(tests, reversed(contents), strict=True):
                path.write_bytes(content)
        done = snakemake(folder, METRICS, "--configfile", str(write_config(folder, **own_images(folder, root))))
        assert done.returncode == 0, done.stderr[-3000:]
        files[name] = {re.sub("-[0-9a-f]{10}", "", file): path for file, path in results(folder / "results").items()}
    parts = ("codebooks/", "projections/", "projected-samples/", "reductions/", "classifier.")
    learned = [name for name in files["before"] if any(part in name for part in parts)]
    assert len(learned) == 3 + 4 + 3 + 2 + 4
    for name in learned:
        one, other = (Tensors(files[which][name], kind_of(files[which][name])) for which in ("before", "after"))
        assert one.names() == other.names()
        for tensor in one.names():
            assert one[tensor].tobytes() == other[tensor].tobytes(), f"{name}: {tensor} depends on the test images"
    scores = [name for name in files["before"] if name.endswith("mpp.safetensors") and "classification" in name]
    one, other = (Tensors(files[which][scores[0]], "scores") for which in ("before", "after"))
    assert one["scores"].tobytes() != other["scores"].tobytes()


def kind_of(path: Path) -> str:
    """What a file of the suite says it is."""
    return json.loads(safe_open(path, framework="numpy").metadata()["orderless"])["kind"]


def test_a_wrong_configuration_ends_before_any_job(photographs, tmp_path):
    config = own_images(tmp_path, photographs, halfs=3)
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode != 0
    assert "unknown key 'halfs'" in done.stderr
    assert "Did you mean 'halves'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_node_that_a_network_lacks_ends_before_any_job(photographs, tmp_path):
    config = own_images(tmp_path, photographs)
    config["catalog"]["backbones"]["tinyalex"]["layers"] = {"conv5": "conv9"}
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode != 0
    assert "catalog.backbones.tinyalex.layers.conv5: the network has no node 'conv9'. Did you mean 'conv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_what_jobs_refuse_is_said_once_and_leaves_no_output(photographs, tmp_path):
    """A truncated image, and weights of another network."""
    import torch
    from torchvision import models

    root = tmp_path / "images"
    shutil.copytree(photographs, root)
    victim = find_images(root)[0]
    victim.write_bytes(victim.read_bytes()[:300])
    torch.save(models.resnet18().state_dict(), tmp_path / "weights.pth")
    config = own_images(tmp_path, root, backbones=["mine"], representations=["fc7"])
    config["catalog"]["backbones"]["mine"] = {
        "kind": "torchvision", "model": "resnet34", "weights": "weights.pth", "input": 224, "canvas": 256,
        "mean": [0.5] * 3, "std": [0.2] * 3, "layers": {"fc7": "flatten"},
    }  # fmt: skip
    done = snakemake(tmp_path, "--keep-going", "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode != 0
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 2
    for expected in (victim.name, "on_bad_image: skip", "weights.pth: is not of backbone 'mine'"):
        assert expected in done.stderr
    assert "Traceback" not in done.stderr
    for absent in ("results/datasets/own-*/index.csv", "results/backbones/mine-*/weights.safetensors"):
        assert not list(tmp_path.glob(absent))


def test_the_torch_backend_and_what_the_report_says_of_a_folder(photographs, tmp_path):
    """Images that cannot be read or are in no class, other formats, fewer words, settings over the network's.

    The name of one class is a script and a formula: the report shows it as it is.
    """
    root, script = tmp_path / "images", "<img src=x onerror=alert(1)> $x^$ 'a' \"b\""
    shutil.copytree(photographs, root)
    for split in ("train", "test"):
        (root / split / "scene1").rename(root / split / script)
    victims = find_images(root / "train")[:2] + find_images(root / "test")[:1]
    for victim in victims:
        victim.write_bytes(victim.read_bytes()[:300])
    shutil.copy(find_images(root)[-1], root / "loose.png")
    (root / "train" / "moving.gif").write_bytes(b"GIF89a")
    config = own_images(tmp_path, root, encoding={"backend": "torch"}, on_bad_image="skip")
    config["catalog"]["encoders"] = {"vlad": {"words": 5000}}
    pages = ["reports/own/run.html", "reports/own/classes-own.html"]
    done = snakemake(tmp_path, METRICS, *pages, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode == 0, done.stderr[-3000:]
    page = tmp_path / "reports/own/run.html"
    assert "torch, dense matrix products" in page.read_text()
    table = BeautifulSoup(page.read_text(), "html.parser").find("th", string="Unreadable, skipped").find_parent("table")
    names, facts = ([cell.get_text(strip=True) for cell in table.find_all(tag)] for tag in ("th", "td"))
    expected = {"Unreadable, skipped": "3", "Training images": "38", "Left out": "1 GIF files, 1 images in no class folder"}
    assert dict(zip(names, facts, strict=True)).items() >= expected.items()
    assert "own: left out: 1 GIF files, 1 images in no class folder" in done.stdout + done.stderr
    assert "catalog.encoders.vlad.words (5000) holds, not the built-in adapt of tinyalex (" in page.read_text()
    assert re.search(r"Codebook patches-\d+\.\S+ of own, tinyalex.*?\d+ words instead of 5000", page.read_text(), re.DOTALL)
    listed = read_index(only(tmp_path, "results/datasets/own-*/index.csv"))["image"]
    used = [path for path in find_images(root) if path not in victims and path.name != "loose.png"]
    assert set(listed) == {path.relative_to(root).as_posix() for path in used}
    page = BeautifulSoup((tmp_path / "reports/own/classes-own.html").read_text(), "html.parser")
    assert script in [cell.get_text() for cell in page.find_all("th")]
    assert not page.find_all("img")
