"""Published figures beside the measured ones."""

import re

import pandas as pd
import pytest

from orderless.catalog.entries import load_catalog
from orderless.catalog.published import published_figures
from orderless.reports.published import beside, published_page


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
