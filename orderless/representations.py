"""Representations: descriptors of a shard, encoded, pooled over views and normalised; and finished vectors read back."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from orderless import encoders
from orderless.errors import OrderlessError
from orderless.normalisation import l2, normalise, pack_signs, unpack_signs
from orderless.pooling import pool
from orderless.storage import Tensors


def image_levels(shard: Tensors, name: str) -> Iterable[tuple[list[np.ndarray], list[np.ndarray | None], np.ndarray]]:
    """For each image of a shard: its descriptors and guides, level by level as float32, and its descriptor counts."""
    x = shard[f"{name}/x"]
    guide = shard.get(f"{name}/guide")
    end = 0
    for rows, counts in zip(shard[f"{name}/rows"], shard[f"{name}/counts"], strict=True):
        cuts = [slice(end + first, end + first + n) for first, n in zip(np.cumsum(rows) - rows, rows, strict=True)]
        end += int(rows.sum())
        yield (
            [x[cut].astype(np.float32) for cut in cuts],
            [None if guide is None else guide[cut].astype(np.float32) for cut in cuts],
            counts.astype(np.float64),
        )


def encode_shard(
    shard: Tensors, images: list[str], plan: dict[str, Any], codebooks: dict[str, dict], engine
) -> tuple[dict[str, np.ndarray], dict[str, int], dict[str, float]]:
    """Every representation of the plan, but for stacks, for the images of one shard.

    A level's vector is computed once and serves every representation that pools it (NFK, CSF and MPP share theirs).
    Returns id -> (images, D) float32, signs packed; id -> D; and the seconds that each codebook's encoding took.
    """
    vectors: dict[str, list[np.ndarray]] = {name: [] for name, row in plan["representations"].items() if "stack" not in row}
    seconds = {}
    for codebook, entry in plan["codebooks"].items():
        rows = {name: row for name, row in plan["representations"].items() if row.get("codebook") == codebook}
        encoder = encoders.make(entry["encoder"])
        begin = time.perf_counter()
        for image, (levels, guides, counts) in zip(images, image_levels(shard, entry["set"]), strict=True):
            encoded = np.stack(
                [encoder.encode(x, guide, codebooks.get(codebook, {}), engine) for x, guide in zip(levels, guides, strict=True)]
            )
            if not np.isfinite(encoded).all():
                raise OrderlessError(f"{image}: {codebook} gives values that are not finite. Report this with the image.")
            for name, row in rows.items():
                vector = pool(encoded, counts, row["pooling"])
                vectors[name].append(normalise(vector, storable(row["normalisation"])).astype(np.float32))
        seconds[codebook] = time.perf_counter() - begin
    tensors = {name: np.stack(found) for name, found in vectors.items()}
    lengths = {name: matrix.shape[1] for name, matrix in tensors.items()}
    for name, matrix in tensors.items():
        if "sign" in plan["representations"][name]["normalisation"]:
            tensors[name] = pack_signs(matrix)
    return tensors, lengths, seconds


def read_codebooks(paths: list[Path], shard: Tensors) -> tuple[dict[str, dict[str, np.ndarray]], list[str]]:
    """Codebook id -> arrays, and their recipes, from files named after them; refused unless they fit the shard's projections."""
    found, recipes = {}, []
    for path in paths:
        book = Tensors(path, "codebook")
        if book.header["projections"] != shard.header["projections"]:
            raise OrderlessError(f"{path}: was trained on other projections than {shard.path}. Delete it and run again.")
        found[path.name.removesuffix(".safetensors")] = {name: book[name] for name in book.names()}
        recipes.append(book.header["recipe"])
    return found, recipes


def storable(chain: list[str]) -> list[str]:
    """The steps that are done before storing: behind `sign` only lengths may follow, and they are done when reading."""
    return chain[: chain.index("sign") + 1] if "sign" in chain else chain


class Representations:
    """The finished vectors of all images of a data set, read shard by shard.

    shards: files of `encode_shard` in order. plan: what made them. reductions: id -> basis of the second projection.
    """

    def __init__(self, shards: list[Tensors], plan: dict[str, Any], reductions: dict[str, np.ndarray] | None = None):
        self.shards, self.plan, self.reductions = shards, plan, reductions or {}

    def parts(self, name: str) -> list[str]:
        """The stored representations that a representation is made of: itself, or those of its stack."""
        row = self.plan["representations"][name]
        return [leaf for part in row["stack"] for leaf in self.parts(part)] if "stack" in row else [name]

    def matrix(self, name: str) -> np.ndarray:
        """(images, D) float32, each row of unit length (or zero)."""
        row = self.plan["representations"][name]
        if "stack" in row:
            return l2(np.concatenate([self.matrix(part) for part in row["stack"]], axis=1))
        return np.concatenate([self.block(shard, name) for shard in self.shards])

    def block(self, shard: Tensors, name: str, reduce: bool = True) -> np.ndarray:
        """The rows of one shard of a stored representation."""
        row = self.plan["representations"][name]
        x = shard[name]
        if "sign" in row["normalisation"]:
            x = unpack_signs(x, shard.header["dimensions"][name])
            x = normalise(x, row["normalisation"][row["normalisation"].index("sign") + 1 :])
        if reduce and name in self.reductions:
            x = l2(x @ self.reductions[name])
        return x

    def size(self, name: str) -> tuple[int, int]:
        """(dimensions, bytes as stored) of one vector."""
        dimensions = stored = 0
        for leaf in self.parts(name):
            length = self.reductions[leaf].shape[1] if leaf in self.reductions else self.shards[0].header["dimensions"][leaf]
            dimensions += length
            stored += -(-length // 4) if "sign" in self.plan["representations"][leaf]["normalisation"] else 4 * length
        return dimensions, stored


def fit_reduction(x: np.ndarray, dim: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """The second projection of paper A: uncentred principal directions of training vectors, orthonormal, no whitening.

    x: (n, D) float32 training rows, of which at most `most` serve (paper A's code: 5,000). Found through the n x n Gram
    matrix, as D may be 50,000. Returns (D, min(dim, rank)) float32.
    """
    if len(x) > most:
        x = x[np.sort(rng.permutation(len(x))[:most])]
    values, vectors = np.linalg.eigh((x @ x.T).astype(np.float64))
    values, vectors = values[::-1][:dim], vectors[:, ::-1][:, :dim]
    kept = values > values[0] * 1e-7
    basis = x.T @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    return np.ascontiguousarray(basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])]))
