"""Published counts held against what is found, and boxes cut out."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from orderless.catalog.entries import load_catalog
from orderless.datasets import flowers102
from orderless.datasets.checks import check_expected, count, cut
from orderless.datasets.official import list_rows
from orderless.errors import OrderlessError


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


def test_a_box_is_enlarged_about_its_middle_within_the_image():
    image = Image.fromarray(np.arange(100 * 80, dtype=np.uint16).astype(np.uint8).reshape(80, 100))
    pixels = np.asarray(image)
    np.testing.assert_array_equal(np.asarray(cut(image, (20, 20, 40, 20), 1.5)), pixels[15:45, 10:70])
    np.testing.assert_array_equal(np.asarray(cut(image, (0, 0, 40, 20), 1.5)), pixels[0:25, 0:50])
    np.testing.assert_array_equal(np.asarray(cut(image, (80, 70, 40, 20), 1)), pixels[70:80, 80:100])
    for box in ((200, 0, 10, 10), (0, 0, 0, 10), (float("nan"), 0, 5, 5)):
        with pytest.raises(OrderlessError, match="box"):
            cut(image, box, 1)


def labelled(counts: dict[str, tuple[int, int]]) -> list[dict]:
    return [
        {"image": f"{name}{split}{i}", "split": split, "labels": name}
        for name, pair in counts.items()
        for split, number in zip(("train", "test"), pair, strict=True)
        for i in range(number)
    ]


def test_expected_counts_name_the_key():
    with pytest.raises(OrderlessError, match=r"mine: test: 1 found, 2 published.*catalog.datasets.mine.expected"):
        check_expected(labelled({"a": (2, 1)}), {"train": 2, "test": 2}, "mine")
