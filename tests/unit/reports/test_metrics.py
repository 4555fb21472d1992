"""What the tables are made of."""

import pandas as pd
import pytest

from orderless.reports.metrics import readable, seconds_per_image


def test_layers_of_one_forward_pass_pay_for_it_once():
    rows = {
        "a": {"set": "double.conv3.p"},
        "b": {"set": "double.conv4.p"},
        "c": {"set": "whole.fc7.mean"},
        "ab": {"fuse": ["a", "b"]},
    }
    plan = {"representations": rows | {"abc": {"fuse": ["ab", "c"]}}}
    sets = [row["set"] for row in rows.values() if "set" in row]
    extraction = pd.DataFrame({"set": sets * 2, "seconds": [1.0, 2, 3] * 2, "forward": [10.0, 10, 4] * 2, "images": 2})
    encoding = pd.DataFrame({"representation": ["a", "b", "c"], "seconds": [8.0, 4, 0], "images": 4})
    assert seconds_per_image(plan, "a", extraction, encoding) == pytest.approx(0.5 + 5 + 2)
    assert seconds_per_image(plan, "ab", extraction, encoding) == pytest.approx(0.5 + 1 + 5 + 2 + 1)
    assert seconds_per_image(plan, "abc", extraction, encoding) == pytest.approx(1.5 + 5 + 3 + 1.5 + 2)


def test_figures_as_people_read_them():
    assert readable("map", 0.5) == 50
    assert readable("ns", 0.5) == 2
