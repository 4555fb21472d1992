"""Representations: descriptors of a shard, encoded, pooled over views and normalised."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from orderless import encoders
from orderless.datasets.index import shard_images
from orderless.errors import OrderlessError
from orderless.files.storage import Tensors, TensorSource, recipe
from orderless.representations.normalisation import l2, normalise, pack_signs
from orderless.representations.pooling import pool
from orderless.representations.precomputed import read_precomputed


@dataclass
class Bag:
    """One image's descriptors in one set.

    x (n, d), guide (n, g) or None, windows (n, 4) as of `views.windows`, all float32; level (n,) that each belongs to; counts
    (levels,) of the descriptors that each level's rows stand for.
    """

    x: np.ndarray
    guide: np.ndarray | None
    windows: np.ndarray
    level: np.ndarray
    counts: np.ndarray

    def cells(self, grid: tuple[int, int]) -> np.ndarray:
        """(n,) cell of a grid of (rows, columns) regions in which each window's centre lies, row by row."""
        rows, columns = grid
        centres = self.windows[:, :2] + self.windows[:, 2:] / 2
        row, column = ((centres[:, i] * n).astype(int).clip(0, n - 1) for i, n in ((1, rows), (0, columns)))
        return row * columns + column


def open_descriptors(paths: list[str], sets: dict[str, Any], index: pd.DataFrame) -> list[Tensors]:
    """The shards of a data set's descriptors; refused where they are of other sets or other images."""
    images = shard_images(index, len(paths))
    return [Tensors(path, "descriptors", sets=recipe(sets), images=own) for path, own in zip(paths, images, strict=True)]


def bags(shard: TensorSource, name: str) -> Iterator[Bag]:
    """The descriptors of a set, image by image."""
    x, where, guide = shard[f"{name}/x"], shard[f"{name}/windows"].astype(np.float32), None
    if f"{name}/guide" in shard:
        guide = shard[f"{name}/guide"]
    end = 0
    for rows, counts in zip(shard[f"{name}/rows"], shard[f"{name}/counts"], strict=True):
        cut = slice(end, end + int(rows.sum()))
        end = cut.stop
        yield Bag(
            x[cut].astype(np.float32),
            None if guide is None else guide[cut].astype(np.float32),
            where[cut],
            np.repeat(np.arange(len(rows)), rows),
            counts.astype(np.float64),
        )


def encode_levels(bag: Bag, encoder, codebook: dict[str, np.ndarray], backend, chosen: np.ndarray | None = None) -> tuple:
    """Each level's vector (levels, D) and count (levels,), of the chosen descriptors only. An empty level has zeros and none."""
    rows = np.arange(len(bag.x)) if chosen is None else np.flatnonzero(chosen)
    held = np.bincount(bag.level[rows], minlength=len(bag.counts))
    counts = bag.counts.copy() if chosen is None else held.astype(np.float64)
    full = np.flatnonzero(held)
    x, guide = bag.x[rows], None if bag.guide is None else bag.guide[rows]
    found = encoders.encode_bags(encoder, x, guide, held[full].tolist(), codebook, backend)
    vectors = np.zeros((len(held), found.shape[1]), np.float32)
    vectors[full] = found
    return vectors, counts


def represent(encoded: list[tuple[np.ndarray, np.ndarray]], row: dict[str, Any]) -> np.ndarray:
    """One image's vector from its regions' (vectors, counts) by a row of the plan: pooled and normalised region by region."""
    parts = []
    for vectors, counts in encoded:
        if "levels" in row:
            vectors, counts = vectors[row["levels"]], counts[row["levels"]]
        parts.append(normalise(pool(vectors, counts, row["pooling"]), storable(row["normalisation"])))
    return parts[0] if len(parts) == 1 else l2(np.concatenate(parts))


