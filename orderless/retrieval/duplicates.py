"""Near copies within a folder: images whose similarity is above a threshold, grouped."""

from pathlib import Path

import numpy as np

from orderless.datasets.copies import KINDS
from orderless.files.images import read_image
from orderless.files.jobs import quiet
from orderless.files.seeds import generator
from orderless.retrieval.collection import Collection

TRIED = 24  # images that are copied to learn how similar copies are
EASY = ("jpeg", "scale", "crop")  # the copies of `datasets.copies` that people make most


def typical_threshold(collection: Collection, folder: str | Path, progress=quiet) -> float:
    """The similarity from which on images of a folder are copies, for its own images and what describes them.

    Halfway between how similar seeded copies of some images are to them, and how similar these images are to the nearest other
    image of the folder: the medians of both, so that copies that are in the folder already do not count.
    """
    rows = np.sort(generator(0, "duplicates").permutation(len(collection.images))[:TRIED])
    copies = []
    for row in rows:
        name = collection.images[row]
        image = read_image(Path(folder) / name)
        copies += [KINDS[kind](image, generator(0, "duplicates", name, kind)) for kind in EASY]
    finished = collection.finished(collection.describer.encode(copies, progress))
    count = len(collection.images)
    of_copies = collection.similarities(np.arange(count, count + len(copies)), finished)
    own = of_copies[np.arange(len(copies)), np.repeat(rows, len(EASY))]
    of_images = collection.similarities(rows, finished)
    of_images[np.arange(len(rows)), rows] = -1
    return float((np.median(own) + np.median(of_images.max(1))) / 2)


def groups(collection: Collection, threshold: float) -> list[list[tuple[str, float]]]:
    """Groups of images of an index that are copies of one another, directly or through others; the largest similarity first.

    Each is a list of (image, similarity to the most similar other image of its group), the most similar first.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = collection.pairs(threshold)
    best = np.zeros(len(collection.images))
    for i, j, similarity in pairs:
        best[i], best[j] = max(best[i], similarity), max(best[j], similarity)
    first, second = [i for i, _, _ in pairs], [j for _, j, _ in pairs]
    graph = coo_array((np.ones(len(pairs)), (first, second)), (len(best), len(best)))
    label = connected_components(graph, directed=False)[1]
    members: dict[int, list[int]] = {}
    for row in sorted({*first, *second}):
        members.setdefault(int(label[row]), []).append(row)
    found = [sorted(rows, key=lambda row: (-best[row], row)) for rows in members.values()]
    return [[(collection.images[row], float(best[row])) for row in rows] for rows in sorted(found, key=lambda rows: -best[rows[0]])]
