"""Published figures beside the measured ones."""

import re

import pandas as pd
import pytest

from orderless.catalog.entries import load_catalog
from orderless.catalog.published import published_figures
from orderless.reports.published import beside, published_page
from tests.layouts import VOC_CLASSES


def test_every_published_class_of_voc2007_stands_beside_the_measured_one():
    """Table 5 of Yoo et al. 2015: 20 classes of three representations with CaffeNet and of one with CNN-S, and their means."""
    known = load_catalog({})["backbones"]
    rows = published_figures("voc2007", {name: known[name] for name in ("caffenet", "vgg-cnn-s")})
    measured = [
        {"backbone": backbone, "representation": representation, "class": label, "value": 0.5}
        for backbone in ("caffenet", "vgg-cnn-s") for representation in ("fc7", "ap10", "mpp") for label in VOC_CLASSES
    ]  # fmt: skip
    metrics = pd.DataFrame(columns=["backbone", "representation", "metric", "value", "low", "high"])
    table = beside(rows, metrics, pd.DataFrame(measured))
    assert table.groupby(["backbone", "representation"]).size().to_dict() == {
        ("caffenet", "ap10"): 20, ("caffenet", "fc7"): 20, ("caffenet", "mpp"): 20, ("vgg-cnn-s", "mpp"): 20,
    }  # fmt: skip


def test_what_is_measured_stands_beside_what_is_published():
    rows = published_figures("mit67", {"caffenet": load_catalog({})["backbones"]["caffenet"]})
    figure = {"dataset": "mit67", "backbone": "caffenet", "representation": "mpp", "metric": "accuracy", "value": 0.76, "low": 0.74}
    metrics = pd.DataFrame([figure | {"high": 0.78}])
    table = beside(rows, metrics, pd.DataFrame())
    assert table[["paper", "table", "published"]].values.tolist() == [["yoo2015", "3a", 0.7567]]
    assert table["difference"].tolist() == pytest.approx([0.0033])
    page = published_page(table, {"mpp": "MPP"}, {"caffenet": "CaffeNet"}, "MIT Indoor 67", fraction=0.1)
    assert re.search(r"75\.67</td>\s*<td>76\.00</td>\s*<td>74\.0 to 78\.0</td>\s*<td>\+0\.33", page)
    assert "10% of the images" in page