def encode_bag(
    bag: Bag, rows: dict[str, dict], encoder, codebook: dict[str, np.ndarray], backend, seconds: dict[str, float] | None = None
) -> dict[str, np.ndarray]:
    """Every row's vector of one image. Rows that look at the same regions share their encoded levels.

    seconds: each row's time is added here, the shared work to each row that needs it.
    """
    found = {}
    shared: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    spent: dict[str, float] = {}
    for name, row in rows.items():
        key = str(row.get("regions"))
        begin = time.perf_counter()
        if key not in shared:
            shared[key] = []
            for grid in row.get("regions", [None]):
                cells = None if grid in (None, [1, 1]) else bag.cells(tuple(grid))
                for cell in range(1 if cells is None else grid[0] * grid[1]):
                    chosen = None if cells is None else cells == cell
                    if chosen is not None and not chosen.any():
                        raise OrderlessError(
                            f"representation '{name}': region {cell + 1} of {grid[0]} x {grid[1]} holds no descriptor. "
                            "Take fewer regions, or views with more descriptors."
                        )
                    shared[key].append(encode_levels(bag, encoder, codebook, backend, chosen))
            spent[key] = time.perf_counter() - begin
            begin = time.perf_counter()
        found[name] = represent(shared[key], row)
        if seconds is not None:
            seconds[name] = seconds.get(name, 0.0) + spent[key] + time.perf_counter() - begin
    return found


def encode_shard(
    shard: TensorSource, images: list[str], plan: dict[str, Any], codebooks: dict[str, dict], backend, dataset: str = ""
) -> tuple[dict[str, np.ndarray], dict[str, int], dict[str, float]]:
    """Every representation of the plan, but for stacks, for the images of one shard.

    A level's vector is computed once and serves every representation that pools it (NFK, CSF and MPP share theirs).
    Returns id -> (images, D) float32, signs packed, bags of words as id/words and so on; id -> D; and the seconds that each
    representation's encoding took.
    """
    tensors: dict[str, np.ndarray] = {}
    lengths: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for codebook, entry in plan["codebooks"].items():
        rows = {name: row for name, row in plan["representations"].items() if row.get("codebook") == codebook}
        encoder = encoders.make(entry["encoder"])
        if encoders.is_sparse(encoder):
            for name in rows:
                begin = time.perf_counter()
                words = encode_words(shard, entry["set"], encoder, codebooks[codebook])
                tensors |= {f"{name}/{key}": value for key, value in words.items()}
                lengths[name], seconds[name] = encoder.words, time.perf_counter() - begin
            continue
        matrices: dict[str, np.ndarray] = {}
        for place, (image, bag) in enumerate(zip(images, bags(shard, entry["set"]), strict=True)):
            for name, vector in encode_bag(bag, rows, encoder, codebooks.get(codebook, {}), backend, seconds).items():
                if not np.isfinite(vector).all():
                    raise OrderlessError(f"{image}: {name} gives values that are not finite. Report this with the image.")
                if name not in matrices:
                    lengths[name] = len(vector)
                    packed = "sign" in rows[name]["normalisation"]
                    shape = (len(images), -(-len(vector) // 4) if packed else len(vector))
                    matrices[name] = np.empty(shape, np.uint8 if packed else np.float32)
                matrices[name][place] = pack_signs(vector[None])[0] if matrices[name].dtype == np.uint8 else vector
        tensors |= matrices
    for name, row in plan["representations"].items():
        if "precomputed" in row:
            tensors[name] = l2(read_precomputed(row["precomputed"].format(dataset=dataset), images))
            lengths[name] = tensors[name].shape[1]
    return tensors, lengths, seconds


def encode_words(shard: TensorSource, name: str, encoder, codebook: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The bags of words of a shard's images: all levels of an image in one bag."""
    ends = shard[f"{name}/rows"].sum(1).cumsum()
    return encoder.encode_words(shard[f"{name}/x"].astype(np.float32), ends, codebook)


def read_books(books: list[Tensors]) -> dict[str, dict[str, np.ndarray]]:
    """Codebook id -> arrays, from open files named after them."""
    return {book.path.name.removesuffix(".safetensors"): {name: book[name] for name in book.names()} for book in books}


def read_codebooks(paths: list[Path], shard: Tensors) -> tuple[dict[str, dict[str, np.ndarray]], list[str]]:
    """Codebook id -> arrays, and their recipes, from files named after them; refused unless they fit the shard's projections."""
    books = [Tensors(path, "codebook") for path in paths]
    for book in books:
        if book.header["projections"] != shard.header["projections"]:
            raise OrderlessError(f"{book.path}: was trained on other projections than {shard.path}. Delete it and run again.")
    return read_books(books), [book.header["recipe"] for book in books]


def storable(chain: list[str]) -> list[str]:
    """The steps that are done before storing: behind `sign` only lengths may follow, and they are done when reading."""
    return chain[: chain.index("sign") + 1] if "sign" in chain else chain
