"""A folder of images as a file that can be searched: vectors, what made them, and what was learned, in one safetensors file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from orderless.describer import Arrays, Describer
from orderless.errors import OrderlessError
from orderless.files.images import image_files
from orderless.files.jobs import quiet
from orderless.files.storage import Tensors, TensorsInMemory, file_hash, save
from orderless.representations.words import Words, join, select
from orderless.retrieval.ranking import Protocol
from orderless.retrieval.search import Search

NAME = "orderless-index.safetensors"  # where no other file is named, in the folder itself
FITTED_ON = 2000  # images that projections and codebooks are learned on at most, spread over the folder
OUTDATED = "was made by an earlier version of orderless, which could give images each other's names"


@dataclass(eq=False)
class Collection:
    """An index of a folder.

    describer: what makes the vectors. images: paths relative to the folder, in the order of the vectors. hashes: the sha256 of each
    image's file, in the same order. tensors, dimensions: the stored vectors, as of `encode_shard`.
    """

    describer: Describer
    images: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    tensors: Arrays = field(default_factory=dict)
    dimensions: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: str | Path, describer: Describer, progress=quiet) -> "Collection":
        """Learn on a folder's images what the representation needs learned, and describe them all."""
        files = image_files(folder)
        if not describer.learned:
            describer.fit([str(path) for path in files[:: -(-len(files) // FITTED_ON)]], progress=progress)
        return cls(describer).updated(folder, progress)

    @classmethod
    def open(cls, path: str | Path, **given: Any) -> "Collection":
        """An index from its file. given: options of `Describer` that it must have been made with.

        Raises OrderlessError where it was made by another backbone, other weights or another representation, or by an earlier
        version.
        """
        _, collection = read(path, given)
        if collection is None:
            raise OrderlessError(f"{path}: {OUTDATED}. Search its folder with `orderless search`: that makes it anew.")
        return collection

    def save(self, path: str | Path) -> None:
        """Write the index, whole or not at all: an index that was there stays until the new one is complete."""
        tensors = {f"learned/{key}": value for key, value in self.describer.learned.items()}
        tensors |= {f"stored/{key}": value for key, value in self.tensors.items()}
        facts = {"images": self.images, "hashes": self.hashes, "dimensions": self.dimensions}
        save(path, tensors, "collection", **self.describer.header(), **facts)

    def updated(self, folder: str | Path, progress=quiet) -> "Collection":
        """The index of the folder as it is now: only files whose content is new are described, whatever they are called."""
        folder = Path(folder)
        files = image_files(folder)
        images, hashes = [path.relative_to(folder).as_posix() for path in files], [file_hash(path) for path in files]
        if (images, hashes) == (self.images, self.hashes):
            return self
        places = {digest: place for place, digest in enumerate(self.hashes)}
        new = {digest: str(path) for digest, path in zip(hashes, files, strict=True) if digest not in places}
        places |= {digest: place for place, digest in enumerate(new, len(self.hashes))}
        parts = [self.stored()] if self.images else []
        if new:
            parts += self.describer.encode(list(new.values()), progress)
        tensors = selected(joined_parts(parts), np.array([places[digest] for digest in hashes]))
        return Collection(self.describer, images, hashes, tensors, parts[-1].header["dimensions"])

    def stored(self) -> TensorsInMemory:
        """The stored vectors as `Describer.encode` gives them."""
        return TensorsInMemory(self.tensors, {"dimensions": self.dimensions})

    def search(self, image: str | Path) -> list[tuple[str, float]]:
        """(image of the folder, similarity) for every image, best first. Raises OrderlessError for an image that cannot be read."""
        finished = self.describer.finish([self.stored(), *self.describer.encode([str(image)])])
        count = len(self.images)
        protocol = Protocol(np.array([count]), np.arange(count), np.zeros((1, count), np.int8))
        found = Search(finished, protocol, np.arange(count), {}).similarities(self.describer.representation)[0]
        return [(self.images[place], float(found[place])) for place in np.argsort(-found, kind="stable")]


def joined_parts(parts: list[TensorsInMemory]) -> Arrays:
    """The stored vectors of all parts, one after another."""
    tensors: Arrays = {}
    for key in parts[0].tensors:
        if key.endswith("/words"):
            leaf = key.removesuffix("/words")
            words = join([words_of(part.tensors, leaf) for part in parts])
            tensors |= {f"{leaf}/{name}": array for name, array in words.items()}
        elif "/" not in key:
            tensors[key] = np.concatenate([part[key] for part in parts])
    return tensors


def selected(tensors: Arrays, places: np.ndarray) -> Arrays:
    """The stored vectors of the images at `places`, in that order."""
    chosen: Arrays = {}
    for key, array in tensors.items():
        if key.endswith("/words"):
            leaf = key.removesuffix("/words")
            chosen |= {f"{leaf}/{name}": value for name, value in select(words_of(tensors, leaf), places).items()}
        elif "/" not in key:
            chosen[key] = array[places]
    return chosen


def words_of(tensors: Arrays, leaf: str) -> Words:
    """The bag of words of a representation among stored vectors."""
    return {key.removeprefix(f"{leaf}/"): value for key, value in tensors.items() if key.startswith(f"{leaf}/")}


def read(path: str | Path, given: dict[str, Any]) -> tuple[Describer, Collection | None]:
    """What made an index, and the index from its file; None in its place where an earlier version wrote it.

    given: options of `Describer` that it must have been made with. Raises OrderlessError where it was made with others, and where
    it does not hold one vector for each image.
    """
    file = Tensors(path, "collection")
    describer = Describer.of(file, **given)
    header = file.header
    if isinstance(header["images"], dict):  # hashes by name, sorted when written, whatever the order of the vectors
        return describer, None
    tensors = {name.removeprefix("stored/"): file[name] for name in file.names() if name.startswith("stored/")}
    for leaf in describer.stored():
        vectors = len(tensors.get(f"{leaf}/ends", tensors.get(leaf, ())))
        if not vectors == len(header["images"]) == len(header["hashes"]):
            what = f"holds {vectors} vectors of '{leaf}' and {len(header['hashes'])} hashes for {len(header['images'])} images"
            raise OrderlessError(f"{path}: {what}. Delete it and search again: that makes it anew.")
    return describer, Collection(describer, header["images"], header["hashes"], tensors, header["dimensions"])


def open_or_build(
    folder: str | Path,
    index: str | Path | None = None,
    progress=quiet,
    notify: Callable[[str], Any] = lambda message: None,
    **options: Any,
) -> Collection:
    """The up-to-date index of a folder, kept in a file: opened and brought up to date, or built where there is none.

    An index that an earlier version wrote keeps what it learned and is described anew, as its vectors may be under each other's
    names; `notify` gets one line that says so. options: of `Describer`; what an index was made with need not be said again.
    """
    path = Path(index) if index else Path(folder) / NAME
    if path.exists():
        describer, old = read(path, options)
        if old is None:
            notify(f"{path}: {OUTDATED}. All images are described anew.")
    else:
        chosen = {"backbone": "mobilenet_v2", "representation": "global"} | {k: v for k, v in options.items() if v}
        describer, old = Describer(**chosen), None
    new = old.updated(folder, progress) if old else Collection.build(folder, describer, progress)
    if new is not old:
        new.save(path)
    return new
