"""The workflow as a whole, on a small demo: same bytes on any number of cores, nothing to do twice, nothing learned from tests."""

import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from orderless.images import find_images
from orderless.reports import COLUMNS
from orderless.storage import Tensors
from tests.conftest import ROOT, snakemake, write_config

pytestmark = pytest.mark.xdist_group("runs")

DEMO = yaml.safe_load((ROOT / "config.yaml").read_text())
SMALL = DEMO | {
    "run": "small",
    "bootstrap": 100,
    "classifier": {"C": [1, 10], "folds": 2},
    "catalog": {
        "datasets": {"digit-scenes": {"train": 40, "test": 20}, "digit-objects": {"train": 30, "test": 20}},
        "backbones": {"tinyalex": {"epochs": 2}},
    },
}


def results(folder: Path) -> dict[str, Path]:
    """Every file that a run computes, but for its timings."""
    found = (p for p in folder.rglob("*") if p.is_file() and "timings" not in p.name)
    return {p.relative_to(folder).as_posix(): p for p in found}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two-cores")
    done = snakemake(folder, "--configfile", str(write_config(folder, **SMALL)), cores=2)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_every_selected_representation_has_its_figures(run):
    metrics = pd.read_csv(run / "reports/small/metrics.csv")
    assert list(metrics.columns) == COLUMNS
    found = set(zip(metrics["dataset"], metrics["representation"], strict=True))
    assert found == {(d, r) for d in SMALL["datasets"] for r in SMALL["representations"]}
    figures = metrics[["value", "low", "high"]]
    assert figures.notna().all(axis=None)
    assert ((figures >= 0) & (figures <= 1)).all(axis=None)
    assert (metrics["low"] <= metrics["high"]).all()
    assert (metrics[["dimensions", "bytes", "seconds", "n"]] > 0).all(axis=None)
    bits = metrics.set_index("representation")
    assert (bits.loc["cl-45-sign", "bytes"].to_numpy() * 16 == bits.loc["cl-45", "bytes"].to_numpy()).all()


