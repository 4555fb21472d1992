"""Two hundred damaged and odd images: each is read as what it is, or refused by name; nothing else comes out."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from orderless.errors import OrderlessError
from orderless.files.images import read_image

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tiff": "TIFF"}
LOSSLESS = ("png", "tiff")


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, FORMATS[kind], **options)
    return stream.getvalue()


def picture(seed: int, size=(61, 47)) -> Image.Image:
    """Smooth colours and some noise, so that every format has something to compress."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 4, size[0]), np.linspace(0, 3, size[1]))
    waves = np.stack([np.sin(x + c) * np.cos(y - c) for c in rng.uniform(0, 6, 3)], -1) * 90 + 128
    return Image.fromarray(np.clip(waves + rng.normal(0, 8, waves.shape), 0, 255).astype(np.uint8))


def header_bomb(side: int) -> bytes:
    """A PNG of a few bytes whose header says side x side."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def whole_cases() -> dict[str, tuple[bytes, np.ndarray | None]]:
    """Odd but whole: name -> bytes, and the pixels that must come out (None where the format loses some)."""
    found: dict[str, tuple[bytes, np.ndarray | None]] = {}
    for kind in FORMATS:
        for number, size in enumerate([(61, 47), (1, 1), (1, 5000), (5000, 1), (3, 200)]):
            image = picture(number, size)
            found[f"size{number}.{kind}"] = encoded(image, kind), np.asarray(image) if kind in LOSSLESS else None
            grey = image.convert("L")
            exact = np.asarray(grey)[..., None].repeat(3, 2) if kind in LOSSLESS else None
            found[f"grey{number}.{kind}"] = encoded(grey, kind), exact
        other = {"jpg": "png", "png": "jpg", "webp": "tiff", "tiff": "webp"}[kind]
        found[f"named-{other}-is.{kind}"] = encoded(picture(9), other), None
    image = picture(3)
    for kind in LOSSLESS:
        deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
        modes = {"I16": deep, "P": image.quantize(256)} | {mode: image.convert(mode) for mode in ("1", "LA", "RGBA")}
        found |= {f"mode-{mode}.{kind}": (encoded(changed, kind), None) for mode, changed in modes.items()}
    found["cmyk.jpg"] = encoded(image.convert("CMYK"), "jpg"), None
    found["cmyk.tiff"] = encoded(image.convert("CMYK"), "tiff"), None
    found["progressive.jpg"] = encoded(image, "jpg", progressive=True), None
    found["interlaced.png"] = encoded(image, "png", optimize=True), np.asarray(image)
    for turn in range(1, 9):
        exif = image.getexif()
        exif[0x0112] = turn
        found[f"turned{turn}.jpg"] = encoded(image, "jpg", exif=exif), None
    frames = [picture(n) for n in range(3)]
    found["animated.webp"] = (
        encoded(frames[0], "webp", save_all=True, append_images=frames[1:], lossless=True),
        np.asarray(frames[0]),
    )
    found["pages.tiff"] = encoded(frames[0], "tiff", save_all=True, append_images=frames[1:]), np.asarray(frames[0])
    return found


def damaged_cases() -> dict[str, tuple[bytes, bytes]]:
    """Cut at every tenth, with bytes changed: name -> bytes, and those of the whole file."""
    found = {}
    for kind in FORMATS:
        for seed in range(3):
            whole = encoded(picture(seed), kind)
            for tenth in range(10):
                found[f"cut{tenth}-{seed}.{kind}"] = whole[: len(whole) * tenth // 10], whole
        whole = encoded(picture(7), kind)
        found[f"zeros.{kind}"] = bytes(len(whole)), whole
        found[f"page.{kind}"] = b"<!doctype html><title>404</title>" * 30, whole
        found[f"text.{kind}"] = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", whole
    for side in (20_000, 60_000):
        found[f"bomb{side}.png"] = header_bomb(side), header_bomb(side)
    return found


WHOLE, DAMAGED = whole_cases(), damaged_cases()


def test_there_are_two_hundred():
    assert len(WHOLE) + len(DAMAGED) >= 200


@pytest.mark.parametrize("name", WHOLE)
def test_an_odd_image_is_read_as_what_it_is(tmp_path, name):
    data, expected = WHOLE[name]
    path = tmp_path / name
    path.write_bytes(data)
    found = read_image(path)
    assert found.mode == "RGB"
    if expected is not None:
        np.testing.assert_array_equal(np.asarray(found), expected)
    else:
        with Image.open(path) as plain:
            assert sorted(found.size) == sorted(plain.size)
        if name.startswith(("size0", "named", "mode-P", "mode-RGBA", "mode-I16", "cmyk", "progressive")):
            original = picture({"size0": 0, "named": 9}.get(name[:5], 3))
            original = original.convert("L").convert("RGB") if "I16" in name else original
            assert np.abs(np.asarray(found, float) - np.asarray(original, float)).mean() < 12


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_image_is_refused_or_whole(tmp_path, name):
    """A file that has lost only its tail's bookkeeping may still be read, if every pixel is that of the whole."""
    data, whole = DAMAGED[name]
    (tmp_path / name).write_bytes(data)
    (tmp_path / f"whole-{name}").write_bytes(whole)
    try:
        found = read_image(tmp_path / name)
    except OrderlessError as error:
        assert name in str(error)  # noqa: PT017
        assert "Replace or remove it" in str(error) or "Reduce it" in str(error)  # noqa: PT017
    else:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(read_image(tmp_path / f"whole-{name}")))
