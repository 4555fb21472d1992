"""Search at scale: synthetic bags of words in an inverted index, beside a flat faiss search of dense vectors of the same images."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from orderless.bench.measure import row, timed
from orderless.files.storage import Tensors, save
from orderless.representations.words import Words
from orderless.retrieval.inverted import InvertedIndex

WORDS, EACH, DIMENSIONS, QUERIES = 20_000, 500, 512, 50
CHAIN = ["signed_sqrt", "idf", "l2"]


def bags(images: int, rng: np.random.Generator) -> Words:
    """EACH words an image; as in real codebooks some words are many times as frequent as others."""
    words = np.minimum((rng.random((images, EACH), np.float32) ** 1.5 * WORDS).astype(np.int32), WORDS - 1)
    words.sort(axis=1)
    return {"words": words.ravel(), "weights": np.ones(images * EACH, np.float32), "ends": np.arange(1, images + 1) * EACH}


def stored(index: InvertedIndex, images: int) -> tuple[InvertedIndex, int, float]:
    """The index read back from a file, the file's bytes, and the seconds to open it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.safetensors"
        save(path, index.tensors(), "inverted", chain=CHAIN)
        opening, again = timed(lambda: InvertedIndex.of(Tensors(path, "inverted"), CHAIN, images))
        return again, path.stat().st_size, opening


def among(images: int) -> dict:
    """Build, store, open and ask an index of so many images."""
    import faiss

    rng = np.random.default_rng(0)
    building, index = timed(partial(InvertedIndex.build, bags(images, rng), WORDS, CHAIN))
    index, size, opening = stored(index, images)
    ours = float(np.median([timed(partial(index.similarities, bags(1, rng)))[0] for _ in range(QUERIES)]))
    flat = faiss.IndexFlatIP(DIMENSIONS)
    for _ in range(images // 10_000):
        flat.add(rng.normal(size=(10_000, DIMENSIONS)).astype(np.float32))
    asked = rng.normal(size=(QUERIES, 1, DIMENSIONS)).astype(np.float32)
    theirs = float(np.median([timed(partial(flat.search, one, 100))[0] for one in asked]))
    notes = {"seconds_to_build": building, "bytes_on_disk": size, "seconds_to_open": opening, "flat_bytes": images * DIMENSIONS * 4}
    figure = f"A query among {images:,} images of {EACH} words"
    return row(figure, f"faiss flat, {DIMENSIONS} dimensions", ours, theirs, **notes)


def measure() -> list[dict]:
    """10,000 and 100,000 images."""
    return [among(10_000), among(100_000)]
