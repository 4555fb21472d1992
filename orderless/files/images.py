"""Image files: found, decoded to RGB, checked."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from orderless.errors import OrderlessError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
MOST_PIXELS = 100_000_000  # larger than any camera's image: what is beyond is a decompression bomb or a mistake
Image.MAX_IMAGE_PIXELS = 2 * MOST_PIXELS


def find_images(folder: Path) -> list[Path]:
    """All image files below a folder, by suffix, in the order of their names; hidden ones left out."""
    found = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    return sorted(found, key=lambda p: p.relative_to(folder).as_posix())


def read_image(path: str | Path) -> Image.Image:
    """The image upright, as 8-bit RGB. Grey is repeated in three channels, transparency is laid on white.

    Raises OrderlessError, with the file's name, where it cannot be read whole.
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


def open_image(given: str | Path | Image.Image | np.ndarray, name: str) -> Image.Image:
    """The image as 8-bit RGB from a file, a PIL image, or an array: (h, w), (h, w, 3) or (h, w, 4), uint8, or floats from 0 to 1.

    name: what an error calls it.
    """
    if isinstance(given, (str, Path)):
        return read_image(given)
    if isinstance(given, Image.Image):
        return to_rgb(ImageOps.exif_transpose(given))
    values = np.asarray(given)
    shaped = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    if shaped and values.size and values.dtype.kind == "f" and 0 <= values.min() <= values.max() <= 1:
        values = (values * 255).round().astype(np.uint8)
    if not shaped or not values.size or values.dtype != np.uint8:
        raise OrderlessError(
            f"{name}: an array of {values.shape} {values.dtype} is no image. Give a path, a PIL image, or an array of "
            "(height, width) or (height, width, 3), uint8 or floats from 0 to 1."
        )
    return to_rgb(Image.fromarray(values))


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB from any mode that Pillow reads, 16-bit grey included."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, np.float64)
        scale = 255 / 65535 if values.max(initial=0) > 255 else 1.0
        image = Image.fromarray(np.clip(values * scale, 0, 255).round().astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
