"""Encoding: the descriptors of a shard of images become vectors, pooled over views and normalised."""

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from orderless import encoders
from orderless.errors import OrderlessError
from orderless.files.results import name_of, open_result
from orderless.files.storage import TensorsInMemory, TensorSource
from orderless.representations.bags import Bag, bags
from orderless.representations.normalisation import l2, normalise, pack_signs
from orderless.representations.pooling import pool
from orderless.representations.precomputed import read_precomputed

Arrays = dict[str, np.ndarray]


def encode_levels(
    bag: Bag, encoder: Any, codebook: Arrays, backend: Any, chosen: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The vector of each level (levels, D) and its number of descriptors (levels,); of an empty level zeros, and zero.

    chosen: (n,) bool, which descriptors of the bag are encoded; None for all.
    """
    rows = np.arange(len(bag.x)) if chosen is None else np.flatnonzero(chosen)
    rows_of_level = np.bincount(bag.level[rows], minlength=len(bag.counts))
    counts = bag.counts.copy() if chosen is None else rows_of_level.astype(np.float64)
    full = np.flatnonzero(rows_of_level)
    x, guide = bag.x[rows], None if bag.guide is None else bag.guide[rows]
    encoded = encoders.encode_bags(encoder, x, guide, rows_of_level[full].tolist(), codebook, backend)
    vectors = np.zeros((len(rows_of_level), encoded.shape[1]), np.float32)
    vectors[full] = encoded
    return vectors, counts


def encode_regions(
    bag: Bag, name: str, grids: list, encoder: Any, codebook: Arrays, backend: Any
) -> list[tuple[np.ndarray, np.ndarray]]:
    """`encode_levels` of each region of an image.

    name: of the representation, for an error. grids: (rows, columns) of each grid of regions; [1, 1] or None is the whole image.
    """
    encoded = []
    for grid in grids:
        if grid in (None, [1, 1]):
            encoded.append(encode_levels(bag, encoder, codebook, backend))
            continue
        for number, chosen in enumerate(bag.regions(tuple(grid)), 1):
            if not chosen.any():
                raise OrderlessError(
                    f"representation '{name}': region {number} of {grid[0]} x {grid[1]} holds no descriptor. "
                    "Take fewer regions, or views with more descriptors."
                )
            encoded.append(encode_levels(bag, encoder, codebook, backend, chosen))
    return encoded


def pool_regions(encoded: list[tuple[np.ndarray, np.ndarray]], row: dict[str, Any]) -> np.ndarray:
    """The vector of one image: the levels of each region pooled and normalised as a row of the plan says, then all regions joined.

    encoded: of `encode_regions`.
    """
    regions = []
    for vectors, counts in encoded:
        if "levels" in row:
            vectors, counts = vectors[row["levels"]], counts[row["levels"]]
        regions.append(normalise(pool(vectors, counts, row["pooling"]), storable(row["normalisation"])))
    return regions[0] if len(regions) == 1 else l2(np.concatenate(regions))


def storable(chain: list[str]) -> list[str]:
    """The steps of a normalisation that are done before storing: those after `sign` are done on reading, as signs take two bits."""
    return chain[: chain.index("sign") + 1] if "sign" in chain else chain


def encode_bag(
    bag: Bag, rows: dict[str, dict], encoder: Any, codebook: Arrays, backend: Any, seconds: dict[str, float] | None = None
) -> Arrays:
    """The vector of one image for each row of the plan. Rows with the same regions share their encoded levels.

    rows: id -> row, all of the same set and codebook. seconds: the time of each row is added here; shared work counts for each row.
    """
    vectors = {}
    shared: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    shared_seconds: dict[str, float] = {}
    for name, row in rows.items():
        key, start = str(row.get("regions")), time.perf_counter()
        if key not in shared:
            shared[key] = encode_regions(bag, name, row.get("regions", [None]), encoder, codebook, backend)
            shared_seconds[key] = time.perf_counter() - start
            start = time.perf_counter()
        vectors[name] = pool_regions(shared[key], row)
        if seconds is not None:
            seconds[name] = seconds.get(name, 0.0) + shared_seconds[key] + time.perf_counter() - start
    return vectors


def encode_images(
    images: list[str],
    image_bags: Iterable[Bag],
    rows: dict[str, dict],
    encoder: Any,
    codebook: Arrays,
    backend: Any,
    seconds: dict[str, float],
) -> tuple[Arrays, dict[str, int]]:
    """`encode_bag` for several images: id -> matrix as stored, and id -> dimensions. images: their names, for an error."""
    matrices: Arrays = {}
    dimensions: dict[str, int] = {}
    for place, (image, bag) in enumerate(zip(images, image_bags, strict=True)):
        for name, vector in encode_bag(bag, rows, encoder, codebook, backend, seconds).items():
            if not np.isfinite(vector).all():
                raise OrderlessError(f"{image}: {name} gives values that are not finite. Report this with the image.")
            signs = "sign" in rows[name]["normalisation"]
            if name not in matrices:
                dimensions[name] = len(vector)
                shape = (len(images), -(-len(vector) // 4) if signs else len(vector))
                matrices[name] = np.empty(shape, np.uint8 if signs else np.float32)
            matrices[name][place] = pack_signs(vector[None])[0] if signs else vector
    return matrices, dimensions


def encode_shard(
    shard: TensorSource, images: list[str], plan: dict[str, Any], codebooks: dict[str, Arrays], backend: Any
) -> tuple[Arrays, dict[str, int], dict[str, float]]:
    """The stored representations of a plan for the images of one shard.

    shard: tensors of `activations.extraction.extract`. images: their names. codebooks: id -> arrays. A level is encoded once
    for all representations that pool it: NFK, CSF and MPP. Returns id -> (images, D) float32, signs packed in two bits, bags of
    words as id/words and so on; id -> D; id -> seconds.
    """
    tensors: Arrays = {}
    dimensions: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for codebook_id, entry in plan["codebooks"].items():
        rows = {name: row for name, row in plan["representations"].items() if row.get("codebook") == codebook_id}
        encoder, codebook = encoders.make(entry["encoder"]), codebooks.get(codebook_id, {})
        if encoders.is_sparse(encoder):
            for name in rows:
                start = time.perf_counter()
                words = encode_words(shard, entry["set"], encoder, codebook)
                tensors |= {f"{name}/{key}": array for key, array in words.items()}
                dimensions[name], seconds[name] = len(codebook["centres"]), time.perf_counter() - start
        else:
            of_images = bags(shard, entry["set"])
            matrices, lengths = encode_images(images, of_images, rows, encoder, codebook, backend, seconds)
            tensors, dimensions = tensors | matrices, dimensions | lengths
    for name, row in plan["representations"].items():
        if "precomputed" in row:
            tensors[name] = l2(read_precomputed(row["precomputed"], images))
            dimensions[name] = tensors[name].shape[1]
    return tensors, dimensions, seconds


def encode_in_memory(
    shard: TensorSource, images: list[str], plan: dict[str, Any], codebooks: dict[str, Arrays], backend: Any
) -> TensorsInMemory:
    """The tensors of `encode_shard` with the header that their file would have."""
    tensors, dimensions, _ = encode_shard(shard, images, plan, codebooks, backend)
    return TensorsInMemory(tensors, {"dimensions": dimensions})


def encode_words(shard: TensorSource, name: str, encoder: Any, codebook: Arrays) -> Arrays:
    """The bags of words of a shard's images: all levels of an image in one bag. name: of the set."""
    ends = shard[f"{name}/rows"].sum(1).cumsum()
    return encoder.encode_words(shard[f"{name}/x"].astype(np.float32), ends, codebook)


def read_codebooks(paths: list[str]) -> dict[str, Arrays]:
    """Codebook id -> arrays, from files named after the ids."""
    files = {name_of(path): open_result(path, "codebook") for path in paths}
    return {name: {key: file[key] for key in file.names()} for name, file in files.items()}
