import io

import numpy as np
import pytest
from PIL import Image

from orderless.datasets.folder import index_folder, list_folder
from orderless.datasets.index import classes, read_index, shard_rows, write_index
from orderless.errors import OrderlessError
from orderless.files.images import MOST_PIXELS, find_images, read_image


def picture(rng, size=(20, 16), mode="RGB"):
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_formats_read_as_rgb(tmp_path, rng, suffix, mode):
    path = tmp_path / f"a.{suffix}"
    original = picture(rng, mode=mode)
    original.save(path, **({"quality": 100} if suffix in ("jpg", "webp") else {}))
    found = read_image(path)
    assert (found.mode, found.size) == ("RGB", (20, 16))
    if suffix in ("png", "tiff"):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(original.convert("RGB")))


def test_sixteen_bit_alpha_palette_and_orientation(tmp_path, rng):
    Image.fromarray((np.arange(12).reshape(3, 4) * 5461).astype(np.uint16)).save(tmp_path / "deep.png")
    deep = np.asarray(read_image(tmp_path / "deep.png"))[..., 0]
    np.testing.assert_allclose(deep, np.arange(12).reshape(3, 4) * 5461 / 257, atol=0.51)
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (np.asarray(read_image(tmp_path / "clear.png")) == 255).all()
    picture(rng).convert("P").save(tmp_path / "palette.png")
    assert read_image(tmp_path / "palette.png").mode == "RGB"
    picture(rng).convert("CMYK").save(tmp_path / "print.jpg")
    assert read_image(tmp_path / "print.jpg").mode == "RGB"
    turned = picture(rng)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").size == (16, 20)


def damaged(rng) -> dict[str, bytes]:
    stream = io.BytesIO()
    picture(rng, (200, 160)).save(stream, "JPEG")
    whole = stream.getvalue()
    found = {f"cut{tenth}.jpg": whole[: len(whole) * tenth // 10] for tenth in range(10)}
    return found | {"page.png": b"<html>not found</html>"}


def test_damaged_files_are_refused_by_name(tmp_path, rng):
    for name, data in damaged(rng).items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(OrderlessError, match=name):
            read_image(tmp_path / name)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    Image.new("1", (20_000, MOST_PIXELS // 20_000 + 1)).save(tmp_path / "bomb.png")
    with pytest.raises(OrderlessError, match=r"bomb\.png"):
        read_image(tmp_path / "bomb.png")


@pytest.fixture
def folder(tmp_path, rng):
    for split, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(count):
                picture(rng).save(tmp_path / split / name / f"{number}.png")
    return tmp_path


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
        (lambda f: (f / "train" / "bird").mkdir(), "bird.*no image"),
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
    rows, skipped = index_folder(folder, 0, "single-label", 0.3, "skip")
    assert (len(rows), len(skipped)) == (8, 2)


def test_skipping_must_leave_enough(folder):
    for path in sorted((folder / "train" / "cat").iterdir())[:2]:
        path.write_bytes(b"")
    with pytest.raises(OrderlessError, match="class 'cat'"):
        index_folder(folder, 0, "single-label", 0.3, "skip")


def test_an_index_comes_back(folder, tmp_path):
    rows, _ = index_folder(folder, 0, "single-label", 0.3, "fail")
    write_index(rows, tmp_path / "index.csv")
    index = read_index(tmp_path / "index.csv")
    assert classes(index) == ["cat", "dog"]
    assert index["sha256"].str.len().eq(64).all()
    with pytest.raises(OrderlessError, match="listed twice"):
        write_index(rows + rows[:1], tmp_path / "twice.csv")


@pytest.mark.parametrize(("count", "shards"), [(10, 3), (7, 7), (100, 9)])
def test_shards_cover_every_row_once(count, shards):
    rows = [list(shard_rows(count, shards, k)) for k in range(shards)]
    assert [row for part in rows for row in part] == list(range(count))
    assert max(map(len, rows)) - min(map(len, rows)) <= 1
