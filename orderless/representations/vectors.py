"""Finished vectors, read back: rows of one representation over all shards, stacks composed, second projections applied."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from orderless.catalog.plans import leaves
from orderless.datasets.index import shard_images
from orderless.files.seeds import generator
from orderless.files.storage import Tensors, TensorsInMemory, TensorSource, recipe
from orderless.representations.encoding import encode_shard
from orderless.representations.normalisation import PackedSigns, l2, normalise, unpack_signs
from orderless.representations.words import Words, join

MOST_ROWS = 5000  # training vectors that a second projection is fitted on, as in paper A's code
ALL_ROWS = slice(None)


def describe_images(tensors: dict, images: list[str], plan: dict, books: dict, backend, reductions: dict) -> "Representations":
    """The representations of images whose descriptors (tensors of `activations.extract`) were not stored."""
    encoded, lengths, _ = encode_shard(TensorsInMemory(tensors), images, plan, books, backend)
    return Representations([TensorsInMemory(encoded, {"dimensions": lengths})], plan, reductions)


class StoredRows:
    """Rows of a stored representation that stay on disk: it stands where an (n, D) float32 matrix would, read by blocks of columns.

    shards: each with rows of `name`. rows: those of all shards that it stands for, in order; all where None.
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

    def columns(self, first: int, last: int) -> np.ndarray:
        """Columns [first, last) of its rows."""
        found = np.empty((len(self.rows), min(last, self.shape[1]) - first), np.float32)
        for shard, start, end in zip(self.shards, self.starts, self.starts[1:], strict=False):
            own = (self.rows >= start) & (self.rows < end)
            if own.any():
                found[own] = shard.columns(self.name, first, last)[self.rows[own] - start]
        return found

    def blocks(self):
        """(places among its rows, their vectors), shard by shard."""
        for shard, start, end in zip(self.shards, self.starts, self.starts[1:], strict=False):
            own = np.flatnonzero((self.rows >= start) & (self.rows < end))
            if len(own):
                yield own, shard[self.name][self.rows[own] - start]


class Representations:
    """The finished vectors of all images of a data set, read shard by shard.

    shards: tensors of `encode_shard` in order, with the `dimensions` in their headers. plan: what made them.
    reductions: id -> basis of the second projection.
    """

    def __init__(self, shards: Sequence[TensorSource], plan: dict[str, Any], reductions: dict[str, np.ndarray] | None = None):
        self.shards, self.plan, self.reductions = shards, plan, reductions or {}

    def vectors(self, name: str) -> np.ndarray | PackedSigns | StoredRows:
        """The matrix; or what stands for it: signs in a sixteenth of the memory, long vectors that stay on disk."""
        row = self.plan["representations"][name]
        if "stack" not in row and name not in self.reductions and "sign" not in row["normalisation"]:
            return StoredRows(self.shards, name)
        if row.get("normalisation") == ["sign", "l2"]:
            packed = np.concatenate([shard[name] for shard in self.shards])
            return PackedSigns(packed, self.shards[0].header["dimensions"][name])
        return self.matrix(name)

    def matrix(self, name: str) -> np.ndarray:
        """(images, D) float32, each row of unit length (or zero)."""
        row = self.plan["representations"][name]
        if "stack" in row:
            return l2(np.concatenate([self.matrix(part) for part in row["stack"]], axis=1))
        return np.concatenate([self.block(shard, name) for shard in self.shards])

    def is_sparse(self, name: str) -> bool:
        """Whether a representation is a bag of words."""
        return f"{name}/words" in self.shards[0]

    def words(self, name: str) -> tuple[Words, int, list[str]]:
        """The words of all images, the size of the codebook, and how counts are to be weighed."""
        keys = [key for key in ("words", "weights", "ends", "signatures") if f"{name}/{key}" in self.shards[0]]
        parts = [{key: shard[f"{name}/{key}"] for key in keys} for shard in self.shards]
        return join(parts), self.shards[0].header["dimensions"][name], self.plan["representations"][name]["normalisation"]

    def block(self, shard: TensorSource, name: str) -> np.ndarray:
        """The rows of one shard of a stored representation."""
        row = self.plan["representations"][name]
        x = shard[name]
        if "sign" in row["normalisation"]:
            x = unpack_signs(x, shard.header["dimensions"][name])
            x = normalise(x, row["normalisation"][row["normalisation"].index("sign") + 1 :])
        if name in self.reductions:
            x = l2(x @ self.reductions[name])
        return x

    def size(self, name: str) -> tuple[int, int]:
        """(dimensions, bytes as stored) of one image, of bags of words the mean."""
        dimensions = stored = 0
        for leaf in leaves(self.plan, name):
            if self.is_sparse(leaf):
                words, length, _ = self.words(leaf)
                dimensions += length
                stored += sum(array.nbytes for array in words.values()) // len(words["ends"])
                continue
            length = self.reductions[leaf].shape[1] if leaf in self.reductions else self.shards[0].header["dimensions"][leaf]
            dimensions += length
            stored += -(-length // 4) if "sign" in self.plan["representations"][leaf]["normalisation"] else 4 * length
        return dimensions, stored


def open_shards(paths: list[str], plan: dict[str, Any], index: pd.DataFrame) -> list[Tensors]:
    """The shards of a data set's vectors; refused where they are of another plan or of other images."""
    images, made = shard_images(index, len(paths)), recipe(plan)
    return [Tensors(path, "representations", plan=made, images=own) for path, own in zip(paths, images, strict=True)]


def open_representations(
    paths: list[str], reductions: str, plan: dict[str, Any], index: pd.DataFrame
) -> tuple[Representations, list[str]]:
    """The finished vectors of a data set from their files, and the recipes of these files."""
    shards, second = open_shards(paths, plan, index), Tensors(reductions, "reductions")
    recipes = [file.header["recipe"] for file in (*shards, second)]
    return Representations(shards, plan, {name: second[name] for name in second.names()}), recipes


def fit_reductions(
    finished: Representations, seed: int, dataset: str, train: np.ndarray | slice = ALL_ROWS
) -> dict[str, np.ndarray]:
    """The second projections of the representations that have one: id -> basis (D, dimensions).

    finished: without second projections. train: which rows serve. seed, dataset: name the random draw.
    """
    reduced = {name: row["reduce"] for name, row in finished.plan["representations"].items() if "reduce" in row}
    return {
        name: fit_reduction(finished.matrix(name)[train], dim, MOST_ROWS, generator(seed, dataset, "reduction", name))
        for name, dim in reduced.items()
    }


def fit_reduction(x: np.ndarray, dim: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """The second projection of paper A: uncentred principal directions of training vectors, orthonormal, no whitening.

    x: (n, D) float32 training rows, of which at most `most` serve. Found through the n x n Gram
    matrix, as D may be 50,000. Returns (D, min(dim, rank)) float32.
    """
    if len(x) > most:
        x = x[np.sort(rng.permutation(len(x))[:most])]
    values, vectors = np.linalg.eigh((x @ x.T).astype(np.float64))
    values, vectors = values[::-1][:dim], vectors[:, ::-1][:, :dim]
    kept = values > values[0] * 1e-7
    basis = x.T @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    return np.ascontiguousarray(basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])]))
