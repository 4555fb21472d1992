"""What the summary says of a data set."""

import pandas as pd
import pytest

from orderless.reports.published import beside
from orderless.reports.summary import beside_papers, winners

COLUMNS = ["representation", "value", "low", "high", "dimensions", "bytes", "seconds"]
NAMES = {"mpp": "MPP", "nfk": "NFK", "mop": "MOP-CNN", "csf": "CSF", "fc7": "CNN-FC7"}


def metrics(rows):
    """Metrics of one data set, network and figure."""
    return pd.DataFrame(rows, columns=COLUMNS).assign(dataset="scenes", backbone="net", metric="accuracy")


def test_the_cheap_ones_are_sought_among_those_that_tie_with_the_best():
    """NFK's interval meets the best's, but a paired test tells it from the best: it is no tie."""
    rows = [("fc7", 0.4, 0.3, 0.5, 8, 32, 0.001), ("nfk", 0.7, 0.65, 0.76, 64, 256, 0.02), ("mpp", 0.8, 0.75, 0.85, 64, 256, 0.03),
            ("mop", 0.76, 0.7, 0.8, 32, 1280, 0.01), ("csf", 0.75, 0.7, 0.8, 8, 160, 0.02)]  # fmt: skip
    p = {"mpp": 1.0, "mop": 0.2, "csf": 0.06, "nfk": 0.04, "fc7": 1e-9}
    said = winners(metrics(rows), "scenes", NAMES, p)
    assert said.pop("ties") == 2
    assert {role: entry.name for role, entry in said.items()} == {
        "best": "MPP", "next": "MOP-CNN", "fastest": "MOP-CNN", "smallest": "CSF", "baseline": "CNN-FC7"
    }  # fmt: skip
    assert (said["next"].p, said["smallest"].p, said["baseline"].p) == ("0.2", "0.06", "< 0.0001")
    assert said["best"].figure == "80.0 (75.0 to 85.0)"
    assert said["next"].behind == "4.0 points"
    assert said["baseline"].behind == "40.0 points"
    assert said["next"].cost == "32 dimensions, 1.28 kB, 10 ms an image"


def test_what_is_the_best_itself_is_not_said_again():
    said = winners(metrics([("fc7", 0.4, 0.3, 0.5, 8, 32, 0.001)]), "scenes", NAMES, {"fc7": 1.0})
    assert [role for role, entry in said.items() if entry] == ["best"]


def test_the_papers_figures_of_another_network_are_not_told(tmp_path):
    published = pd.DataFrame({"backbone": ["net", "net", "net", "other"], "difference": [0.01, 0.02, -0.04, 0.5]})
    papers = beside_papers(published, "net")
    assert papers["count"] == 3
    assert papers["median"] == pytest.approx(1)
    assert beside_papers(published, "third") is None
    beside([], pd.DataFrame(columns=["representation"]), pd.DataFrame()).to_csv(tmp_path / "none.csv", index=False)
    assert beside_papers(pd.read_csv(tmp_path / "none.csv"), "net") is None
