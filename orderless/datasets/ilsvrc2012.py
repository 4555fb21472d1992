"""ILSVRC 2012 (Russakovsky et al. 2015), from the user's own copy: train/<synset>/*, and the validation images as its test."""

import re
from pathlib import Path

from orderless.datasets.contract import inside
from orderless.datasets.folder import class_folders, in_order
from orderless.errors import OrderlessError
from orderless.files.images import find_images


def mapped(path: Path) -> dict[str, str]:
    """Image name (without suffix) -> synset, from a text file that has both in each line, in this order, other things behind."""
    found = {}
    for line in path.read_text().splitlines():
        words = re.split(r"[\s,]+", line.strip())
        if len(words) > 1 and re.fullmatch(r"n\d{8}", words[1]):
            found[Path(words[0]).stem] = words[1]
    return found


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """val/<synset>/*, or val/* with the entry's `mapping` (see `mapped`)."""
    train, val = class_folders(inside(root, "train")), inside(root, "val")
    if "mapping" in entry:
        if not Path(entry["mapping"]).is_file():
            raise OrderlessError(f"{entry['mapping']}: no such file. Set 'mapping' to a list of images and synsets.")
        synsets = mapped(Path(entry["mapping"]))
        test: dict[str, list[Path]] = {name: [] for name in train}
        for path in find_images(val):
            if synsets.get(path.stem) not in test:
                raise OrderlessError(f"{entry['mapping']}: gives no synset of 'train' for '{path.name}'. Take the list that fits.")
            test[synsets[path.stem]].append(path)
    else:
        test = class_folders(val)
        if not test:
            raise OrderlessError(f"{val}: has no folder of a synset. Sort its images into such, or set 'mapping' in the entry.")
    base = inside(root, "train").parent
    return [
        {"image": path.relative_to(base).as_posix(), "path": str(path), "split": split, "labels": name}
        for path, split, name in in_order(train, test)
    ]
