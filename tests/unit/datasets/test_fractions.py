"""A fraction of a data set keeps classes and groups."""

import numpy as np
import pandas as pd

from orderless.datasets.fractions import keep_fraction
from orderless.retrieval import ranking


def labelled(counts: dict[str, tuple[int, int]]) -> list[dict]:
    return [
        {"image": f"{name}{split}{i}", "split": split, "labels": name}
        for name, pair in counts.items()
        for split, number in zip(("train", "test"), pair, strict=True)
        for i in range(number)
    ]


def test_a_fraction_keeps_its_share_of_each_class():
    rows = labelled({"a": (100, 50), "b": (30, 10), "c": (5, 3), "d": (2, 1)})
    kept = keep_fraction(rows, 0.1, 0, "single-label")
    assert [row for row in rows if row in kept] == kept
    found = pd.DataFrame(kept).value_counts(["labels", "split"]).to_dict()
    assert found == {("a", "train"): 10, ("a", "test"): 5, ("b", "train"): 3, ("b", "test"): 1, ("c", "train"): 2, ("c", "test"): 1,
                     ("d", "train"): 2, ("d", "test"): 1}  # fmt: skip
    assert keep_fraction(rows, 0.1, 0, "single-label") == kept
    assert keep_fraction(rows, 0.1, 1, "single-label") != kept
    assert keep_fraction(rows, 1, 0, "single-label") is rows


def test_a_fraction_of_several_labels_keeps_every_class():
    rng = np.random.default_rng(0)
    labels = [";".join(f"c{k}" for k in range(8) if rng.random() < 0.5**k) for _ in range(1000)]
    rows = [{"image": str(i), "split": "train" if i % 2 else "test", "labels": found} for i, found in enumerate(labels)]
    kept = keep_fraction(rows, 0.1, 0, "multi-label")
    assert 90 <= len(kept) <= 160
    for split, least in (("train", 2), ("test", 1)):
        for k in range(8):
            of, among = (sum(f"c{k}" in r["labels"] and r["split"] == split for r in part) for part in (kept, rows))
            assert of >= min(among, max(least, round(0.1 * among)))


def test_a_fraction_keeps_groups_whole(indexed, tmp_path):
    rows = [{"image": f"{g}-{i}", "split": "train", "group": str(g), "search": "both"} for g in range(50) for i in range(4)]
    rows += [{"image": f"other{i}", "split": "train", "search": "database"} for i in range(200)]
    kept = keep_fraction(rows, 0.1, 0, "retrieval")
    sizes = pd.Series([row.get("group", "") for row in kept]).value_counts().to_dict()
    assert sizes.pop("") == 20
    assert list(sizes.values()) == [4] * 5
    table, _ = indexed("oxford5k", tmp_path, 0.1)  # its landmarks hang together through junk
    assert len(ranking.protocol(table).queries) == 4
    assert len(indexed("holidays", tmp_path, 0.1)[0]["group"].unique()) == 2
