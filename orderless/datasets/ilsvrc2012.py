"""ILSVRC 2012 (Russakovsky et al. 2015), from the user's own copy: train/<synset>/*, and the validation images as the test set."""

import re
from pathlib import Path

from orderless.datasets.folder import class_folders, in_order
from orderless.datasets.layouts import inside
from orderless.errors import OrderlessError
from orderless.files.images import find_images


def read_mapping(path: Path) -> dict[str, str]:
    """Image name without suffix -> synset, from a text file whose lines start with both, in this order."""
    synsets = {}
    for line in path.read_text().splitlines():
        words = re.split(r"[\s,]+", line.strip())
        if len(words) > 1 and re.fullmatch(r"n\d{8}", words[1]):
            synsets[Path(words[0]).stem] = words[1]
    return synsets


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From train/<synset>/* and val/<synset>/*, or val/* with the entry's `mapping` (see `read_mapping`)."""
    train, val = class_folders(inside(root, "train")), inside(root, "val")
    if "mapping" in entry:
        if not Path(entry["mapping"]).is_file():
            raise OrderlessError(f"{entry['mapping']}: no such file. Set 'mapping' to a list of images and synsets.")
        synsets = read_mapping(Path(entry["mapping"]))
        test: dict[str, list[Path]] = {name: [] for name in train}
        for path in find_images(val):
            if synsets.get(path.stem) not in test:
                raise OrderlessError(f"{entry['mapping']}: gives no synset of 'train' for '{path.name}'. Use another list.")
            test[synsets[path.stem]].append(path)
    else:
        test = class_folders(val)
        if not test:
            raise OrderlessError(f"{val}: has no folder of a synset. Sort the images into such folders, or set 'mapping'.")
    base = inside(root, "train").parent
    return [
        {"image": path.relative_to(base).as_posix(), "path": str(path), "split": split, "labels": name}
        for path, split, name in in_order(train, test)
    ]