def test_one_core_gives_the_same_bytes(run, tmp_path):
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **SMALL)), cores=1)
    assert done.returncode == 0, done.stderr[-3000:]
    here, there = results(tmp_path / "results"), results(run / "results")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name].read_bytes() != there[name].read_bytes()] == []
    tables = [pd.read_csv(folder / "reports/small/metrics.csv").drop(columns="seconds") for folder in (run, tmp_path)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_second_run_has_nothing_to_do(run):
    done = snakemake(run, "--configfile", str(run / "mine.yaml"))
    assert done.returncode == 0
    assert "Nothing to be done" in done.stderr


def test_another_selection_of_the_same_layers_computes_no_activation_again(run):
    more = SMALL | {"representations": [r for r in SMALL["representations"] if r != "csf"]}
    path = run / "less.yaml"
    path.write_text(yaml.safe_dump(more))
    planned = snakemake(run, "--configfile", str(path), "-n", "--quiet", "rules")
    assert planned.returncode == 0
    jobs = planned.stdout + planned.stderr
    for rule in ("train_tinyalex", "extract_activations", "train_codebook"):
        assert f"{rule} " not in jobs.split("Reasons")[0]


def test_parsing_and_planning_import_no_torch(tmp_path):
    """A torch that fails at import stands in the way; the plan is made all the same."""
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported while parsing')")
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--directory", str(tmp_path),
         "--configfile", str(ROOT / "config.yaml"), "-n", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def photographs(run, tmp_path_factory) -> Path:
    """The scenes of the small run as a user's folder, train/<class> and test/<class>."""
    folder = tmp_path_factory.mktemp("folder") / "images"
    index = pd.read_csv(run / "results/datasets/digit-scenes/index.csv")
    for row in index.itertuples():
        target = folder / row.split / row.labels / Path(row.path).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(run / row.path, target)
    return folder


def own_images(folder: Path, root: Path, **over) -> dict:
    return SMALL | {
        "run": "own",
        "datasets": ["own"],
        "representations": ["fc7", "mop", "mpp", "cl-45"],
        "catalog": {"datasets": {"own": {"kind": "folder", "root": str(root)}}, "backbones": {"tinyalex": {"epochs": 2}}},
        **over,
    }


def test_test_images_train_nothing(run, photographs, tmp_path):
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
        (folder / "results/backbones").mkdir(parents=True)
        done = snakemake(folder, "--configfile", str(write_config(folder, **own_images(folder, root))))
        assert done.returncode == 0, done.stderr[-3000:]
        files[name] = results(folder / "results")
    learned = [
        name
        for name in files["before"]
        if "codebooks" in name or "projections" in name or "machines" in name or "reductions" in name or "projected-sample" in name
    ]
    assert len(learned) == 3 + 2 + 1 + 4
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
    import json

    from safetensors import safe_open

    return json.loads(safe_open(path, framework="numpy").metadata()["orderless"])["kind"]


@pytest.mark.parametrize(
    "case", ["truncated image", "empty class", "unknown layer", "other weights", "unknown key", "class in test only"]
)
def test_bad_input_ends_with_one_clear_message(photographs, tmp_path, case):
    import torch
    from torchvision import models

    root = tmp_path / "images"
    shutil.copytree(photographs, root)
    config = own_images(tmp_path, root)
    network = {"kind": "torchvision", "model": "resnet18", "weights": "weights.pth", "input": 224, "canvas": 256,
               "mean": [0.5] * 3, "std": [0.2] * 3, "layers": {"fc7": "flatten"}}  # fmt: skip
    if case == "truncated image":
        victim = find_images(root)[0]
        victim.write_bytes(victim.read_bytes()[:300])
        expected, absent = [victim.name, "on_bad_image: skip"], "results/datasets/own/index.csv"
    elif case == "empty class":
        (root / "train" / "empty").mkdir()
        expected, absent = ["train/empty", "no image in this class folder"], "results/datasets/own/index.csv"
    elif case == "class in test only":
        (root / "test" / "scene0").rename(root / "test" / "lonely")
        expected, absent = ["'lonely' is in test only"], "results/datasets/own/index.csv"
    elif case == "unknown layer":
        torch.save(models.resnet18().state_dict(), tmp_path / "weights.pth")
        config |= {"backbones": ["mine"], "representations": ["fc7"]}
        config["catalog"]["backbones"]["mine"] = network | {"layers": {"fc7": "flaten"}}
        expected, absent = ["'flaten'", "Did you mean 'flatten'"], "results/backbones/mine/weights.safetensors"
    elif case == "other weights":
        torch.save(models.mobilenet_v2().state_dict(), tmp_path / "weights.pth")
        config |= {"backbones": ["mine"], "representations": ["fc7"]}
        config["catalog"]["backbones"]["mine"] = network
        expected, absent = ["weights.pth", "is not of backbone 'mine'"], "results/backbones/mine/weights.safetensors"
    else:
        config |= {"bootstraps": 3}
        expected, absent = ["unknown key 'bootstraps'", "Did you mean 'bootstrap'"], "results"
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode != 0
    for text in expected:
        assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / absent).exists()


def test_the_torch_engine_runs_the_same_workflow(photographs, tmp_path):
    config = own_images(tmp_path, photographs, encoding={"backend": "torch"})
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "torch, dense matrix products" in (tmp_path / "reports/own/run.html").read_text()


def test_the_report_shows_every_table_and_plot_with_no_network(run):
    """Each entry is opened in Chromium while no host can be reached; pictures must have loaded, pages must have their table."""
    browser = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
    if browser is None:
        pytest.skip("no Chromium on this machine: the report was not opened")
    from playwright.sync_api import sync_playwright

    done = snakemake(run, "--configfile", str(run / "mine.yaml"), "--report", "report.html")
    assert done.returncode == 0, done.stderr[-2000:]
    shown, errors, requests = [], [], []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"])
        page = chromium.new_page(viewport={"width": 1500, "height": 900})
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        for category in ("1. The run", "2. Comparison", "3. Where it fails"):
            for part in SMALL["datasets"] if category != "1. The run" else [None]:
                page.goto(f"file://{run}/report.html")
                page.click(f"text={category}")
                if part:
                    page.click(f"text={part}")
                eyes = page.locator("a[iconname=eye]")
                eyes.first.wait_for()
                for place in range(eyes.count()):
                    eyes.nth(place).click()
                    page.wait_for_timeout(400)
                    if page.locator("iframe").count():
                        assert page.frames[-1].locator("table tr").count() > 2
                    else:
                        widths = [image.evaluate("i => i.naturalWidth") for image in page.locator("img").all()]
                        assert max(widths) > 300
                    shown.append((category, part, place))
        chromium.close()
    assert len(shown) == 1 + 2 * 4 + 2
    assert errors == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
