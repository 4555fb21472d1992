"""The page of seconds: what is measured, and the papers' seconds beside it."""

import pandas as pd
import pytest

from orderless.catalog.entries import load_catalog
from orderless.catalog.published import published_seconds
from orderless.reports.timings import cost_rows, dense_rows, timings_page

KNOWN = load_catalog({})["backbones"]
STUDY = pd.DataFrame({
    "scales": ["1-4", "1-5", "1-6", "1-7"], "activations": [270, 754, 1910, 4410], "device": "cpu", "precision": "float32",
    "naive_seconds": [8.0, 16.0, 32.0, 64.0], "dense_seconds": [1.0, 2.0, 4.0, 8.0],
})  # fmt: skip
PLAN = {"representations": {"cl-45": {"set": "whole.conv4-units.pca-cl"}, "global": {"set": "whole.fc7.mean"}}}
EXTRACTION = pd.DataFrame({"set": ["whole.conv4-units.pca-cl", "whole.fc7.mean"], "seconds": [2.0, 1.0], "forward": [3.0, 3.0],
                           "images": [10, 10]})  # fmt: skip
ENCODING = pd.DataFrame({"representation": ["cl-45", "global"], "seconds": [4.0, 0.0], "images": [10, 10]})


def seconds(dataset: str, backbone: str) -> list[dict[str, str]]:
    return published_seconds(dataset, {backbone: KNOWN[backbone]})


def test_table_1_of_yoo_2015_stands_beside_the_measured_seconds():
    """The figures as the paper prints them."""
    rows = dense_rows(STUDY, seconds("voc2007", "caffenet"))
    assert [row["Activations"] for row in rows] == ["270", "754", "1910", "4410"]
    assert {(row["On"], row["In"]) for row in rows} == {("cpu", "float32")}
    assert [row["Naive, s"] for row in rows] == ["8", "16", "32", "64"]
    assert [float(row["Published naive, s"]) for row in rows] == [1.702, 4.941, 11.41, 27.64]
    assert [float(row["Published dense, s"]) for row in rows] == [0.0769, 0.1265, 0.242, 0.4635]


def test_table_5_of_liu_2015_stands_beside_the_measured_seconds():
    """The figures as the paper prints them: extraction, pooling, total."""
    rows = cost_rows(PLAN, ["cl-45", "cl-45f", "global"], EXTRACTION, ENCODING, seconds("mit67", "bvlc-alexnet"))
    parts = ("network", "pooling", "total")
    published = {row["Representation"]: [float(row[f"Published {part}, s"]) for part in parts] for row in rows}
    assert published == {"cl-45": [0.45, 0.14, 0.6], "global": [0.4, 0, 0.4]}
    assert [row["Pooling, s"] for row in rows] == ["0.4", "0"]
    assert float(rows[0]["Network, s"]) == pytest.approx(0.5)  # 2 s and 3 s of forward passes, ten images


@pytest.mark.parametrize(
    ("dataset", "backbone", "said"),
    [
        ("voc2007", "caffenet", "Yoo 2015, Table 1, on a GTX TITAN Black (a GPU); T."),
        ("mit67", "bvlc-alexnet", "on a machine that is not stated; T, a replication of the network of Krizhevsky et al. 2012."),
        ("mit67", "caffenet", None),
        ("mit67", "mobilenet_v2", None),
    ],
)
def test_the_page_says_whose_seconds_and_of_which_network(dataset, backbone, said):
    published = seconds(dataset, backbone)
    costs = cost_rows(PLAN, ["cl-45"], EXTRACTION, ENCODING, published)
    page = timings_page(dense_rows(STUDY, published), costs, published, {"cl-45": "CL-45"}, {backbone: "T"})
    assert ("Published" in page) == bool(said)
    assert (said or "") in page
    assert "CL-45" in page
