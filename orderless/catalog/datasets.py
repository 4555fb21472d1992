"""Facts about a data set from its entry: its task, whether it is downloaded, how many images and shards it has."""

from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError


def task_of(catalog: dict[str, dict], dataset: str) -> str:
    """The task of a data set: single-label, multi-label or retrieval."""
    entry = catalog["datasets"][dataset]
    return entry.get("task", "retrieval" if entry["kind"] == "copies" else "single-label")


def official(entry: dict[str, Any]) -> bool:
    """Whether a data set is a published one, downloaded or the user's copy: its entry has `files`."""
    return "files" in entry


def may_skip(entry: dict[str, Any]) -> bool:
    """Whether images of a data set may be unreadable, and skipped: those that this suite did not make."""
    return official(entry) or entry["kind"] == "folder"


def shard_count(config: dict[str, Any], catalog: dict[str, dict], name: str) -> int:
    """The number of shards of a data set: `shards` of its entry, or what its number of images needs."""
    entry = catalog["datasets"][name]
    if "shards" in entry:
        return entry["shards"]
    images = image_count(catalog, name)
    return max(1, -(-round(images * entry.get("fraction", config["fraction"])) // config["shard_images"]))


def image_count(catalog: dict[str, dict], name: str) -> int:
    """The number of images of a data set: the published count, or for a folder the image files that it now holds."""
    entry = catalog["datasets"][name]
    if not official(entry):
        return image_files(entry, name)
    expected = entry.get("expected", {})
    images = expected.get("images") or expected.get("train", 0) + expected.get("test", 0)
    if not images:
        raise OrderlessError(f"catalog.datasets.{name}: set 'shards', or the number of images under 'expected'.")
    return images


def image_files(entry: dict[str, Any], name: str) -> int:
    """The number of image files in a data set's folder."""
    from orderless.files.images import find_images

    root = Path(entry["root"])
    if not root.is_dir():
        raise OrderlessError(f"catalog.datasets.{name}.root: no folder '{root}'. Set it to the folder of your images.")
    return len(find_images(root))
