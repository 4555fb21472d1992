"""INRIA Holidays (Jegou et al. 2008): 500 groups of photographs; the first of each asks for the others, itself left out.

The set has no images to train on: projections and codebooks are learned on those of the database that ask nothing.
"""

from pathlib import Path

from orderless.datasets.contract import by_stem
from orderless.errors import OrderlessError


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """Images are numbers: 100 x group + place in it; place 0 is the query."""
    found = []
    for stem, path in sorted(by_stem(root).items()):
        if not stem.isdigit():
            raise OrderlessError(f"{path}: the images of Holidays are numbers. Give the folder of its two archives alone.")
        query = int(stem) % 100 == 0
        row = {"image": path.name, "path": str(path), "group": str(int(stem) // 100)}
        found.append(row | {"split": "test" if query else "train", "search": "both" if query else "database"})
    return found
