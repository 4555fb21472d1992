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


def megabytes(entry: dict) -> str:
    """The size of the downloads. `+`: not all sizes are published."""
    files = entry["files"].values()
    total = sum(file.get("size", 0) for file in files)
    more = "+" if any("size" not in file for file in files) else ""
    return f"{total / 1e6:,.0f} MB{more}" if total >= 5e5 else ("?" if files else "your own copy")


def image_files(entry: dict[str, Any], name: str) -> int:
    """The number of image files in a data set's folder."""
    from orderless.files.images import find_images

    root = Path(entry["root"])
    if not root.is_dir():
        raise OrderlessError(f"catalog.datasets.{name}.root: no folder '{root}'. Set it to the folder of your images.")
    return len(find_images(root))


def loose_images(root: Path, images: list[Path]) -> list[Path]:
    """The images below a data set's folder that are in no class folder, so that nothing uses them."""
    parts = {path: path.relative_to(root).parts for path in images}
    if (root / "train").is_dir() and (root / "test").is_dir():
        return [path for path in images if parts[path][0] not in ("train", "test") or len(parts[path]) < 3]
    return [path for path in images if len(parts[path]) < 2]


def left_out_pictures(entry: dict[str, Any]) -> str:
    """The pictures in the folder of a data set that are left out, in words: `2 GIF files, 1 hidden folders`. Empty for none."""
    from orderless.files.images import look_through, named_kinds

    if official(entry) or "root" not in entry or not Path(entry["root"]).is_dir():
        return ""
    images, kinds = look_through(entry["root"])
    if entry["kind"] == "folder":
        kinds["images in no class folder"] = len(loose_images(Path(entry["root"]), images))
    return named_kinds(kinds)
