"""15-Scene (Lazebnik et al. 2006): grey scenes; 100 training images a class, drawn at random, ten draws; the others test."""

from pathlib import Path

from orderless.datasets.contract import inside
from orderless.datasets.folder import check_enough, class_folders, in_order
from orderless.errors import OrderlessError
from orderless.files.seeds import generator


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """<class>/image_0001.jpg and on. The entry's `train` images of each class are drawn by its `draw`, not by the run's seed."""
    base = root / "scene_categories" if (root / "scene_categories").is_dir() else root
    train, test = {}, {}
    for name, files in class_folders(base).items():
        if len(files) <= entry["train"]:
            raise OrderlessError(f"{inside(base, name)}: holds {len(files)} images, {entry['train']} are to train. Lower 'train'.")
        order = generator("scene15", entry["draw"], name).permutation(len(files))
        train[name] = [files[i] for i in sorted(order[: entry["train"]])]
        test[name] = [files[i] for i in sorted(order[entry["train"] :])]
    check_enough(base, {name: len(files) for name, files in train.items()})
    return [
        {"image": path.relative_to(base).as_posix(), "path": str(path), "split": split, "labels": name}
        for path, split, name in in_order(train, test)
    ]
