"""Find image files, and decode them to 8-bit RGB."""

import os
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from orderless.errors import OrderlessError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
OTHERS = {".gif", ".bmp", ".heic", ".heif", ".avif", ".jp2", ".svg", ".psd", ".dng", ".cr2", ".nef", ".arw"}  # pictures, not read
MEGAPIXELS = 200  # the largest cameras': what is larger is a decompression bomb, or a mistake, unless the setting says otherwise
SETTING = "ORDERLESS_MEGAPIXELS"  # the environment variable, which the workflow sets to the configuration's `megapixels`
LIMIT = threading.Lock()  # Pillow's own limit is one for the whole process


def look_through(folder: str | Path) -> tuple[list[Path], Counter[str]]:
    """The image files below a folder, sorted by their relative paths; and what is left out, as counts by its kind.

    One rule for the workflow and for every command: files with one of SUFFIXES; links to folders are followed; hidden files and
    folders (their names begin with a dot) and pictures in other formats are left out.
    Raises OrderlessError for a name that `named` refuses.
    """
    folder, images, left_out = Path(folder), [], Counter[str]()
    for path in below(folder):
        suffix = path.suffix.lower()
        if path.name.startswith("."):
            left_out["hidden folders" if path.is_dir() else "hidden files"] += path.is_dir() or suffix in SUFFIXES
        elif suffix in SUFFIXES:
            images.append(named(path))
        elif suffix in OTHERS:
            left_out[f"{suffix[1:].upper()} files"] += 1
    return sorted(images, key=lambda path: path.relative_to(folder).as_posix()), +left_out


def named(path: Path) -> Path:
    """The path itself. Raises OrderlessError for one that a table cannot hold: no UTF-8, or with control characters."""
    text = str(path)
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise OrderlessError(f"{text!a}: this name is not UTF-8, or has line breaks or other control characters. Rename it.")
    return path


def said_of_left_out(folder: str | Path) -> str:
    """A line on the pictures below a folder that are left out, or nothing where there are none."""
    kinds = named_kinds(look_through(folder)[1])
    return f"{folder}: left out: {kinds}. Read are {', '.join(sorted(SUFFIXES))}." if kinds else ""


def named_kinds(left_out: Counter[str]) -> str:
    """Counts by kind in words: `2 GIF files, 1 hidden folders`."""
    return ", ".join(f"{count} {kind}" for kind, count in sorted(left_out.items()) if count)


