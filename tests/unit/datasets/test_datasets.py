"""The papers' data sets from miniatures in the official layouts: rows, labels, boxes, groups, counts, fractions."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from scipy.io import savemat

from orderless.__main__ import main
from orderless.catalog.configuration import load_config
from orderless.catalog.datasets import shard_count
from orderless.catalog.entries import load_catalog, merge
from orderless.classification.classifiers import encode_targets
from orderless.classification.evaluation import average_precision_11
from orderless.datasets import flowers102
from orderless.datasets.checks import check_expected, count, cut
from orderless.datasets.fractions import keep_fraction
from orderless.datasets.index import read_index, write_index
from orderless.datasets.official import index, list_rows, prepare
from orderless.errors import OrderlessError
from orderless.retrieval import ranking
from tests.layouts import EXPECTED, VOC, serve_all
from tests.server import Server

NAMES = list(EXPECTED)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The entries of the data sets as miniatures, prepared: name -> (entry, its folder)."""
    server, folder = Server(), tmp_path_factory.mktemp("data")
    catalog = load_catalog({})["datasets"]
    over = serve_all(server, catalog, folder)
    found = {}
    for name, changes in over.items():
        entry = merge(catalog[name], changes)
        found[name] = (entry, prepare(name, entry, folder))
    server.close()
    return found


def indexed(small, name: str, folder: Path, fraction: float = 1) -> tuple[pd.DataFrame, list[str]]:
    """The index of a miniature as it is read back, and what was skipped."""
    entry, root = small[name]
    rows, skipped = index(name, entry, root, 0, fraction, "fail", folder / "images")
    write_index(rows, folder / "index.csv")
    return read_index(folder / "index.csv"), skipped


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_is_listed_and_readable(small, name, tmp_path):
    table, skipped = indexed(small, name, tmp_path)
    found = count(table.to_dict("records"))
    assert {key: found[key] for key in EXPECTED[name]} == EXPECTED[name]
    assert [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in table["path"]] == table["sha256"].tolist()
    assert [line.partition(":")[0].rsplit("/", 1)[1] for line in skipped] == (["damaged.jpg"] if name == "paris6k" else [])


def test_mit67_and_sun397_take_the_published_lists(small, tmp_path):
    table, _ = indexed(small, "mit67", tmp_path)
    assert table.iloc[0].to_dict() | {"path": "", "sha256": ""} == dict.fromkeys(table.columns, "") | {
        "image": "bar/bar_train0.jpg", "split": "train", "labels": "bar"}  # fmt: skip
    table, _ = indexed(small, "sun397", tmp_path)
    assert set(table["labels"]) == {"abbey", "apse/indoor"}
    entry, root = small["sun397"]
    other = list_rows("sun397", entry | {"partition": 7}, root, 0)
    assert [row["image"] for row in other] != table["image"].tolist()
    assert sorted(row["image"] for row in other) == sorted(table["image"])


def test_voc_leaves_difficult_images_out(small, tmp_path):
    table, _ = indexed(small, "voc2007", tmp_path)
    rows = table.set_index("image")
    for image, values in (VOC["trainval"] | VOC["test"]).items():
        said = dict(zip(["cat", "dog", "sofa"], values, strict=True))
        assert rows.loc[f"{image}.jpg", "labels"] == ";".join(name for name in said if said[name] == 1)
        assert rows.loc[f"{image}.jpg", "ignored"] == ";".join(name for name in said if said[name] == 0)
        box = "cat 2 4 10 20" if said["cat"] == 1 else ""
        assert rows.loc[f"{image}.jpg", "boxes"] == box
        assert rows.loc[f"{image}.jpg", "split"] == ("train" if image in VOC["trainval"] else "test")


def test_difficult_images_change_no_figure_of_their_class(small, tmp_path):
    """In test an image that is difficult for sofas alone may score anything for sofas; any other image may not."""
    table, _ = indexed(small, "voc2007", tmp_path)
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


