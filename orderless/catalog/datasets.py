"""What the catalog says of a data set: its task, whether it is fetched, how many images and shards it has."""

from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError


def task_of(catalog: dict[str, dict], dataset: str) -> str:
    """What a data set asks for: single-label, multi-label or retrieval."""
    entry = catalog["datasets"][dataset]
    return entry.get("task", "retrieval" if entry["kind"] == "copies" else "single-label")


def official(entry: dict[str, Any]) -> bool:
    """Whether a data set is downloaded, or the user's copy of one that is published so: it has `files`."""
    return "files" in entry


def may_skip(entry: dict[str, Any]) -> bool:
    """Whether the images of a data set come from outside, so that some may be unreadable and skipped."""
    return official(entry) or entry["kind"] == "folder"


def shard_count(config: dict[str, Any], catalog: dict[str, dict], name: str) -> int:
    """The number of shards of a data set: as its entry says, by its published count, or by the image files in its folder now."""
    entry = catalog["datasets"][name]
    if "shards" in entry:
        return entry["shards"]
    files = image_count(catalog, name)
    return max(1, -(-round(files * entry.get("fraction", config["fraction"])) // config["shard_images"]))


def image_count(catalog: dict[str, dict], name: str) -> int:
    """The images of a data set: by its published count, or those in its folder now."""
    entry = catalog["datasets"][name]
    if not official(entry):
        return image_files(entry, name)
    expected = entry.get("expected", {})
    files = expected.get("images") or expected.get("train", 0) + expected.get("test", 0)
    if not files:
        raise OrderlessError(f"catalog.datasets.{name}: give 'shards', or under 'expected' how many images it has.")
    return files


def image_files(entry: dict[str, Any], name: str) -> int:
    """The number of image files in a data set's folder."""
    from orderless.files.images import find_images

    root = Path(entry["root"])
    if not root.is_dir():
        raise OrderlessError(f"catalog.datasets.{name}.root: no folder '{root}'. Set it to the folder of your images.")
    return len(find_images(root))
