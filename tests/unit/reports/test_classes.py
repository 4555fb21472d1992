"""The table of classes: its figures, and names that could be taken for something else."""

import numpy as np
import pytest

from orderless.reports.classes import class_table, read_class_table, worst_classes

TARGETS = np.array([[1, -1], [1, -1], [-1, 1], [-1, 1]])
GOOD, BAD = TARGETS.astype(float), np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])


def test_table_of_classes():
    table = class_table({"Good": (TARGETS, GOOD), "Bad": (TARGETS, BAD)}, ["x", "y"], "single-label")
    assert table.index.tolist() == ["Good", "Bad"]
    assert table.loc["Bad"].tolist() == [50, 50, 50]
    table = class_table({"Good": (TARGETS, GOOD)}, ["x", "y"], "multi-label")
    assert table.loc["Good"].tolist() == [100, 100, 100]


@pytest.mark.parametrize("name", ["Mean", "NA", "None", "1", "two\nlines", '"quoted", so'])
def test_any_name_comes_back_from_the_file(tmp_path, name):
    scores = np.array([[1.0, 0], [0, 1], [0, 1], [0, 1]])  # one of two right in the first class, both in the second
    table = class_table({"Other": (TARGETS, BAD), name: (TARGETS, scores)}, [name, "y"], "single-label")
    assert table.index.tolist() == [name, "Other"]
    table.to_csv(tmp_path / "classes.csv")
    again = read_class_table(tmp_path / "classes.csv")
    assert worst_classes(again, name) == [(name, 50)]
    assert worst_classes(again, "Other") == [(name, 50), ("y", 50)]
