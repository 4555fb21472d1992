"""Near copies within a folder: images whose similarity is above a threshold, grouped."""

import numpy as np

from orderless.retrieval.collection import Collection


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
