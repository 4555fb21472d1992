"""Finished vectors, read from all shards: stacks composed, signs unpacked, second projections applied."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from orderless.catalog.plans import leaves
from orderless.files.results import name_of, open_result, shards_of
from orderless.files.storage import TensorSource
from orderless.representations.normalisation import PackedSigns, l2, normalise, unpack_signs
from orderless.representations.words import WORD_ARRAYS, Words, join

if TYPE_CHECKING:
    import pandas as pd


class StoredRows:
    """Rows of a stored representation that stay on disk. It takes the place of a matrix (n, D) float32: blocks of columns are read.

    shards: each has rows of `name`. rows: numbers of the rows that it stands for, among those of all shards; None for all.
    """

    def __init__(self, shards: Sequence[TensorSource], name: str, rows: np.ndarray | None = None):
        self.shards, self.name = shards, name
        self.starts = np.cumsum([0, *(shard.shape(name)[0] for shard in shards)])
        self.rows = np.arange(self.starts[-1]) if rows is None else rows
        self.shape = (len(self.rows), shards[0].shape(name)[1])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray) -> "StoredRows":
        return StoredRows(self.shards, self.name, self.rows[rows])

    def by_shard(self, rng: np.random.Generator | None = None) -> Iterator[tuple[TensorSource, np.ndarray, np.ndarray]]:
        """Each shard that has some of the rows, their places among the rows, and their places in the shard.

        rng: the shards come in an order that it draws.
        """
        for number in range(len(self.shards)) if rng is None else rng.permutation(len(self.shards)):
            shard, start, end = self.shards[number], self.starts[number], self.starts[number + 1]
            places = np.flatnonzero((self.rows >= start) & (self.rows < end))
            if len(places):
                yield shard, places, self.rows[places] - start

    def columns(self, first: int, last: int) -> np.ndarray:
        """Columns [first, last) of the rows, float32."""
        block = np.empty((len(self.rows), min(last, self.shape[1]) - first), np.float32)
        for shard, places, places_in_shard in self.by_shard():
            block[places] = shard.columns(self.name, first, last)[places_in_shard]
        return block

    def blocks(self, rng: np.random.Generator | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The rows shard by shard, as (places among the rows, vectors). rng: in an order that it draws."""
        for shard, places, places_in_shard in self.by_shard(rng):
            yield places, shard[self.name][places_in_shard]


class Representations:
    """The finished vectors of all images of a data set, read shard by shard.

    shards: tensors of `encode_shard` in order, with the `dimensions` in their headers. plan: what made them.
    reductions: id -> basis of the second projection.
    """

    def __init__(self, shards: Sequence[TensorSource], plan: dict[str, Any], reductions: dict[str, np.ndarray] | None = None):
        self.shards, self.plan, self.reductions = shards, plan, reductions or {}

    def vectors(self, name: str) -> np.ndarray | PackedSigns | StoredRows:
        """The matrix of `matrix`, or an object in its place: signs in a sixteenth of its memory, or rows that stay on disk."""
        row = self.plan["representations"][name]
        if "stack" not in row and name not in self.reductions and "sign" not in row["normalisation"]:
            return StoredRows(self.shards, name)
        if row.get("normalisation") == ["sign", "l2"]:
            packed = np.concatenate([shard[name] for shard in self.shards])
            return PackedSigns(packed, self.dimensions(name))
        return self.matrix(name)

    def matrix(self, name: str) -> np.ndarray:
        """(images, D) float32, each row of unit length, or zero."""
        row = self.plan["representations"][name]
        if "stack" in row:
            return l2(np.concatenate([self.matrix(part) for part in row["stack"]], axis=1))
        return np.concatenate([self.block(shard, name) for shard in self.shards])

    def block(self, shard: TensorSource, name: str) -> np.ndarray:
        """The finished rows of one shard; not of stacks."""
        row = self.plan["representations"][name]
        x = shard[name]
        if "sign" in row["normalisation"]:
            x = unpack_signs(x, self.dimensions(name))
            x = normalise(x, row["normalisation"][row["normalisation"].index("sign") + 1 :])
        if name in self.reductions:
            x = l2(x @ self.reductions[name])
        return x

    def dimensions(self, name: str) -> int:
        """The dimensions of a stored representation, before its second projection; of bags of words the codebook's words."""
        return self.shards[0].header["dimensions"][name]

    def is_sparse(self, name: str) -> bool:
        """Whether a representation is a bag of words."""
        return f"{name}/words" in self.shards[0]

    def words(self, name: str) -> tuple[Words, int, list[str]]:
        """The bags of words of all images, the size of the codebook, and the steps that weigh the counts."""
        keys = [key for key in WORD_ARRAYS if f"{name}/{key}" in self.shards[0]]
        parts = [{key: shard[f"{name}/{key}"] for key in keys} for shard in self.shards]
        return join(parts), self.dimensions(name), self.plan["representations"][name]["normalisation"]

    def size(self, name: str) -> tuple[int, int]:
        """(dimensions, bytes as stored) of one image, of all parts together; of bags of words the mean over images."""
        dimensions = stored = 0
        for leaf in leaves(self.plan, name):
            if self.is_sparse(leaf):
                words, length, _ = self.words(leaf)
                dimensions += length
                stored += sum(array.nbytes for array in words.values()) // len(words["ends"])
                continue
            length = self.reductions[leaf].shape[1] if leaf in self.reductions else self.dimensions(leaf)
            dimensions += length
            stored += -(-length // 4) if "sign" in self.plan["representations"][leaf]["normalisation"] else 4 * length
        return dimensions, stored


def open_representations(
    paths: list[str], reductions: list[str], plan: dict[str, Any], shards: int, index: "pd.DataFrame"
) -> Representations:
    """The finished vectors of a data set from their files. Raises OrderlessError if they are of another recipe or other images.

    paths: of all shards of all stored representations. reductions: files of second projections. plan: the rows they are read by.
    """
    from orderless.datasets.index import shard_images  # imports pandas, which a search of a folder does without

    bases = {name_of(path): open_result(path, "reduction")[name_of(path)] for path in reductions}
    return Representations(shards_of(paths, "representations", shard_images(index, shards)), plan, bases)
