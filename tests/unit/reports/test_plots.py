"""Plots with any names are well-formed drawings that say them, as words and not as formulas."""

from itertools import product
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from orderless.reports.plots import bench, classes, comparison, studies
from tests.names import HOSTILE

SPACE = "{http://www.w3.org/2000/svg}"
TARGETS = 2 * np.eye(len(HOSTILE)) - 1
TITLES = {f"r{number}": name for number, name in enumerate(HOSTILE)}
METRICS = pd.DataFrame(
    {"dataset": "d", "backbone": "n", "representation": list(TITLES), "title": HOSTILE, "metric": "accuracy", "n": 20,
     "value": np.linspace(0.9, 0.4, len(TITLES)), "low": 0.3, "high": 0.95, "seconds": np.geomspace(0.001, 0.5, len(TITLES))}
)  # fmt: skip
LABELLED = comparison.labelled(METRICS, TITLES, {"n": "Network"}, {})
PAIRS = pd.DataFrame([{"a": a, "b": b, "difference": 0.1, "p": 0.01, "p_holm": 0.2} for a, b in product(TITLES, TITLES) if a != b])
SCALES = [METRICS.assign(study=study, scale=scale, base="mpp") for study in ("alone", "first") for scale in (1, 2)]
KINDS = ("scale", "translate-x", "translate-y", "flip", "rotate")
INVARIANCE = [METRICS.assign(kind=kind, amount=amount) for kind in KINDS for amount in (0.5, 1.0)]
DRAWN = {
    "accuracy": lambda path: comparison.accuracy(LABELLED, HOSTILE[0], path),
    "tradeoff": lambda path: comparison.tradeoff(LABELLED, "seconds", HOSTILE[1], HOSTILE[0], path),
    "confusion": lambda path: classes.confusion(TARGETS, TARGETS, HOSTILE, HOSTILE[0], path),
    "class_precisions": lambda path: classes.class_precisions(TARGETS, TARGETS, HOSTILE, HOSTILE[0], path),
    "pairs": lambda path: studies.pairs(PAIRS, TITLES, HOSTILE[0], path),
    "scales": lambda path: studies.scales(pd.concat(part.head(8) for part in SCALES), HOSTILE[8] + HOSTILE[9], path),
    "invariance": lambda path: studies.invariance(pd.concat(INVARIANCE), HOSTILE[0], path),
    "seeds": lambda path: studies.seeds(pd.concat([METRICS.assign(seed=seed) for seed in (0, 1)]), HOSTILE[0], path),
    "bench": lambda path: bench.bench(
        pd.DataFrame({"figure": HOSTILE, "peer": HOSTILE, "ratio": 2.0, "notes": [{}] * len(HOSTILE)}), path
    ),
}


def words(root):
    """What the texts of a drawing say. matplotlib writes each line of a text on its own."""
    return "\n".join("".join(element.itertext()) for element in root.iter(f"{SPACE}text"))


@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_with_any_names_is_well_formed_and_says_them(tmp_path, name):
    DRAWN[name](tmp_path / "plot.svg")
    root = ElementTree.parse(tmp_path / "plot.svg").getroot()
    said = words(root)
    assert [line for text in HOSTILE for line in text.split("\n") if line not in said] == []
    assert {element.tag.removeprefix(SPACE) for element in root.iter()}.isdisjoint({"script", "img", "foreignObject"})
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on")]


def test_points_say_what_they_are_and_their_axis_counts_in_powers_of_ten(tmp_path):
    DRAWN["tradeoff"](tmp_path / "plot.svg")
    root = ElementTree.parse(tmp_path / "plot.svg").getroot()
    tips = [element.text for element in root.iter(f"{SPACE}title") if element.text]
    assert [tip.rsplit(": ", 1)[0] for tip in tips] == HOSTILE
    assert tips[0].endswith(": 90.0 (30.0 to 95.0), 0.001")
    assert "mathdefault" not in words(root)


def test_a_character_that_xml_forbids_is_replaced(tmp_path):
    comparison.accuracy(LABELLED.assign(title="bell \x07"), "d", tmp_path / "plot.svg")
    assert "bell \ufffd" in words(ElementTree.parse(tmp_path / "plot.svg").getroot())


def test_a_score_that_is_no_share_is_drawn_as_people_read_it(tmp_path):
    rows = METRICS.assign(metric="ns", value=0.75)
    assert set(comparison.labelled(rows, TITLES, {"n": "Network"}, {})["value"]) == {3.0}
    assert comparison.figure_label(rows) == "N-S score (of 4)"
    assert comparison.figure_label(METRICS) == "Accuracy, %"


def test_pairs_are_written_where_they_differ_and_bold_after_the_correction(tmp_path):
    rows = [("a", "b", 0.31, 0.001, 0.003), ("a", "c", 0.22, 0.04, 0.08), ("b", "c", 0.13, 0.3, 0.3)]
    rows += [(b, a, -difference, p, holm) for a, b, difference, p, holm in rows]
    table = pd.DataFrame(rows, columns=["a", "b", "difference", "p", "p_holm"])
    studies.pairs(table, {name: name for name in "abc"}, "d", tmp_path / "plot.svg")
    texts = [node for node in ElementTree.parse(tmp_path / "plot.svg").iter("{http://www.w3.org/2000/svg}text")]
    weights = {node.text: "700" in node.get("style", "") for node in texts if node.text in ("31", "-31", "22", "-22", "13", "-13")}
    assert weights == {"31": True, "-31": True, "22": False, "-22": False}
