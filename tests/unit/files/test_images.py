"""Images of every format and mode read as RGB; damaged ones and bombs refused by name."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orderless.errors import OrderlessError
from orderless.files.images import MEGAPIXELS, SETTING, find_images, read_image


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
    Image.new("1", (20_000, MEGAPIXELS * 50 + 1)).save(tmp_path / "bomb.png")
    with pytest.raises(OrderlessError, match=r"bomb\.png.*more than 200 megapixels"):
        read_image(tmp_path / "bomb.png")


def test_the_limit_on_pixels_is_a_setting_and_pillows_own_stays_as_it_was(tmp_path, monkeypatch):
    """Ours may be above Pillow's, which warns from 89 megapixels on and refuses from 179 on, for every image of the process."""
    before = Image.MAX_IMAGE_PIXELS
    Image.new("1", (100, 80)).save(tmp_path / "small.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)
    assert read_image(tmp_path / "small.png").size == (100, 80)
    assert Image.MAX_IMAGE_PIXELS == 3000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / "small.png")
    monkeypatch.undo()
    assert before == Image.MAX_IMAGE_PIXELS
    for said, message in (
        ("0.007", f"100 x 80 pixels are more than 0.007 .*{SETTING}"),
        ("many", "'many' is not a number above 0"),
    ):
        monkeypatch.setenv(SETTING, said)
        with pytest.raises(OrderlessError, match=message):
            read_image(tmp_path / "small.png")


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"two\nlines.jpg", b"bell\x07.jpg", b"\xff/fine.jpg"])
def test_a_name_that_no_table_can_hold_is_refused(tmp_path, name):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(OrderlessError, match=r"this name is not UTF-8, or has line breaks.*Rename it") as error:
        find_images(tmp_path)
    str(error.value).encode("ascii")


def test_any_other_name_is_taken(tmp_path):
    names = [
        "a;b.jpg",
        "<img src=x>.png",
        "quote'\"`.jpg",
        "ünïcode 图.jpg",
        "$(touch x).jpg",
        "-rf.jpg",
        "%s {0}.jpg",
        "a,b\\c.jpg",
    ]
    for name in names:
        (tmp_path / name).touch()
    assert {path.name for path in find_images(tmp_path)} == set(names)
