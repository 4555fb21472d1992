"""Sizes from shapes alone, beside those that a run measured and by hand."""

import csv

import pytest

from orderless.activations.sizes import dimensions, passes
from orderless.backbones.checks import measure
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import CLASSIFIED, SEARCHED, make_plan
from tests.conftest import ROOT

UNLIKE = [("digit-scenes", "mpp-thumbnail"), ("digit-retrieval", "mop")]


def test_dimensions_are_those_that_the_demo_measured():
    catalog = load_catalog({})
    channels = {role: facts[0] for role, facts in measure(catalog["backbones"]["tinyalex"], "tinyalex").items()}
    with (ROOT / "reports/demo/metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["dataset"] != "digit-objects" and row["metric"] in ("accuracy", "map")]
    # A part made elsewhere; a reduction to fewer dimensions than asked, as there are few training groups.
    rows = [row for row in rows if (row["dataset"], row["representation"]) not in UNLIKE]
    assert len(rows) > 55
    for row in rows:
        purpose, name = CLASSIFIED if row["metric"] == "accuracy" else SEARCHED, row["representation"]
        plan = make_plan(DEFAULTS | {purpose: [name]}, catalog, "tinyalex", purpose)
        assert dimensions(plan, name, channels) == int(row["dimensions"]), name


@pytest.mark.parametrize(("name", "expected"), [("global", 1), ("ap10", 10), ("nfk", 1 + 2 + 4 + 8 + 16 + 32 + 64)])
def test_pixels_are_counted_in_images_of_the_training_size(name, expected):
    """The seven scales of the pyramid double the area each."""
    catalog = load_catalog({})
    plan = make_plan(DEFAULTS | {"representations": [name]}, catalog, "alexnet", CLASSIFIED)
    assert passes(plan, catalog["backbones"]["alexnet"]) == pytest.approx(expected, rel=0.02)
