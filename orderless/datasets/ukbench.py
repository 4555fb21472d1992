"""UKBench (Nister and Stewenius 2006): 2,550 objects, four photographs in a row of each; every one asks for its four.

The set has no images to train on: projections and codebooks are learned on the database, without its groups.
"""

from pathlib import Path

from orderless.datasets.contract import by_stem, inside


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """full/ukbench00000.jpg and on."""
    found = []
    for stem, path in sorted(by_stem(inside(root, "full")).items()):
        number = stem.removeprefix("ukbench")
        if number.isdigit():
            row = {"image": path.name, "path": str(path), "group": f"{int(number) // 4:04d}"}
            found.append(row | {"split": "train", "search": "both"})
    return found
