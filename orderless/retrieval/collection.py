"""A folder of images as a file that can be searched: vectors, what made them, and what was learned, in one safetensors file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import SEARCHED, leaves, make_plan
from orderless.errors import OrderlessError
from orderless.files.jobs import quiet
from orderless.files.storage import Tensors, TensorsInMemory, file_hash, recipe, save
from orderless.representations.vectors import Representations
from orderless.representations.words import Words, join, select
from orderless.retrieval.listing import Listing
from orderless.retrieval.ranking import Protocol
from orderless.retrieval.search import Search

if TYPE_CHECKING:  # imports torch, in seconds, which a search for an image of the index does without
    from orderless.describer import Describer

Arrays = dict[str, np.ndarray]
FITTED_ON = 2000  # images that projections and codebooks are learned on at most, spread over the folder
BLOCK = 1000  # images that are compared with all others at once
OUTDATED = "was made by another version of orderless, or with other settings of its catalog"


class Outdated(OrderlessError):
    """An index whose vectors another version of the suite made, or another catalog."""


@dataclass(eq=False)
class Collection:
    """An index of a folder.

    header: what made the vectors (`Describer.header`). learned: what that has learned. listing: the files of the folder. tensors,
    dimensions: the stored vectors of the images of `listing`, in their order, as of `encode_shard`. open_describer: makes what made
    the vectors, where there is something new to describe.
    """

    header: dict[str, Any]
    open_describer: Callable[[], "Describer"]
    learned: Arrays = field(default_factory=dict)
    listing: Listing = field(default_factory=Listing)
    tensors: Arrays = field(default_factory=dict)
    dimensions: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: str | Path, describer: "Describer", progress=quiet, strict: bool = False) -> "Collection":
        """Learn on a folder's images what the representation needs learned, and describe them all."""
        return cls(describer.header(), lambda: describer, describer.learned).updated(folder, progress, strict)

    @classmethod
    def open(cls, path: str | Path, **given: Any) -> "Collection":
        """An index from its file. given: options of `Describer` that it must have been made with.

        Raises OrderlessError where it was made by another backbone, other weights or another representation; Outdated where it was
        made by another version.
        """
        if Path(path).exists() and not is_index(path):
            raise OrderlessError(f"{path}: is no index of images. Name another file, or leave --index out.")
        file = Tensors(path, "collection")
        header = {key: file.header[key] for key in ("describer", "network")}
        check_given(path, header["describer"], given)
        if "files" not in file.header or file.header["plan"] != recipe(plan_of(header)):
            raise Outdated(f"{path}: {OUTDATED}. Search its folder with `orderless search`: that makes it anew.")
        learned, tensors = (
            {name.removeprefix(part): file[name] for name in file.names() if name.startswith(part)}
            for part in ("learned/", "stored/")
        )
        listing = Listing(file.header["files"], file.header["unreadable"])
        found = cls(header, lambda: describer_of(file, given), learned, listing, tensors, file.header["dimensions"])
        for leaf in leaves(found.plan, found.representation):
            vectors = len(tensors.get(f"{leaf}/ends", tensors.get(leaf, ())))
            if vectors != len(found.images):
                what = f"holds {vectors} vectors of '{leaf}' for {len(found.images)} images"
                raise OrderlessError(f"{path}: {what}. Make it anew: orderless search ... --rebuild")
        if given.get("weights") not in (None, header["describer"]["weights"]):
            _ = found.describer  # refused where they are others
        return found

    @cached_property
    def describer(self) -> "Describer":
        """What made the vectors, with its network."""
        return self.open_describer()

    @property
    def representation(self) -> str:
        """The id of the representation."""
        return self.header["describer"]["representation"]

    @cached_property
    def images(self) -> list[str]:
        """The images, relative to the folder, in the order of the vectors."""
        return self.listing.images

    @cached_property
    def plan(self) -> dict[str, Any]:
        """What is computed for the representation."""
        return plan_of(self.header)

    def save(self, path: str | Path) -> None:
        """Write the index, whole or not at all: an index that was there stays until the new one is complete."""
        tensors = {f"learned/{key}": value for key, value in self.learned.items()}
        tensors |= {f"stored/{key}": value for key, value in self.tensors.items()}
        facts = {"dimensions": self.dimensions, "plan": recipe(self.plan), **self.listing.header()}
        save(path, tensors, "collection", **self.header, **facts)

    def updated(self, folder: str | Path, progress=quiet, strict: bool = False) -> "Collection":
        """The index of the folder as it is now: only files whose content is new are described, whatever they are called.

        Images that cannot be read are left out, and named by `listing.skipped`; with `strict` they raise OrderlessError.
        """
        listing = self.listing.now(folder, strict)
        if listing == self.listing:
            return self
        places = {digest: place for place, digest in enumerate(self.listing.hashes)}
        new = {
            digest: str(Path(folder) / name)
            for name, digest in zip(listing.images, listing.hashes, strict=True)
            if digest not in places
        }
        places |= {digest: place for place, digest in enumerate(new, len(self.images))}
        header, learned, parts = self.header, self.learned, [self.stored()] if self.tensors else []
        if new:
            if not self.tensors:
                self.describer.fit(list(new.values())[:: -(-len(new) // FITTED_ON)], progress=progress)
                header, learned = self.describer.header(), self.describer.learned
            parts += self.describer.encode(list(new.values()), progress)
        tensors = selected(joined_parts(parts), np.array([places[digest] for digest in listing.hashes]))
        return Collection(header, lambda: self.describer, learned, listing, tensors, parts[-1].header["dimensions"])

    def stored(self) -> TensorsInMemory:
        """The stored vectors as `Describer.encode` gives them."""
        return TensorsInMemory(self.tensors, {"dimensions": self.dimensions})

    def finished(self, others: Sequence[TensorsInMemory] = ()) -> Representations:
        """The finished vectors of the images, and of others after them."""
        bases = {key.split("/")[1]: value for key, value in self.learned.items() if key.startswith("reductions/")}
        return Representations([self.stored(), *others], self.plan, bases)

    def search(self, image: str | Path) -> list[tuple[str, float]]:
        """(image of the folder, similarity) for every image, best first. Raises OrderlessError for an image that cannot be read."""
        return self.search_all([image])[0]

    def search_all(self, queries: Sequence[str | Path], progress=quiet) -> list[list[tuple[str, float]]]:
        """`search` for each of several images. What the index holds already, under whatever name, is not described again."""
        places = {digest: place for place, digest in enumerate(self.listing.hashes)}
        hashes = [hash_of_query(image) for image in queries]
        new = {digest: str(image) for digest, image in zip(hashes, queries, strict=True) if digest not in places}
        places |= {digest: place for place, digest in enumerate(new, len(self.images))}
        others = self.describer.encode(list(new.values()), progress) if new else []
        found = self.similarities(np.array([places[digest] for digest in hashes]), self.finished(others))
        return [[(self.images[place], float(row[place])) for place in np.argsort(-row, kind="stable")] for row in found]

    def similarities(self, queries: np.ndarray, finished: Representations) -> np.ndarray:
        """(queries, images) float32. queries: rows of the finished vectors, of which the images of the index are the first."""
        count = len(self.images)
        unknown: list[set[str]] = [set()] * count  # which images of a folder match is not known
        protocol = Protocol(queries, np.arange(count), np.zeros((len(queries), count), np.int8), unknown)
        return Search(finished, protocol, np.arange(count), {}).similarities(self.representation)

    def pairs(self, least: float) -> list[tuple[int, int, float]]:
        """(i, j, similarity) of every two images, i before j, that are as similar as `least` or more."""
        finished, found = self.finished(), []
        for first in range(0, len(self.images), BLOCK):
            block = self.similarities(np.arange(first, min(first + BLOCK, len(self.images))), finished)
            for row, column in np.argwhere(block >= least):
                if first + row < column:
                    found.append((int(first + row), int(column), float(block[row, column])))
        return found


def is_index(path: str | Path) -> bool:
    """Whether a file looks like one that `Collection.save` wrote, whatever its state."""
    with open(path, "rb") as stream:
        length = min(int.from_bytes(stream.read(8), "little"), Path(path).stat().st_size)  # of a safetensors file's header
        return rb"\"kind\": \"collection\"" in stream.read(length)


def check_given(path: str | Path, made: dict[str, Any], given: dict[str, Any]) -> None:
    """Refuse an index that was made with other options than those given."""
    for key in ("backbone", "representation", "catalog", "seed"):
        if given.get(key) not in (None, made[key]):
            remedy = "Name another file with --index, leave the option out, or add --rebuild to make this index anew."
            raise OrderlessError(f"{path}: was made with {key} '{made[key]}', not '{given[key]}'. {remedy}")


def describer_of(file: Tensors, given: dict[str, Any]) -> "Describer":
    """What made an index, with its network."""
    from orderless.describer import Describer

    return Describer.of(file, **given)


def hash_of_query(image: str | Path) -> str:
    """The sha256 of an image that is searched for. Raises OrderlessError for a file that cannot be opened."""
    try:
        return file_hash(image)
    except OSError as error:
        raise OrderlessError(f"{image}: cannot be read ({error.strerror}). Name an image file.") from error


def plan_of(header: dict[str, Any]) -> dict[str, Any]:
    """The plan of the representation that the header of an index names, by the catalog of today."""
    made = header["describer"]
    catalog = load_catalog(made["catalog"])
    return make_plan(DEFAULTS | {SEARCHED: [made["representation"]]}, catalog, made["backbone"], SEARCHED)


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
