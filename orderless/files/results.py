"""Results as files: their name and the hash of their recipe stand in their path, and must be those that the file was made by."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from orderless.errors import OrderlessError
from orderless.files.storage import Tensors

LABEL = re.compile(r"(?P<name>.+)-(?P<key>[0-9a-f]{10})(\.[a-z0-9]+)*")


def label_of(path: str | Path) -> tuple[str, str]:
    """Name and hash of a result from a file's path, `.../mpp-0123456789.csv`, or of a part `.../mpp-0123456789/3.safetensors`."""
    parts = Path(path).parts[-2:]
    found = next((match for part in reversed(parts) if (match := LABEL.fullmatch(part))), None)
    if found is None:
        raise OrderlessError(f"{path}: no result of this suite has such a name. See docs/results.md.")
    return found["name"], found["key"]


def name_of(path: str | Path) -> str:
    """The name of a result from the path of one of its files."""
    return label_of(path)[0]


def open_result(path: str | Path, kind: str, **expected: Any) -> Tensors:
    """A file of tensors that is refused unless it was made by the recipe in its path, and as `Tensors` refuses."""
    return Tensors(path, kind, recipe=label_of(path)[1], **expected)


class Together:
    """Files of one tensor or group of tensors each, read as one: `name` or `name/part` is looked up in the file of that name.

    paths: of results. kind, expected: as of `Tensors`. keep: how many files stay open; a data set has thousands of shards.
    """

    def __init__(self, paths: list[str], kind: str, keep: int = 1, **expected: Any):
        self.paths, self.kind, self.keep, self.expected = {name_of(path): path for path in paths}, kind, keep, expected
        self.opened: dict[str, Tensors] = {}
        self.header: dict[str, Any] = {"dimensions": Dimensions(self)}

    def file(self, name: str) -> Tensors:
        """The file of a tensor; checked when it is opened."""
        own = name.split("/")[0]
        if own not in self.opened:
            while len(self.opened) >= self.keep:
                del self.opened[next(iter(self.opened))]
            self.opened[own] = open_result(self.paths[own], self.kind, **self.expected)
        return self.opened[own]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.file(name)[name]

    def __contains__(self, name: str) -> bool:
        return name.split("/")[0] in self.paths and name in self.file(name)

    def names(self) -> list[str]:
        return sorted(name for own in self.paths for name in self.file(own).names())

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape."""
        return self.file(name).shape(name)

    def columns(self, name: str, first: int, last: int) -> np.ndarray:
        """Columns [first, last) of a tensor, without reading the rest."""
        return self.file(name).columns(name, first, last)


class Dimensions(dict):
    """The dimensions of each representation, looked up in the header of its file."""

    def __init__(self, files: Together):
        super().__init__()
        self.files = files

    def __missing__(self, name: str) -> int:
        return self.files.file(name).header["dimensions"]


def shards_of(paths: list[str], kind: str, images: list[str], keep: int = 1) -> list[Together]:
    """The parts of several results, those of a part read together. images: the hash of the images of each part, in order."""
    parts: dict[int, list[str]] = {}
    for path in paths:
        parts.setdefault(int(Path(path).name.split(".")[0]), []).append(path)
    return [Together(parts.get(number, []), kind, keep, images=own) for number, own in enumerate(images)]
