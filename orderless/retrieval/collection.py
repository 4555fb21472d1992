"""A folder of images as a file that can be searched: vectors, what made them, and what was learned, in one safetensors file."""

from pathlib import Path
from typing import Any

import numpy as np

from orderless.describer import Describer, image_files, quiet
from orderless.files.storage import Tensors, file_hash, save
from orderless.representations.encoding import Encoded
from orderless.representations.vectors import Representations
from orderless.representations.words import Words, joined, rows
from orderless.retrieval.ranking import Protocol
from orderless.retrieval.search import Search

NAME = "orderless-index.safetensors"  # where no other file is named, in the folder itself
FITTED_ON = 2000  # images that projections and codebooks are learned on at most, spread over the folder


class Collection:
    """An index of a folder.

    images: relative path -> sha256, in the order of the vectors. tensors: the stored vectors. describer: what makes them.
    """

    def __init__(self, describer: Describer, images: dict[str, str], tensors: dict[str, np.ndarray], dimensions: dict[str, int]):
        self.describer, self.images, self.tensors, self.dimensions = describer, images, tensors, dimensions

    @classmethod
    def build(cls, folder: str | Path, describer: Describer, progress=quiet) -> "Collection":
        """Learn on a folder's images what the representation needs learned, and describe them all."""
        files = image_files(folder)
        if not describer.learned:
            describer.fit([str(path) for path in files[:: -(-len(files) // FITTED_ON)]], progress=progress)
        empty = cls(describer, {}, {}, {})
        return empty.updated(folder, progress)

    @classmethod
    def open(cls, path: str | Path, **given: Any) -> "Collection":
        """An index from its file. given: options of `Describer` that it must have been made with.

        Raises OrderlessError where it was made by another backbone, other weights or another representation.
        """
        file = Tensors(path, "collection")
        describer = Describer.of(file, **given)
        tensors = {name.removeprefix("stored/"): file[name] for name in file.names() if name.startswith("stored/")}
        return cls(describer, file.header["images"], tensors, file.header["dimensions"])

    def save(self, path: str | Path) -> None:
        """Write the index, whole or not at all: an index that was there stays until the new one is complete."""
        tensors = {f"learned/{key}": value for key, value in self.describer.learned.items()}
        tensors |= {f"stored/{key}": value for key, value in self.tensors.items()}
        facts = {"images": self.images, "dimensions": self.dimensions}
        save(path, tensors, "collection", **self.describer.header(), **facts)

    def updated(self, folder: str | Path, progress=quiet) -> "Collection":
        """The index of the folder as it is now: only images that are new or changed are described."""
        folder = Path(folder)
        now = {path.relative_to(folder).as_posix(): file_hash(path) for path in image_files(folder)}
        held = {name for name, digest in self.images.items() if now.get(name) == digest}
        kept = [place for place, name in enumerate(self.images) if name in held]
        new = [name for name in now if name not in held]
        if not new and len(kept) == len(self.images):
            return self
        parts = [(self.chosen(np.array(kept)), self.dimensions)] if kept else []
        if new:
            parts += stored_parts(self.describer.describe([str(folder / name) for name in new], progress))
        names = [name for name in self.images if name in held] + new
        return Collection(self.describer, {name: now[name] for name in names}, joined_parts(parts), parts[-1][1])

    def chosen(self, places: np.ndarray) -> dict[str, np.ndarray]:
        """The stored vectors of some images."""
        found: dict[str, np.ndarray] = {}
        for leaf in self.describer.stored():
            if f"{leaf}/words" in self.tensors:
                found |= {f"{leaf}/{key}": value for key, value in rows(words_of(self.tensors, leaf), places).items()}
            else:
                found[leaf] = self.tensors[leaf][places]
        return found

    def search(self, image: str | Path) -> list[tuple[str, float]]:
        """(image of the folder, similarity) for every image, best first. Raises OrderlessError for an image that cannot be read."""
        asked = stored_parts(self.describer.describe([str(image)]))
        finished = self.describer.finished([(self.tensors, self.dimensions), *asked])
        count = len(self.images)
        protocol = Protocol(np.array([count]), np.arange(count), np.zeros((1, count), np.int8))
        found = Search(finished, protocol, np.arange(count), {}).similarities(self.describer.representation)[0]
        names = list(self.images)
        return [(names[place], float(found[place])) for place in np.argsort(-found, kind="stable")]


def stored_parts(finished: Representations) -> list[tuple[dict[str, np.ndarray], dict[str, int]]]:
    """The stored vectors of representations, part by part."""
    return [(dict(shard), shard.header["dimensions"]) for shard in finished.shards if isinstance(shard, Encoded)]


def joined_parts(parts: list[tuple[dict[str, np.ndarray], dict[str, int]]]) -> dict[str, np.ndarray]:
    """The stored vectors of all parts, one after another."""
    found: dict[str, np.ndarray] = {}
    for key in parts[0][0]:
        if key.endswith("/words"):
            leaf = key.removesuffix("/words")
            found |= {f"{leaf}/{name}": array for name, array in joined([words_of(part, leaf) for part, _ in parts]).items()}
        elif "/" not in key:
            found[key] = np.concatenate([part[key] for part, _ in parts])
    return found


def words_of(tensors: dict[str, np.ndarray], leaf: str) -> Words:
    """The bag of words of a representation among stored vectors."""
    return {key.removeprefix(f"{leaf}/"): value for key, value in tensors.items() if key.startswith(f"{leaf}/")}


def open_or_build(folder: str | Path, index: str | Path | None = None, progress=quiet, **options: Any) -> Collection:
    """The up-to-date index of a folder, kept in a file: opened and brought up to date, or built where there is none.

    options: of `Describer`; what an index was made with need not be said again.
    """
    path = Path(index) if index else Path(folder) / NAME
    if path.exists():
        old = Collection.open(path, **options)
        found = old.updated(folder, progress)
        if found is old:
            return old
    else:
        chosen = {"backbone": "mobilenet_v2", "representation": "global"} | {k: v for k, v in options.items() if v}
        found = Collection.build(folder, Describer(**chosen), progress)
    found.save(path)
    return found
