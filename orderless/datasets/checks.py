"""Checks of any data set before its index is written: counts against the published ones, every image opened once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from orderless.datasets.fractions import names
from orderless.errors import OrderlessError
from orderless.files.images import read_image
from orderless.files.storage import file_hash


def count(rows: list[dict]) -> dict[str, int]:
    """The numbers of training images, test images, classes, queries, and images of the database."""
    return {
        "train": sum(row["split"] == "train" for row in rows),
        "test": sum(row["split"] == "test" for row in rows),
        "classes": len({label for row in rows for label in names(row.get("labels", ""))}),
        "queries": sum(row.get("search") in ("query", "both") for row in rows),
        "images": sum(row.get("search") in ("database", "both") for row in rows),
    }


def check_expected(rows: list[dict], expected: dict[str, int], name: str) -> None:
    """Compare the counts with the published ones. Raises OrderlessError if one differs."""
    counts = count(rows)
    for key, number in expected.items():
        if counts[key] != number:
            raise OrderlessError(
                f"{name}: {key}: {counts[key]} found, {number} published. The copy is incomplete, or another one: delete it and "
                f"fetch it again. If you use a part of your own choice, set catalog.datasets.{name}.expected to its counts."
            )


def cut(image: Image.Image, box: tuple[float, float, float, float], enlarged: float) -> Image.Image:
    """The part of an image inside a box (x, y, width, height) that is enlarged about its centre and limited to the image."""
    corner, size = np.array(box[:2]), np.array(box[2:])
    edges = np.r_[corner + size * (1 - enlarged) / 2, corner + size * (1 + enlarged) / 2]
    if np.isfinite(edges).all():
        left, top, right, bottom = np.clip(np.round(edges), 0, [*image.size, *image.size]).astype(int).tolist()
        if left < right and top < bottom:
            return image.crop((left, top, right, bottom))
    raise OrderlessError(f"its box {box} lies outside its {image.width} x {image.height} pixels. Correct the list of boxes.")


def examine(
    rows: list[dict], on_bad_image: str, crop: float | None = None, folder: Path | None = None
) -> tuple[list[dict], list[str]]:
    """Decode every image once. Returns the rows with the hash of each file, and a message for each image that was skipped.

    on_bad_image: `fail` raises one error that names the unreadable images; `skip` leaves them out.
    crop: an image whose row has a `box` is cut to that box, enlarged by this factor, and written as PNG into `folder`.
    """

    def opened(row: dict) -> dict | str:
        path = Path(row["path"])
        try:
            image = read_image(path)
            if crop and folder and "box" in row:
                image = cut(image, row["box"], crop)
                path = folder / f"{row['image'].rpartition('.')[0]}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                image.save(path, compress_level=1)
                row = row | {"boxes": ""}
        except OrderlessError as error:
            message = str(error)
            return message if message.startswith(row["path"]) else f"{row['path']}: {message}"
        return row | {"path": str(path), "sha256": file_hash(path)}

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(opened, rows))
    good, bad = [r for r in results if isinstance(r, dict)], [r for r in results if isinstance(r, str)]
    if bad and on_bad_image == "fail":
        shown = [*bad[:10], f"... and {len(bad) - 10} more"] if len(bad) > 10 else bad
        shown.append(f"{len(bad)} of {len(rows)} images cannot be read. With on_bad_image: skip they are left out and listed.")
        raise OrderlessError("\n".join(shown))
    return good, bad