def test_flowers_split_has_the_published_counts(tmp_path):
    """Lists of the official lengths; images are listed, not opened."""
    rng = np.random.default_rng(0)
    order = rng.permutation(8189) + 1
    sets = {"trnid": order[:1020], "valid": order[1020:2040], "tstid": order[2040:]}
    labels = rng.permutation(np.r_[np.arange(102), rng.integers(0, 102, 8189 - 102)]) + 1
    (tmp_path / "jpg").mkdir()
    savemat(tmp_path / "setid.mat", {key: value.astype(np.uint16) for key, value in sets.items()})
    savemat(tmp_path / "imagelabels.mat", {"labels": labels.astype(np.uint8)})
    entry = load_catalog({})["datasets"]["flowers102"]
    rows = list_rows("flowers102", entry, tmp_path, 0)
    assert count(rows) == {"train": 2040, "test": 6149, "classes": 102, "queries": 0, "images": 0}
    by_number = {int(row["image"][6:11]): row for row in rows}
    assert all(by_number[n]["labels"] == f"{labels[n - 1]:03d}" for n in (1, 77, 8189))
    assert {by_number[n]["split"] for n in sets["valid"]} == {"train"}
    savemat(tmp_path / "setid.mat", {key: value[1:].astype(np.uint16) for key, value in sets.items()})
    with pytest.raises(OrderlessError, match="flowers102: train: 2038 found, 2040 published"):
        list_rows("flowers102", entry, tmp_path, 0)
    (tmp_path / "setid.mat").write_bytes(b"<html>")
    with pytest.raises(OrderlessError, match=r"setid.mat: cannot be read as a MATLAB file"):
        flowers102.index_rows(tmp_path, {}, 0)


def test_the_published_counts_are_asserted(tmp_path):
    """MIT Indoor 67 and CUB-200-2011 with lists of the official lengths, whole and short of one."""
    catalog = load_catalog({})["datasets"]
    (tmp_path / "Images").mkdir()
    for file, number in (("TrainImages.txt", 5360), ("TestImages.txt", 1340)):
        (tmp_path / file).write_text("\r\n".join(f"class{i % 67:02d}/{file[:2]}{i}.jpg" for i in range(number)))
    assert count(list_rows("mit67", catalog["mit67"], tmp_path, 0))["train"] == 5360
    base = tmp_path / "CUB_200_2011"
    base.mkdir()
    total = 5994 + 5794
    (base / "images.txt").write_text("\n".join(f"{n} {n % 200:03d}.Bird/{n}.jpg" for n in range(total)))
    (base / "train_test_split.txt").write_text("\n".join(f"{n} {int(n < 5994)}" for n in range(total)))
    (base / "bounding_boxes.txt").write_text("\n".join(f"{n} 1.0 1.0 9.0 9.0" for n in range(total)))
    assert count(list_rows("cub200", catalog["cub200"], tmp_path, 0))["test"] == 5794
    (base / "train_test_split.txt").write_text("\n".join(f"{n} {int(n < 5993)}" for n in range(total)))
    with pytest.raises(OrderlessError, match=r"cub200: train: 5993 found, 5994 published.*catalog.datasets.cub200.expected"):
        list_rows("cub200", catalog["cub200"], tmp_path, 0)


def test_boxes_are_cut_out(small, tmp_path):
    table, _ = indexed(small, "cub200", tmp_path)
    _, root = small["cub200"]
    for n, (name, path) in enumerate(zip(table["image"], table["path"], strict=True), 1):
        whole = Image.open(root / "CUB_200_2011/images" / name)
        expected = np.asarray(whole)[n % 5 : n % 5 + 30, 4:44]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)
    entry, root = small["cub200"]
    uncut = index("cub200", {key: entry[key] for key in entry if key != "crop"}, root, 0, 1, "fail", tmp_path)[0]
    assert uncut[0]["boxes"] == "001.Black_footed_Albatross 4.0 1.0 40.0 30.0"
    assert Path(uncut[0]["path"]).parent.parent == root / "CUB_200_2011/images"


def test_a_box_is_enlarged_about_its_middle_within_the_image():
    image = Image.fromarray(np.arange(100 * 80, dtype=np.uint16).astype(np.uint8).reshape(80, 100))
    pixels = np.asarray(image)
    np.testing.assert_array_equal(np.asarray(cut(image, (20, 20, 40, 20), 1.5)), pixels[15:45, 10:70])
    np.testing.assert_array_equal(np.asarray(cut(image, (0, 0, 40, 20), 1.5)), pixels[0:25, 0:50])
    np.testing.assert_array_equal(np.asarray(cut(image, (80, 70, 40, 20), 1)), pixels[70:80, 80:100])
    for box in ((200, 0, 10, 10), (0, 0, 0, 10), (float("nan"), 0, 5, 5)):
        with pytest.raises(OrderlessError, match="box"):
            cut(image, box, 1)


def test_h3d_labels_that_nobody_can_tell_are_left_out(small, tmp_path):
    table, _ = indexed(small, "h3d", tmp_path)
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


def test_ilsvrc_takes_a_mapping_or_folders(small, tmp_path):
    entry, root = small["ilsvrc2012"]
    table, _ = indexed(small, "ilsvrc2012", tmp_path)
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


