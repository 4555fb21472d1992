"""Topic: search among synthetic bags of words by an inverted index, beside an exhaustive faiss search of as many dense vectors."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from orderless.bench.measure import comparison, timed
from orderless.files.storage import Tensors, save
from orderless.representations.words import Words
from orderless.retrieval.inverted import InvertedIndex

WORDS, EACH, DIMENSIONS, QUERIES = 20_000, 500, 512, 50
CHAIN = ["signed_sqrt", "idf", "l2"]


def bags(images: int, rng: np.random.Generator) -> Words:
    """EACH words for every image. Some words are many times as frequent as others, as in real codebooks."""
    words = np.minimum((rng.random((images, EACH), np.float32) ** 1.5 * WORDS).astype(np.int32), WORDS - 1)
    words.sort(axis=1)
    return {"words": words.ravel(), "weights": np.ones(images * EACH, np.float32), "ends": np.arange(1, images + 1) * EACH}


def stored(index: InvertedIndex, images: int) -> tuple[InvertedIndex, int, float]:
    """The index read back from a file, the size of the file in bytes, and the seconds to open it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.safetensors"
        save(path, index.tensors(), "inverted", chain=CHAIN)
        opening, index_read = timed(lambda: InvertedIndex.of(Tensors(path, "inverted"), CHAIN, images))
        return index_read, path.stat().st_size, opening


def among(images: int) -> dict:
    """Build, save, open and query an index of this number of images."""
    import faiss

    rng = np.random.default_rng(0)
    building, index = timed(partial(InvertedIndex.build, bags(images, rng), WORDS, CHAIN))
    index, size, opening = stored(index, images)
    ours = float(np.median([timed(partial(index.similarities, bags(1, rng)))[0] for _ in range(QUERIES)]))
    flat = faiss.IndexFlatIP(DIMENSIONS)
    for _ in range(images // 10_000):
        flat.add(rng.normal(size=(10_000, DIMENSIONS)).astype(np.float32))
    queries = rng.normal(size=(QUERIES, 1, DIMENSIONS)).astype(np.float32)
    theirs = float(np.median([timed(partial(flat.search, query, 100))[0] for query in queries]))
    notes = {"seconds_to_build": building, "bytes_on_disk": size, "seconds_to_open": opening, "flat_bytes": images * DIMENSIONS * 4}
    figure = f"A query among {images:,} images of {EACH} words"
    return comparison(figure, f"faiss flat, {DIMENSIONS} dimensions", ours, theirs, **notes)


def measure() -> list[dict]:
    """Query among 10,000 and among 100,000 images."""
    return [among(10_000), among(100_000)]
