"""The papers' data sets from miniatures in the official layouts: rows, labels, boxes, groups, counts."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orderless.catalog.entries import load_catalog
from orderless.classification.classifiers import encode_targets
from orderless.classification.evaluation import average_precision_11
from orderless.datasets.checks import count
from orderless.datasets.official import index, list_rows, prepare
from orderless.errors import OrderlessError
from orderless.retrieval import ranking
from tests.layouts import EXPECTED, VOC

NAMES = list(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_is_listed_and_readable(indexed, name, tmp_path):
    table, skipped = indexed(name, tmp_path)
    found = count(table.to_dict("records"))
    assert {key: found[key] for key in EXPECTED[name]} == EXPECTED[name]
    assert [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in table["path"]] == table["sha256"].tolist()
    assert [line.partition(":")[0].rsplit("/", 1)[1] for line in skipped] == (["damaged.jpg"] if name == "paris6k" else [])


def test_mit67_and_sun397_take_the_published_lists(small, indexed, tmp_path):
    table, _ = indexed("mit67", tmp_path)
    assert table.iloc[0].to_dict() | {"path": "", "sha256": ""} == dict.fromkeys(table.columns, "") | {
        "image": "bar/bar_train0.jpg", "split": "train", "labels": "bar"}  # fmt: skip
    table, _ = indexed("sun397", tmp_path)
    assert set(table["labels"]) == {"abbey", "apse/indoor"}
    entry, root = small["sun397"]
    other = list_rows("sun397", entry | {"partition": 7}, root, 0)
    assert [row["image"] for row in other] != table["image"].tolist()
    assert sorted(row["image"] for row in other) == sorted(table["image"])


def test_voc_leaves_difficult_images_out(indexed, tmp_path):
    table, _ = indexed("voc2007", tmp_path)
    rows = table.set_index("image")
    for image, values in (VOC["trainval"] | VOC["test"]).items():
        said = dict(zip(["cat", "dog", "sofa"], values, strict=True))
        assert rows.loc[f"{image}.jpg", "labels"] == ";".join(name for name in said if said[name] == 1)
        assert rows.loc[f"{image}.jpg", "ignored"] == ";".join(name for name in said if said[name] == 0)
        box = "cat 2 4 10 20" if said["cat"] == 1 else ""
        assert rows.loc[f"{image}.jpg", "boxes"] == box
        assert rows.loc[f"{image}.jpg", "split"] == ("train" if image in VOC["trainval"] else "test")


def test_difficult_images_change_no_figure_of_their_class(indexed, tmp_path):
    """In test an image that is difficult for sofas alone may score anything for sofas; any other image may not."""
    table, _ = indexed("voc2007", tmp_path)
    test = table[table["split"] == "test"]
    targets = encode_targets(test["labels"].tolist(), test["ignored"].tolist(), ["cat", "dog", "sofa"])
    assert targets.tolist() == [list(values) for values in VOC["test"].values()]
    sofa, scores = targets[:, 2], np.arange(6.0)
    figures = {value: [] for value in (0, -1)}
    for i in range(6):
        if sofa[i] != 1:
            for score in (-9.0, 9.0):
                moved = np.where(np.arange(6) == i, score, scores)
                figures[int(sofa[i])].append(float(average_precision_11(sofa, moved)[0]))
    assert len(set(figures[0])) == 1
    assert len(set(figures[-1])) > 1


def test_boxes_are_cut_out(small, indexed, tmp_path):
    table, _ = indexed("cub200", tmp_path)
    _, root = small["cub200"]
    for n, (name, path) in enumerate(zip(table["image"], table["path"], strict=True), 1):
        whole = Image.open(root / "CUB_200_2011/images" / name)
        expected = np.asarray(whole)[n % 5 : n % 5 + 30, 4:44]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)
    entry, root = small["cub200"]
    uncut = index("cub200", {key: entry[key] for key in entry if key != "crop"}, root, 0, 1, "fail", tmp_path)[0]
    assert uncut[0]["boxes"] == "001.Black_footed_Albatross 4.0 1.0 40.0 30.0"
    assert Path(uncut[0]["path"]).parent.parent == root / "CUB_200_2011/images"


def test_h3d_labels_that_nobody_can_tell_are_left_out(small, indexed, tmp_path):
    table, _ = indexed("h3d", tmp_path)
    _, root = small["h3d"]
    said = (root / "attributes_dataset/test/labels.txt").read_text().splitlines()
    row = table.set_index("image").loc["test/00002.jpg"]
    labels = [int(v) for v in said[2].split()[5:]]
    names = ["is_male", "has_long_hair", "has_glasses", "has_hat", "has_t-shirt", "has_long_sleeves", "has_shorts", "has_jeans",
             "has_long_pants"]  # fmt: skip
    assert row["labels"] == ";".join(n for n, v in zip(names, labels, strict=True) if v == 1)
    assert row["ignored"] == ";".join(n for n, v in zip(names, labels, strict=True) if v == 0)
    sizes = {name: Image.open(path).size for name, path in zip(table["image"], table["path"], strict=True)}
    assert sizes["test/00002.jpg"] == (30, 36)
    assert sizes["test/00003.jpg"] == (48, 40)  # bounds of NaN: the whole image


def test_ilsvrc_takes_a_mapping_or_folders(small, indexed, tmp_path):
    entry, root = small["ilsvrc2012"]
    table, _ = indexed("ilsvrc2012", tmp_path)
    moved = tmp_path / "copy"
    for row in table.to_dict("records"):
        target = moved / ("train" if row["split"] == "train" else "val") / row["labels"] / Path(row["path"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(row["path"]).read_bytes())
    plain = {key: value for key, value in entry.items() if key != "mapping"}
    rows = list_rows("ilsvrc2012", plain, moved, 0)
    assert [(Path(r["path"]).name, r["labels"]) for r in rows] == [
        (Path(r["path"]).name, r["labels"]) for r in table.to_dict("records")
    ]
    with pytest.raises(OrderlessError, match="has no folder of a synset"):
        list_rows("ilsvrc2012", plain, root, 0)
    with pytest.raises(OrderlessError, match=r"catalog.datasets.ilsvrc2012.root: is missing"):
        prepare("ilsvrc2012", {key: value for key, value in plain.items() if key != "root"}, tmp_path)


def test_holidays_and_ukbench_groups(indexed, tmp_path):
    table, _ = indexed("holidays", tmp_path)
    asked = ranking.protocol(table)
    assert table["image"].iloc[asked.queries].tolist() == ["100000.jpg", "100100.jpg", "100200.jpg", "100300.jpg"]
    assert [(row == ranking.MATCH).sum() for row in asked.relevance] == [2, 1, 1, 2]
    assert (asked.relevance == ranking.ITSELF).sum() == 4
    assert not table["split"].iloc[asked.queries].eq("train").any()
    asked = ranking.protocol(indexed("ukbench", tmp_path)[0])
    assert [(row > 0).sum() for row in asked.relevance] == [4] * 16


@pytest.mark.parametrize("name", ["oxford5k", "paris6k"])
def test_buildings_relevance_and_queries(indexed, name, tmp_path):
    table, _ = indexed(name, tmp_path)
    asked = ranking.protocol(table)
    images = [Path(image).stem for image in table["image"].iloc[asked.images]]
    queries = [Path(image).stem for image in table["image"].iloc[asked.queries]]
    assert queries == ["ashmolean_1", "ashmolean_2", "bodleian_1", "bodleian_2"]
    kinds = dict(zip(images, asked.relevance[queries.index("bodleian_2")], strict=True))
    assert {name for name, kind in kinds.items() if kind == ranking.MATCH} == {f"bodleian_00000{i}" for i in range(3)}
    assert {name for name, kind in kinds.items() if kind == ranking.JUNK} == {"bodleian_000003", "street_000003"}
    paths = dict(zip(table["image"], table["path"], strict=True))
    whole = np.asarray(Image.open(paths["bodleian_000002.jpg"]))
    np.testing.assert_array_equal(np.asarray(Image.open(paths["queries/bodleian_2.jpg"])), whole[3:37, 4:40])
    assert "train" not in set(table["split"].iloc[asked.queries])


def test_scene15_draws(small):
    entry, root = small["scene15"]
    drawn = [list_rows("scene15", entry | {"draw": draw}, root, seed=draw % 2) for draw in (1, 1, 2, 3)]
    trains = [{row["image"] for row in rows if row["split"] == "train"} for rows in drawn]
    assert trains[0] == trains[1]
    assert len({frozenset(train) for train in trains}) == 3
    catalog = load_catalog({})["datasets"]
    assert sorted(catalog[name]["draw"] for name in catalog if catalog[name]["kind"] == "scene15") == list(range(1, 11))
    assert sorted(catalog[name]["partition"] for name in catalog if catalog[name]["kind"] == "sun397") == list(range(1, 11))
    with pytest.raises(OrderlessError, match="holds 7 images, too few for 7 training images"):
        list_rows("scene15", entry | {"train": 7}, root, 0)
