"""What is done to the rows of any data set before they become its index: counted, thinned out, every image opened once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from orderless.errors import OrderlessError
from orderless.files.images import read_image
from orderless.files.seeds import generator
from orderless.files.storage import file_hash

LEAST = {"train": 2, "test": 1}  # images of a class that a fraction leaves, where there are as many


def names(text: str) -> list[str]:
    """What a column of several holds."""
    return [name for name in text.split(";") if name]


def count(rows: list[dict]) -> dict[str, int]:
    """How many rows are for training and for test, ask, may be found; how many classes there are."""
    return {
        "train": sum(row["split"] == "train" for row in rows),
        "test": sum(row["split"] == "test" for row in rows),
        "classes": len({label for row in rows for label in names(row.get("labels", ""))}),
        "queries": sum(row.get("search") in ("query", "both") for row in rows),
        "images": sum(row.get("search") in ("database", "both") for row in rows),
    }


def check_expected(rows: list[dict], expected: dict[str, int], name: str) -> None:
    """Hold the counts against the published ones. Raises OrderlessError where one differs."""
    found = count(rows)
    for what, number in expected.items():
        if found[what] != number:
            raise OrderlessError(
                f"{name}: {what}: {found[what]} found, {number} published. The copy is not whole, or is another: delete it and "
                f"fetch it again; for a part of your own choice set catalog.datasets.{name}.expected to what it has."
            )


def share(items: list[int], fraction: float, least: int) -> int:
    """How many of some items a fraction leaves."""
    return min(len(items), max(least, round(fraction * len(items))))


def keep_fraction(rows: list[dict], fraction: float, seed: int, task: str) -> list[dict]:
    """A seeded share of the rows, in their order.

    Of each class that share of its training and of its test images, at least two and one. For retrieval that share of the groups,
    at least two, each whole with the images that are junk for it, and of the other images. fraction: 1 keeps all.
    """
    if fraction >= 1:
        return rows
    kept = thinned_groups(rows, fraction, seed) if task == "retrieval" else thinned_classes(rows, fraction, seed)
    return [row for number, row in enumerate(rows) if number in kept]


def thinned_classes(rows: list[dict], fraction: float, seed: int) -> set[int]:
    """The places of the rows to keep, by class; the rarest class chooses first, so that an image of two counts for both."""
    kept: set[int] = set()
    for split, least in LEAST.items():
        own = [number for number, row in enumerate(rows) if row["split"] == split]
        members: dict[str, list[int]] = {}
        for place in generator(seed, "fraction", split).permutation(len(own)).tolist():
            for label in names(rows[own[place]].get("labels", "")) or [""]:
                members.setdefault(label, []).append(own[place])
        for _, found in sorted(members.items(), key=lambda item: (len(item[1]), item[0])):
            have = sum(number in kept for number in found)
            missing = max(0, share(found, fraction, least) - have)
            kept.update([number for number in found if number not in kept][:missing])
    return kept


def thinned_groups(rows: list[dict], fraction: float, seed: int) -> set[int]:
    """The places of the rows to keep, by what is tied together through groups; those with a query, then those without."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    tied: dict[str, list[int]] = {}
    keys = [names(row.get("group", "")) + names(row.get("ignored", "")) or [f";{number}"] for number, row in enumerate(rows)]
    for first, *others in keys:
        for other in others:
            leader[find(other)] = find(first)
    for number, (first, *_) in enumerate(keys):
        tied.setdefault(find(first), []).append(number)
    asking = {name for name, found in tied.items() if any(rows[i].get("search") in ("query", "both") for i in found)}
    kept: set[int] = set()
    for what, part in (("asking", sorted(asking)), ("other", sorted(set(tied) - asking))):
        order = generator(seed, "fraction", what).permutation(len(part)).tolist()
        for place in order[: share(order, fraction, 2)]:
            kept.update(tied[part[place]])
    return kept


def cut(image: Image.Image, box: tuple[float, float, float, float], enlarged: float) -> Image.Image:
    """The part of an image inside a box (x, y, width, height), the box enlarged about its middle; what is outside is left out."""
    corner, size = np.array(box[:2]), np.array(box[2:])
    edges = np.r_[corner + size * (1 - enlarged) / 2, corner + size * (1 + enlarged) / 2]
    if np.isfinite(edges).all():
        left, top, right, bottom = np.clip(np.round(edges), 0, [*image.size, *image.size]).astype(int).tolist()
        if left < right and top < bottom:
            return image.crop((left, top, right, bottom))
    raise OrderlessError(f"its box {box} lies outside its {image.width} x {image.height} pixels. Mend the list of boxes.")


def examine(
    rows: list[dict], on_bad_image: str, crop: float | None = None, folder: Path | None = None
) -> tuple[list[dict], list[str]]:
    """The rows with the hash of each image, decoded once to know that it can be; and what was skipped.

    on_bad_image: `fail` raises one error that names every unreadable image; `skip` leaves them out.
    crop: where a row has a `box`, its image is the box enlarged so many times, written as PNG into `folder`.
    """

    def seen(row: dict) -> dict | str:
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
            text = str(error)
            return text if text.startswith(row["path"]) else f"{row['path']}: {text}"
        return row | {"path": str(path), "sha256": file_hash(path)}

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(seen, rows))
    good, bad = [r for r in results if isinstance(r, dict)], [r for r in results if isinstance(r, str)]
    if bad and on_bad_image == "fail":
        more = f"\n... and {len(bad) - 10} more" if len(bad) > 10 else ""
        raise OrderlessError("\n".join(bad[:10]) + more)
    return good, bad
