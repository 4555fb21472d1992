"""INRIA Holidays (Jegou et al. 2008): 500 groups of photographs. The first of each group is a query for the others.

A query is left out of its own result. The set has no training images: projections and codebooks are learned on the images of the
database that are not queries.
"""

from pathlib import Path

from orderless.datasets.layouts import by_stem
from orderless.errors import OrderlessError


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """The file names are numbers: 100 x group + place in the group. Place 0 is the query."""
    rows = []
    for stem, path in sorted(by_stem(root).items()):
        if not stem.isdigit():
            raise OrderlessError(f"{path}: Holidays names its images by numbers. Give a folder with its two archives only.")
        query = int(stem) % 100 == 0
        row = {"image": path.name, "path": str(path), "group": str(int(stem) // 100)}
        rows.append(row | {"split": "test" if query else "train", "search": "both" if query else "database"})
    return rows