def test_holidays_and_ukbench_groups(small, tmp_path):
    table, _ = indexed(small, "holidays", tmp_path)
    asked = ranking.protocol(table)
    assert table["image"].iloc[asked.queries].tolist() == ["100000.jpg", "100100.jpg", "100200.jpg", "100300.jpg"]
    assert [(row == ranking.MATCH).sum() for row in asked.relevance] == [2, 1, 1, 2]
    assert (asked.relevance == ranking.ITSELF).sum() == 4
    assert not table["split"].iloc[asked.queries].eq("train").any()
    asked = ranking.protocol(indexed(small, "ukbench", tmp_path)[0])
    assert [(row > 0).sum() for row in asked.relevance] == [4] * 16


@pytest.mark.parametrize("name", ["oxford5k", "paris6k"])
def test_buildings_relevance_and_queries(small, name, tmp_path):
    table, _ = indexed(small, name, tmp_path)
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


def test_a_fraction_keeps_groups_whole(small, tmp_path):
    rows = [{"image": f"{g}-{i}", "split": "train", "group": str(g), "search": "both"} for g in range(50) for i in range(4)]
    rows += [{"image": f"other{i}", "split": "train", "search": "database"} for i in range(200)]
    kept = keep_fraction(rows, 0.1, 0, "retrieval")
    sizes = pd.Series([row.get("group", "") for row in kept]).value_counts().to_dict()
    assert sizes.pop("") == 20
    assert list(sizes.values()) == [4] * 5
    table, _ = indexed(small, "oxford5k", tmp_path, 0.1)  # its landmarks hang together through junk
    assert len(ranking.protocol(table).queries) == 4
    assert len(indexed(small, "holidays", tmp_path, 0.1)[0]["group"].unique()) == 2


def test_shards_follow_the_published_counts_and_the_fraction():
    config = load_config({"run": "x", "datasets": ["mit67"], "backbones": ["tinyalex"], "representations": ["fc7"]})
    catalog = load_catalog({})
    assert shard_count(config, catalog, "mit67") == 14
    assert shard_count(config | {"fraction": 0.1}, catalog, "mit67") == 2
    assert shard_count(config, catalog, "ukbench") == 21


def test_every_entry_names_licence_citation_and_counts():
    for name, entry in load_catalog({})["datasets"].items():
        if "files" in entry:
            assert entry["licence"]
            assert entry["citation"]
            assert entry["expected"]
            assert entry["files"] or name == "ilsvrc2012"
    with pytest.raises(OrderlessError, match=r"catalog.datasets.mit67.files.*hash"):
        load_catalog({"datasets": {"mit67": {"files": {"TrainImages.txt": {"hash": "md5:123"}}}}})


def test_the_command_line_lists_fetches_and_checks(small, tmp_path, capsys):
    server = Server()
    try:
        over = serve_all(server, load_catalog({})["datasets"], tmp_path)
        config = tmp_path / "mine.yaml"
        config.write_text(yaml.safe_dump({"data": str(tmp_path / "store"), "catalog": {"datasets": over}}))
        options = ["--configfile", str(config)]
        assert main(["data", "check", "flowers102", *options]) == 1
        assert "Type: orderless data fetch flowers102" in capsys.readouterr().err
        assert main(["data", "fetch", "flowers102", "mit67", *options]) == 0
        said = capsys.readouterr().out
        assert "8 train, 6 test, 2 classes, as published" in said
        assert "cite: M.-E. Nilsback" in said
        assert main(["data", "list", *options]) == 0
        lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert "store/flowers102/unpacked" in lines["flowers102"]
        assert "your own copy" in lines["ilsvrc2012"]
        assert main(["data", "check", "flowers102", *options]) == 0
        assert "setid.mat" in capsys.readouterr().out
        (tmp_path / "store/flowers102/archives/setid.mat").write_bytes(b"damaged")
        assert main(["data", "check", "flowers102", *options]) == 1
        assert "setid.mat: has 7 bytes" in capsys.readouterr().err
        next((tmp_path / "store/mit67/unpacked/Images/bar").glob("*")).unlink()
        assert main(["data", "check", "mit67", *options]) == 1
        assert "no such file (1 of 14 images)" in capsys.readouterr().err
        assert main(["data", "fetch", "mit76", *options]) == 1
        assert "Did you mean 'mit67'" in capsys.readouterr().err
    finally:
        server.close()


def test_expected_counts_name_the_key():
    with pytest.raises(OrderlessError, match=r"mine: test: 1 found, 2 published.*catalog.datasets.mine.expected"):
        check_expected(labelled({"a": (2, 1)}), {"train": 2, "test": 2}, "mine")
