"""What lies under results/: every result with its size, what made it, and the runs that use it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orderless.files.results import LABEL

FOLDER = Path("results")
APART = ("runs", "bench")  # folders of results/ that hold no addressed results


@dataclass
class Kept:
    """The files of one result. stem: their path without what stands behind the hash. runs: those that use it."""

    stem: str
    files: list[Path] = field(default_factory=list)
    size: int = 0  # bytes
    runs: list[str] = field(default_factory=list)

    def recipe(self) -> dict[str, Any]:
        """What made it, by the header of one of its files; empty where it has no file of tensors."""
        from orderless.files.storage import read_header

        tensors = [path for path in self.files if path.suffix == ".safetensors"]
        return read_header(tensors[0]).get("made_of", {}) if tensors else {}


def walk(folder: Path) -> Iterator[Path]:
    """All files below a folder; a link is itself, whatever it points to."""
    for parent, folders, names in os.walk(folder):
        yield from (Path(parent) / name for name in (*names, *(each for each in folders if (Path(parent) / each).is_symlink())))


def stem_of(path: Path) -> str | None:
    """The stem of the result that a file belongs to, or None where no part of its path has a recipe's hash."""
    for place, part in enumerate(path.parts):
        if match := LABEL.fullmatch(part):
            return "/".join([*path.parts[:place], f"{match['name']}-{match['key']}"])
    return None


def kept_results() -> tuple[list[Kept], list[Path]]:
    """Every result in this folder, by its path; and the files of an earlier version's layout, which nothing reads."""
    results: dict[str, Kept] = {}
    earlier = []
    for path in walk(FOLDER):
        stem = stem_of(path)
        if stem:
            result = results.setdefault(stem, Kept(stem))
            result.files.append(path)
            result.size += path.lstat().st_size
        elif path.parts[1] not in APART and not path.name.startswith("."):
            earlier.append(path)
    for state in sorted((FOLDER / "runs").glob("*.json")):
        run = json.loads(state.read_text())
        for stem in run["uses"]:
            if stem in results:
                results[stem].runs.append(run["run"])
    return [results[stem] for stem in sorted(results)], sorted(earlier)


def earlier_layout() -> list[Path]:
    """Folders and indices of an earlier version's layout, found at a glance."""
    found = [*FOLDER.glob("*/*/*/shards"), *FOLDER.glob("datasets/*/index.csv"), *FOLDER.glob("backbones/*/card.json")]
    return sorted(path for path in found if stem_of(path) is None)


def delete(files: list[Path]) -> None:
    """Delete files under results/ and the folders that they leave empty; nothing outside is touched."""
    root = FOLDER.resolve()
    for path in files:
        if root not in path.parent.resolve().parents and root != path.parent.resolve():
            continue  # behind a link that leads elsewhere
        path.unlink()
        for parent in path.parents:
            if parent == FOLDER or any(parent.iterdir()):
                break
            parent.rmdir()
