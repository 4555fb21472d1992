"""The papers' experiments: planned offline, costed from shapes, their published figures beside their own network and data set."""

import re

import pandas as pd
import pytest

from orderless.bench import costs
from orderless.catalog.configuration import check_selection, experiments, load_config
from orderless.catalog.datasets import image_count
from orderless.catalog.entries import load_catalog
from orderless.catalog.published import published_figures
from orderless.errors import OrderlessError
from orderless.reports.published import beside, published_page
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


def test_an_unknown_experiment_names_the_nearest():
    with pytest.raises(OrderlessError, match="mpp-table3a"):
        load_config({"experiment": "mpp-tabel3a"})


def test_published_figures_stand_beside_their_own_network_and_data_set_only():
    known = load_catalog({})["backbones"]
    assert {row["network"] for row in published_figures("mit67", known)} == {"caffenet", "alexnet-2012"}
    assert published_figures("mit67", {name: known[name] for name in ("tinyalex", "mobilenet_v2", "alexnet", "resnet50")}) == []
    for dataset in ("digit-scenes", "scene15", "holidays"):
        assert published_figures(dataset, known) == []
    own = published_figures("voc2007", {"caffenet": known["caffenet"]})
    assert {row["backbone"] for row in own} == {"caffenet"}
    assert {row["paper"] for row in own} == {"yoo2015"}


def test_measured_published_difference():
    rows = published_figures("mit67", {"caffenet": load_catalog({})["backbones"]["caffenet"]})
    figure = {"dataset": "mit67", "backbone": "caffenet", "representation": "mpp", "metric": "accuracy", "value": 0.76, "low": 0.74}
    metrics = pd.DataFrame([figure | {"high": 0.78}])
    table = beside(rows, metrics, pd.DataFrame())
    assert table[["paper", "table", "published"]].values.tolist() == [["yoo2015", "3a", 0.7567]]
    assert table["difference"].tolist() == pytest.approx([0.0033])
    page = published_page(table, {"mpp": "MPP"}, {"caffenet": "CaffeNet"}, "MIT Indoor 67", fraction=0.1)
    assert re.search(r"75\.67</td>\s*<td>76\.00</td>\s*<td>74\.0 to 78\.0</td>\s*<td>\+0\.33", page)
    assert "10% of the images" in page
