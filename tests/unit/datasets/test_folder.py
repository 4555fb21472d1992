"""A user's folder: how it is listed, split and checked."""

import pytest

from orderless.datasets.folder import index_folder, list_folder
from orderless.errors import OrderlessError
from orderless.files.images import find_images


def test_a_folder_is_listed_as_it_says(folder):
    found = list_folder(folder, 0)
    assert len(found) == 10
    assert {(split, label) for _, split, label in found} == {("train", "cat"), ("train", "dog"), ("test", "cat"), ("test", "dog")}


def test_a_flat_folder_is_split_by_seed(folder):
    root = folder / "train"
    one, again, other = (list_folder(root, s, 0.4) for s in (0, 0, 5))
    assert one == again
    assert sum(split == "test" for _, split, _ in one) == 2
    assert {p for p, *_ in one} == set(find_images(root))
    assert one != other or list_folder(root, 6, 0.4) != one


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda f: (f / "train" / "bird").mkdir(), r"train/bird: no image in this class folder"),
        (lambda f: (f / "test" / "cat").rename(f / "test" / "cow"), "class 'cow' is in test only"),
        (lambda f: [p.unlink() for p in sorted((f / "train" / "dog").iterdir())[:2]], "class 'dog' has 1 training image"),
        (lambda f: [(f / s / "dog").rename(f / f"dog-{s}") for s in ("train", "test")], "1 class folder"),
    ],
)
def test_a_wrong_folder_is_named(folder, harm, message):
    harm(folder)
    with pytest.raises(OrderlessError, match=message):
        list_folder(folder, 0)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OrderlessError, match="no such folder"):
        list_folder(tmp_path / "none", 0)


def test_bad_images_fail_or_are_skipped_all_at_once(folder):
    (folder / "train" / "cat" / "0.png").write_bytes(b"")
    (folder / "test" / "dog" / "1.png").write_bytes(b"<html>")
    with pytest.raises(OrderlessError) as error:
        index_folder(folder, 0, "single-label", 0.3, "fail")
    assert "cat/0.png" in str(error.value)
    assert "dog/1.png" in str(error.value)
    assert "on_bad_image: skip" in str(error.value)
    rows, skipped = index_folder(folder, 0, "single-label", 0.3, "skip")
    assert (len(rows), len(skipped)) == (8, 2)


def test_skipping_must_leave_enough(folder):
    for path in sorted((folder / "train" / "cat").iterdir())[:2]:
        path.write_bytes(b"")
    with pytest.raises(OrderlessError, match="class 'cat'"):
        index_folder(folder, 0, "single-label", 0.3, "skip")