def below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The files below a folder and the hidden folders, which are not entered; a link back to a folder above is not followed."""
    real = folder.resolve()
    for entry in [] if real in above else os.scandir(folder):
        if entry.is_dir() and not entry.name.startswith("."):
            yield from below(Path(entry.path), (*above, real))
        else:
            yield Path(entry.path)


def find_images(folder: Path) -> list[Path]:
    """The image files below a folder, as `look_through` has them."""
    return look_through(folder)[0]


def image_files(folder: str | Path) -> list[Path]:
    """The files of `find_images`. Raises OrderlessError if there is no such folder, or no image in it."""
    folder = Path(folder)
    files = find_images(folder) if folder.is_dir() else []
    if not files:
        problem = "no image in this folder" if folder.is_dir() else "no such folder"
        raise OrderlessError(f"{folder}: {problem}. Name a folder of images.")
    return files


def list_images(images: Any) -> list:
    """Images as a list. images: a folder, whose image files are listed; several images; or one, which becomes a list of one."""
    if isinstance(images, (str, Path)):
        return [images] if Path(images).is_file() else list(image_files(images))
    is_one = isinstance(images, Image.Image) or (not isinstance(images, list) and getattr(images, "ndim", 0) in (2, 3))
    items = [images] if is_one else list(images) if isinstance(images, Iterable) else []
    if not items:
        raise OrderlessError("no image to describe. Give a folder, or a list of files, PIL images or arrays.")
    return items


def name_images(images: list, first: int = 0) -> tuple[list[str], Callable[[str], Image.Image]]:
    """A name for each image, and the function that opens an image by its name.

    images: for `open_image`. first: the number of the first image; images that are not files are named by their number.
    """
    names = [str(image) if isinstance(image, (str, Path)) else f"image {place}" for place, image in enumerate(images, first)]
    by_name = dict(zip(names, images, strict=True))
    return names, lambda name: open_image(by_name[name], name)


def unreadable(paths: Iterable[str | Path]) -> dict[str, str]:
    """The images that cannot be read, of some files: path -> why. A JPEG is decoded at an eighth of its size."""

    def problem(path: str | Path) -> tuple[str, str]:
        try:
            read_image(path, draft=1)
        except OrderlessError as error:
            return str(path), str(error).removeprefix(f"{path}: ")
        return str(path), ""

    with ThreadPoolExecutor() as pool:
        return {path: why for path, why in pool.map(problem, paths) if why}


def read_image(path: str | Path, draft: int = 0) -> Image.Image:
    """The image of a file as 8-bit RGB, turned upright by its EXIF tag, grey repeated in all channels, transparency laid on white.

    draft: a side in pixels; a JPEG may come smaller than it is, down to this side, in less time. All of the file is read.
    Raises OrderlessError with the file's name if it cannot be read completely, or has more pixels than `most_pixels` allows.
    """
    try:
        with opened(path) as image:
            if image.width * image.height > most_pixels():
                size = f"{image.width} x {image.height} pixels are more than {most_pixels() / 1e6:g} megapixels"
                raise OrderlessError(f"{path}: {size}. Reduce it, or raise `megapixels` (of a command: {SETTING}).")
            if draft:
                image.draft("RGB", (draft, draft))
            image.load()
            return to_rgb(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OrderlessError(f"{path}: cannot be read as an image ({error}). Replace or remove it.") from error


def most_pixels() -> float:
    """The most pixels that an image may have: MEGAPIXELS, or what the environment variable SETTING says."""
    said = os.environ.get(SETTING, "") or str(MEGAPIXELS)
    try:
        megapixels = float(said)
    except ValueError:
        megapixels = 0
    if not megapixels > 0:
        raise OrderlessError(f"{SETTING}: '{said}' is not a number above 0. Set it to the megapixels of the largest image.")
    return 1e6 * megapixels


def opened(path: str | Path) -> Image.Image:
    """An image file, its header alone read. Pillow's limit on pixels is lifted for this moment, as `most_pixels` is ours."""
    with LIMIT:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = before


def open_image(image: str | Path | Image.Image | np.ndarray, name: str) -> Image.Image:
    """The image as 8-bit RGB.

    image: a file, a PIL image, or an array or tensor of (h, w), (h, w, 3), (h, w, 4), or with the channels first, uint8 or floats
    from 0 to 1. name: for messages.
    Raises OrderlessError for a file that cannot be read, or an array of another shape or type.
    """
    if isinstance(image, (str, Path)):
        return read_image(image)
    if isinstance(image, Image.Image):
        return to_rgb(ImageOps.exif_transpose(image))
    values = np.asarray(image.detach().cpu() if hasattr(image, "detach") else image)
    if values.ndim == 3 and values.shape[0] in (1, 3, 4) and values.shape[2] not in (3, 4):
        values = values.transpose(1, 2, 0)
        values = values[..., 0] if values.shape[2] == 1 else values
    has_shape = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    if has_shape and values.size and values.dtype.kind == "f" and 0 <= values.min() <= values.max() <= 1:
        values = (values * 255).round().astype(np.uint8)
    if not has_shape or not values.size or values.dtype != np.uint8:
        raise OrderlessError(
            f"{name}: an array of {values.shape} {values.dtype} is not an image. Give a path, a PIL image, or an array of "
            "(height, width), (height, width, 3) or (3, height, width), uint8 or floats from 0 to 1."
        )
    return to_rgb(Image.fromarray(np.ascontiguousarray(values)))


def to_rgb(image: Image.Image) -> Image.Image:
    """The image as 8-bit RGB, from any mode that Pillow reads. Integers over 255 are taken as 16 bits."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, np.float64)
        scale = 255 / 65535 if values.max(initial=0) > 255 else 1.0
        image = Image.fromarray(np.clip(values * scale, 0, 255).round().astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
