"""UKBench (Nister and Stewenius 2006): 2,550 objects, four consecutive photographs of each.

Every photograph is a query for the four of its object, itself included. The set has no training images: projections and codebooks
are learned on the database, without its groups.
"""

from pathlib import Path

from orderless.datasets.layouts import by_stem, inside


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From full/ukbench00000.jpg, ukbench00001.jpg and so on."""
    rows = []
    for stem, path in sorted(by_stem(inside(root, "full")).items()):
        number = stem.removeprefix("ukbench")
        if number.isdigit():
            row = {"image": path.name, "path": str(path), "group": f"{int(number) // 4:04d}"}
            rows.append(row | {"split": "train", "search": "both"})
    return rows
