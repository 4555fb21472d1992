"""The workflow as a whole, on a small demo: same bytes on any number of cores, nothing to do twice, a report that opens."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from safetensors import safe_open

from orderless.datasets.index import read_index
from orderless.errors import OrderlessError
from orderless.files.storage import MAKERS, Tensors
from orderless.reports.metrics import COLUMNS
from orderless.representations.bags import open_descriptors
from orderless.representations.vectors import open_representations
from tests.conftest import DEMO, IN_CI, ROOT, SMALL, only, results, snakemake, write_config

ALL = SMALL["datasets"]
BOTH = ALL[:2]  # what is classified; the third is searched
CATEGORIES = {
    "1. The run": [None], "2. Comparison": ALL, "4. Claims of the papers": [None], "5. Where it fails": ALL, "6. Scales": BOTH,
    "7. Invariance": BOTH, "8. Confidence maps": BOTH, "9. Speed": BOTH,
}  # fmt: skip

PAGES = ["describe_run", "compare", "plot_classes", "plot_comparison", "show_studies", "judge_claims"]  # of the report


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
    expected = {(d, r) for d in BOTH for r in SMALL["representations"]} | {(ALL[2], r) for r in SMALL["searched"]}
    assert found == expected
    figures = metrics[["value", "low", "high"]]
    assert figures.notna().all(axis=None)
    assert ((figures >= 0) & (figures <= 1)).all(axis=None)
    assert (metrics["low"] <= metrics["high"]).all()
    assert (metrics[["dimensions", "bytes", "seconds", "n"]] > 0).all(axis=None)
    bits = metrics[metrics["dataset"].isin(BOTH)].set_index("representation")
    assert (bits.loc["cl-45-sign", "bytes"].to_numpy() * 16 == bits.loc["cl-45", "bytes"].to_numpy()).all()


def test_one_core_gives_the_same_bytes(run, tmp_path):
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **SMALL)), "--omit-from", *PAGES, cores=1)
    assert done.returncode == 0, done.stderr[-3000:]
    here, there = results(tmp_path / "results"), results(run / "results")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name].read_bytes() != there[name].read_bytes()] == []
    tables = [pd.read_csv(folder / "reports/small/metrics.csv").drop(columns="seconds") for folder in (run, tmp_path)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def harmed(data: bytes) -> dict[str, bytes]:
    """A file's bytes, damaged: a byte of its head, its header, its middle, its end; cut; emptied; replaced."""
    found = {"cut": data[:-9], "halved": data[: len(data) // 2], "empty": b"", "page": b"<html>not found</html>"}
    for place in (3, 40, data.index(b"seal") + 10, len(data) // 2, len(data) - 3):
        changed = bytearray(data)
        changed[place] ^= 0x55
        found[f"byte {place}"] = bytes(changed)
    return found


def test_damage_in_each_kind_of_file_is_refused_by_name(run, tmp_path):
    kinds = {}
    for path in sorted((run / "results").rglob("*.safetensors")):
        header = json.loads(safe_open(path, framework="numpy").metadata()["orderless"])
        kinds.setdefault(header["kind"], path)
    assert set(kinds) == set(MAKERS) - {"sample"}
    for kind, path in kinds.items():
        for harm, data in harmed(path.read_bytes()).items():
            victim = tmp_path / f"{kind}.safetensors"
            victim.write_bytes(data)
            message = f"{kind}.safetensors: .*Delete it and run again: rule {MAKERS[kind]}"
            with pytest.raises(OrderlessError, match=message):
                pytest.fail(f"{kind}, {harm}: read as if whole: {Tensors(victim, kind).names()}")


def test_a_shard_of_other_settings_or_images_is_refused(run, tmp_path):
    index = read_index(only(run, "results/datasets/digit-scenes-*/index.csv"))
    name, other = "pyramid.fc7.pca-mpp", "0123456789"
    shard = only(run, f"results/activations/digit-scenes/tinyalex/{name}-*/0.safetensors")
    moved = tmp_path / f"{name}-{other}"
    shutil.copytree(shard.parent, moved)
    with pytest.raises(OrderlessError, match=r"0\.safetensors: was made from other settings .*\(recipe .*expected 0123456789"):
        print(open_descriptors(sorted(map(str, moved.glob("*.safetensors"))), 2, index)[0].names())
    swapped = tmp_path / shard.parent.name
    swapped.mkdir()
    shutil.copy(shard, swapped / "1.safetensors")
    with pytest.raises(OrderlessError, match=r"\(images .*rule extract_activations"):
        print(open_descriptors([str(swapped / "1.safetensors")], 2, index)[1].names())
    vectors = only(run, f"results/representations/digit-scenes/tinyalex/mpp-{'[0-9a-f]' * 10}/1.safetensors")
    swapped = tmp_path / vectors.parent.name
    swapped.mkdir()
    shutil.copy(vectors, swapped / "0.safetensors")
    with pytest.raises(OrderlessError, match=r"\(images .*rule encode_representations"):
        open_representations([str(swapped / "0.safetensors")], [], {"representations": {"mpp": {}}}, 2, index).shards[0].names()


@IN_CI
def test_the_example_still_holds(tmp_path):
    """The demo's figures in the repository are those of a run, times aside; on another make of processor, to three points."""
    done = snakemake(tmp_path, "--configfile", str(write_config(tmp_path, **DEMO)), timeout=1800)
    assert done.returncode == 0, done.stderr[-3000:]
    fresh, kept = tmp_path / "reports/demo", ROOT / "reports/demo"
    old, new = (
        pd.read_csv(folder / "metrics.csv").set_index(["dataset", "backbone", "representation", "metric"])
        for folder in (kept, fresh)
    )
    assert list(old.index) == list(new.index)
    assert (old["value"] - new["value"]).abs().max() <= 0.03
    assert (old[["n", "dimensions", "bytes"]] == new[["n", "dimensions", "bytes"]]).all(axis=None)
    assert {path.name for path in kept.iterdir()} >= {path.name for path in fresh.iterdir()}


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
    for rule in ("train_tinyalex", "extract_activations", "train_codebooks"):
        assert rule not in jobs.split("Reasons")[0]


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


def test_benchmarks_measured_before_are_shown_and_not_measured_again(tmp_path):
    row = {"figure": "A figure", "peer": "a peer", "ours_seconds": 1.0, "limit_seconds": None, "notes": {}}
    rows = [row | {"peer_seconds": ratio, "ratio": ratio} for ratio in (2.0, 8.0)]
    topic = {"topic": "fisher", "rows": rows, "peak_memory_gib": 1.5, "machine": {"processor": "A processor", "gpu": None}}
    measured = tmp_path / "reports/bench/bench.json"
    measured.parent.mkdir(parents=True)
    measured.write_text(json.dumps([topic]))
    settings = ["--configfile", str(write_config(tmp_path, **SMALL))]
    asked = ["reports/small/bench.html", *settings]
    done = snakemake(tmp_path, *asked)
    assert done.returncode == 0, done.stderr[-2000:]
    page = (tmp_path / "reports/small/bench.html").read_text()
    assert all(text in page for text in ("A processor", "A figure", "8.00"))
    assert not (tmp_path / "results/bench").exists()
    assert "Nothing to be done" in snakemake(tmp_path, *asked).stderr
    measured.write_text(json.dumps([topic | {"machine": {"processor": "Another", "gpu": None}}]))
    assert snakemake(tmp_path, *asked).returncode == 0
    assert "Another" in (tmp_path / "reports/small/bench.html").read_text()
    planned = snakemake(tmp_path, "-n", "--quiet", "rules", *settings)
    jobs = re.findall(r"^(\w+) +\d+$", planned.stdout + planned.stderr, re.MULTILINE)
    assert "extract_activations" in jobs
    assert not {"measure", "collect_bench", "plot_bench"} & set(jobs)


def sorts_by_dimensions(frame) -> bool:
    """Whether a page has a column of dimensions; a click on its heading then sorts the table by it, a second the other way."""
    heads = frame.locator("thead th").all_inner_texts()
    if "Dimensions" not in heads:
        return False
    column = heads.index("Dimensions")
    for reverse in (True, False):
        frame.locator("thead th").nth(column).click()
        cells = frame.locator(f"tbody tr td:nth-child({column + 1})").all_inner_texts()
        numbers = [int(text.replace(",", "")) for text in cells]
        assert numbers == sorted(numbers, reverse=reverse)
        assert len(set(numbers)) > 3
    frame.locator("input[type=search]").fill("mpp")
    left = [row for row in frame.locator("tbody tr").all() if row.is_visible()]
    assert 0 < len(left) < len(numbers)
    return True


def test_the_report_shows_every_table_and_plot_with_no_network(run):
    """Each entry is opened in Chromium while no host can be reached, and its screenshot kept beside the report; pictures must have
    loaded, pages have their table or drawings, tables sort, points say what they are.
    """
    browser = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None)
    if browser is None:
        pytest.skip("no Chromium on this machine: the report was not opened")
    from playwright.sync_api import sync_playwright

    done = snakemake(run, "--configfile", str(run / "mine.yaml"), "--report", "report.html")
    assert done.returncode == 0, done.stderr[-2000:]
    assert (run / "report.html").stat().st_size < 15e6
    (run / "screenshots").mkdir()
    shown, errors, requests, sorted_tables, named_points = [], [], [], 0, 0
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"])
        page = chromium.new_page(viewport={"width": 1500, "height": 900})
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        for category, parts in CATEGORIES.items():
            for part in parts:
                page.goto(f"file://{run}/report.html")
                page.click(f"text={category}")
                if part:
                    page.click(f"text={part}")
                eyes = page.locator("a[iconname=eye]")
                eyes.first.wait_for()
                for place in range(eyes.count()):
                    eyes.nth(place).click()
                    page.wait_for_timeout(400)
                    page.screenshot(path=run / "screenshots" / f"{len(shown):02d}.png")
                    if page.locator("iframe").count():
                        inside = page.frames[-1]
                        drawings = inside.locator("svg")
                        assert inside.locator("table tr").count() > 2 or drawings.count() == 3
                        named_points += inside.locator("svg g > title").count()
                        sorted_tables += sorts_by_dimensions(inside)
                    else:
                        widths = [image.evaluate("i => i.naturalWidth") for image in page.locator("img").all()]
                        assert max(widths) > 300
                    shown.append((category, part, place))
        chromium.close()
    assert len(shown) == 2 + 2 * (5 + 2 + 1 + 1 + 1 + 1) + 2 + (3 + 1)
    assert sorted_tables == 3
    assert named_points == 3 * (2 * len(SMALL["representations"]) + len(SMALL["searched"]))
    assert errors == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
