"""The page of published figures is complete, up to date, and true of what reports show."""

import csv
import re

import pandas as pd
import pytest

from orderless.catalog.configuration import experiments, load_config
from orderless.catalog.entries import WORKFLOW, load_catalog
from orderless.catalog.published import published_figures, published_rows
from orderless.reports import places
from orderless.reports.published import beside
from tests.conftest import ROOT
from tests.layouts import VOC_CLASSES

CATALOG = load_catalog({})
ROWS = [row for path in sorted((WORKFLOW / "published").glob("*.csv")) for row in csv.DictReader(path.open(newline=""))]
PLACES = places.places(CATALOG)


def page() -> str:
    return (ROOT / "docs/published.md").read_text().split(places.MARKS[0])[1].split(places.MARKS[1])[0]


def test_the_page_is_up_to_date():
    assert page() == places.tables(), "python -m orderless.reports.places docs/published.md"


def test_every_published_row_has_a_line_with_a_place_or_a_reason():
    lines = [line for line in page().splitlines() if line.startswith("| ") and not line.startswith("| data set")]
    assert len(lines) == len(ROWS) == 363
    assert len({places.key_of(row) for row in ROWS}) == len(ROWS)
    for row, line in zip(ROWS, lines, strict=True):
        _, method, _, value, here, shown = [cell.strip() for cell in line.strip("|").split("|")]
        assert method == row["method"]
        assert float(value) == pytest.approx(float(row["value"]) * (1 if places.is_time(row) else 100), abs=0.005)
        if places.key_of(row) in PLACES:
            assert re.fullmatch(r"(`[\w-]+`(, |; | with )?)+", shown)
            assert here == f"`{row['representation'] or 'timings'}`"
        else:
            assert re.fullmatch(r"no place: \w.{10,}", shown)


def test_every_row_of_a_representation_here_has_a_place():
    """But for those that quote another paper, whose own row has one."""
    for row in ROWS:
        if row["representation"] and row["network"]:
            assert places.key_of(row) in PLACES, row
    left = [row for row in ROWS if row["network"] and places.key_of(row) not in PLACES]
    assert [(row["table"], row["dataset"]) for row in left] == [("8", "voc2007"), ("8", "voc2007"), ("3a", "mit67")]


def test_what_has_a_place_is_in_the_table_of_that_report():
    """The report's own table of figures of merit, of a run that measured everything that the experiment asks for."""
    for name in sorted({name for place in PLACES.values() for names in place.values() for name in names}):
        config = load_config({"experiment": name})
        networks = {backbone: CATALOG["backbones"][backbone] for backbone in config["backbones"]}
        for dataset in config["datasets"]:
            metric = "map11" if CATALOG["datasets"][dataset]["task"] == "multi-label" else "accuracy"
            made = [{"backbone": b, "representation": r, "value": 0.5} for b in networks for r in config["representations"]]
            metrics = pd.DataFrame([row | {"metric": metric, "low": 0.4, "high": 0.6} for row in made])
            labels = VOC_CLASSES if dataset == "voc2007" else []
            classes = pd.DataFrame([row | {"class": label} for row in made for label in labels])
            told = beside(published_figures(dataset, networks), metrics, classes)
            promised = [
                row for row in ROWS
                if row["dataset"] == dataset and not places.is_time(row)
                and any(name in PLACES.get(places.key_of(row), {}).get(backbone, []) for backbone in networks)
            ]  # fmt: skip
            columns = ["paper", "table", "method", "metric"]
            assert sorted(map(tuple, told[columns].values)) == sorted(tuple(row[key] for key in columns) for row in promised)


@pytest.mark.parametrize(("name", "count"), [("mpp-table1", 8), ("crosslayer-table5", 18), ("mpp", 8), ("crosslayer", 18)])
def test_the_tables_of_seconds_are_shown_whole(name, count):
    times = [row for row in published_rows() if places.is_time(row)]
    assert sum(name in names for row in times for names in PLACES[places.key_of(row)].values()) == count


def test_a_run_at_other_sizes_is_no_place():
    assert "catalog" in experiments()["mpp-digest"]
    assert not any("mpp-digest" in names for place in PLACES.values() for names in place.values())
