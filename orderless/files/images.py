"""Find image files, and decode them to 8-bit RGB."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from orderless.errors import OrderlessError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
MOST_PIXELS = 100_000_000  # no camera's image is larger: it is a decompression bomb, or a mistake
Image.MAX_IMAGE_PIXELS = 2 * MOST_PIXELS


def find_images(folder: Path) -> list[Path]:
    """All files with the suffix of an image below a folder, sorted by their relative paths; hidden files are left out."""
    images = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    return sorted(images, key=lambda p: p.relative_to(folder).as_posix())


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
    is_one = isinstance(images, Image.Image) or (isinstance(images, np.ndarray) and images.ndim in (2, 3))
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


def read_image(path: str | Path) -> Image.Image:
    """The image of a file as 8-bit RGB, turned upright by its EXIF tag, grey repeated in all channels, transparency laid on white.

    Raises OrderlessError with the file's name if it cannot be read completely, or has more than MOST_PIXELS pixels.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise OrderlessError(f"{path}: {image.width} x {image.height} pixels are more than {MOST_PIXELS}. Reduce it.")
            image.load()
            return to_rgb(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OrderlessError(
            f"{path}: cannot be read as an image ({error}). Replace or remove it, or set on_bad_image: skip."
        ) from error


def open_image(image: str | Path | Image.Image | np.ndarray, name: str) -> Image.Image:
    """The image as 8-bit RGB.

    image: a file, a PIL image, or an array of (h, w), (h, w, 3) or (h, w, 4), uint8 or floats from 0 to 1. name: for messages.
    Raises OrderlessError for a file that cannot be read, or an array of another shape or type.
    """
    if isinstance(image, (str, Path)):
        return read_image(image)
    if isinstance(image, Image.Image):
        return to_rgb(ImageOps.exif_transpose(image))
    values = np.asarray(image)
    has_shape = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    if has_shape and values.size and values.dtype.kind == "f" and 0 <= values.min() <= values.max() <= 1:
        values = (values * 255).round().astype(np.uint8)
    if not has_shape or not values.size or values.dtype != np.uint8:
        raise OrderlessError(
            f"{name}: an array of {values.shape} {values.dtype} is not an image. Give a path, a PIL image, or an array of "
            "(height, width) or (height, width, 3), uint8 or floats from 0 to 1."
        )
    return to_rgb(Image.fromarray(values))


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
