"""What the papers' experiments take, from shapes alone, as the README's table says it."""

import subprocess
import sys

import pytest

from orderless.bench import costs
from orderless.catalog.configuration import check_selection, experiments, load_config
from orderless.catalog.datasets import image_count
from orderless.catalog.entries import load_catalog
from tests.conftest import ROOT

EXPERIMENTS = experiments()


def readme() -> dict[str, list[str]]:
    """The README's table of experiments: id -> cells."""
    text = (ROOT / "README.md").read_text().split(costs.MARKS[0])[1].split(costs.MARKS[1])[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_readme_lists_every_experiment():
    told = readme()
    assert list(told) == list(EXPERIMENTS)
    for name, entry in EXPERIMENTS.items():
        assert told[name][0] == entry["prints"]
        config = load_config({"experiment": name})
        catalog = load_catalog(config["catalog"])
        check_selection(config, catalog)
        assert told[name][1] == f"{sum(image_count(catalog, dataset) for dataset in config['datasets']):,}"


@pytest.mark.parametrize("name", ["mpp-table3a", "crosslayer-table8", "mof"])
def test_what_it_takes_is_what_the_readme_says(name, tmp_path, monkeypatch):
    """Jobs by a dry run with no image and no network, operations and bytes by shapes."""
    monkeypatch.chdir(ROOT)
    found = costs.experiment_costs(name)
    told = readme()[name]
    assert told[2] == str(costs.planned_jobs(name))
    assert told[3] == f"{found['hours']:.2g}"
    assert told[4] == f"{found['bytes'] / 1e9:,.3g} GB"


def test_operations_of_caffenet_by_hand():
    """One pass at 227 pixels: two operations a weight and position of each layer; stored: 4,410 descriptors of 128, and windows."""
    positions = {"conv1": 55, "conv2": 27, "conv3": 13, "conv4": 13, "conv5": 13}
    weights = {
        "conv1": 96 * 3 * 121,
        "conv2": 256 * 48 * 25,
        "conv3": 384 * 256 * 9,
        "conv4": 384 * 192 * 9,
        "conv5": 256 * 192 * 9,
    }
    expected = sum(2 * positions[name] ** 2 * weights[name] for name in weights) + 2 * (9216 * 4096 + 4096**2 + 4096 * 1000)
    catalog = load_catalog({})
    entry = catalog["backbones"]["caffenet"]
    assert costs.network_costs(entry, "caffenet", {227})[227][0] == pytest.approx(expected)
    found = costs.experiment_costs("mpp-figure5")
    assert found["bytes"] == pytest.approx(9963 * 4410 * (2 * 128 + 8))


def test_a_dry_run_of_an_experiment_begins_with_what_it_takes():
    """Downloads, hours and gigabytes stand before Snakemake's own words; no reason of a job is longer than a line."""
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "1", "--config", "experiment=mpp-table4a", "fraction=0.1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second, third = done.stdout.splitlines()[1:4]  # after Snakemake's word on --config
    assert first.startswith("Downloads: voc2007 ")
    assert second.startswith("Whole: 9,963 images, 0.")
    assert " GB of descriptors" in second
    assert third == "Of that this run takes the fraction 0.1"
    reasons = [line for line in (done.stdout + done.stderr).splitlines() if line.strip().lower().startswith("reason: ")]
    assert reasons
    assert max(map(len, reasons)) <= 140
