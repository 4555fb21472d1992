"""Copies: a retrieval data set made from any folder of images, in the manner of INRIA Copydays (Douze et al. 2009).

Some images, drawn by a seed, are copied with an alteration: cropped, compressed, shrunk, rotated, printed and scanned, or blurred.
Each copy is a query. The database holds the originals and all other images of the folder. Projections and codebooks are learned on
these other images, never on queries or originals.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from orderless.errors import OrderlessError
from orderless.files.images import find_images, read_image
from orderless.files.seeds import generator
from orderless.files.storage import file_hash

Rng = np.random.Generator


def crop(image: Image.Image, rng: Rng) -> Image.Image:
    """A random part with 20 to 80% of the area and the same aspect ratio."""
    share = np.sqrt(rng.uniform(0.2, 0.8))
    size = [max(1, round(side * share)) for side in image.size]
    x, y = (int(rng.integers(0, whole - part + 1)) for whole, part in zip(image.size, size, strict=True))
    return image.crop((x, y, x + size[0], y + size[1]))


def jpeg(image: Image.Image, rng: Rng) -> Image.Image:
    """JPEG compression with a quality of 3 to 30."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(3, 31)))
    return Image.open(buffer).convert("RGB")


def scale(image: Image.Image, rng: Rng) -> Image.Image:
    """Reduced to 15 to 60% of the side lengths."""
    share = rng.uniform(0.15, 0.6)
    width, height = (max(8, round(side * share)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def rotate(image: Image.Image, rng: Rng) -> Image.Image:
    """Rotated by 5 to 25 degrees in either direction; the corners are black."""
    return image.rotate(float(rng.uniform(5, 25) * rng.choice([-1, 1])), Image.Resampling.BICUBIC)


def print_scan(image: Image.Image, rng: Rng) -> Image.Image:
    """An imitation of printing and scanning: contrast, brightness and colour change, grain, strong JPEG compression."""
    image = ImageEnhance.Contrast(image).enhance(float(rng.uniform(0.4, 0.8)))
    image = ImageEnhance.Brightness(image).enhance(float(rng.uniform(0.7, 1.3)))
    image = ImageEnhance.Color(image).enhance(float(rng.uniform(0.2, 0.8)))
    grain = np.asarray(image, np.float32) + rng.normal(0, 12, (image.height, image.width, 1))
    return jpeg(Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8)), rng)


def blur(image: Image.Image, rng: Rng) -> Image.Image:
    """A Gaussian blur; its standard deviation is 1 to 3% of the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.01, 0.03)) * min(image.size)))


KINDS: dict[str, Callable[[Image.Image, Rng], Image.Image]] = {
    "crop": crop, "jpeg": jpeg, "scale": scale, "rotate": rotate, "print": print_scan, "blur": blur,
}  # fmt: skip


def compose_copies(root: str | Path, originals: int, each: int, folder: Path, seed: int) -> list[dict]:
    """Write the copies as PNG files into `folder`; return the index rows of all images of `root` and of the copies.

    originals: the number of images that are copied. each: the copies of each original, of different kinds.
    Copies have search `query` and split test, originals `database` and test, all others `database` and train.
    Raises OrderlessError for a missing folder, too few images, an image that cannot be read, or a name with `;`.
    """
    root = Path(root)
    files = find_images(root) if root.is_dir() else []
    if len(files) < 2 * originals:
        raise OrderlessError(
            f"{root}: holds {len(files)} images; {originals} originals need at least {2 * originals}. "
            "Set the data set's 'root' to a larger folder, or lower 'originals'."
        )
    unusable = [path for path in files if ";" in path.relative_to(root).as_posix()]
    if unusable:
        raise OrderlessError(f"{unusable[0]}: a name must not contain ';' here, where it tells groups apart. Rename it.")
    chosen = set(generator(seed, "copies", "originals").permutation(len(files))[:originals].tolist())
    rows = []
    for number, path in enumerate(files):
        name, image = path.relative_to(root).as_posix(), read_image(path)
        row = {"image": name, "path": str(path), "split": "test" if number in chosen else "train", "search": "database"}
        rows.append(row | {"group": name, "sha256": file_hash(path)})
        rng = generator(seed, "copies", name)
        for kind in sorted(rng.permutation(list(KINDS))[:each] if number in chosen else []):
            target = folder / f"{number:06d}-{kind}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            KINDS[kind](image, rng).save(target)
            copy = {"image": f"copies/{target.name}", "path": str(target), "split": "test", "search": "query"}
            rows.append(copy | {"group": name, "sha256": file_hash(target)})
    return rows
