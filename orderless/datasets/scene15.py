"""15-Scene (Lazebnik et al. 2006): grey scenes. 100 training images a class, drawn at random ten times; the others test."""

from pathlib import Path

from orderless.datasets.folder import check_enough, class_folders, in_order
from orderless.datasets.layouts import inside
from orderless.errors import OrderlessError
from orderless.files.seeds import generator


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From <class>/*.jpg. `train` images of each class, a number of the entry, are drawn by its `draw`, not by the run's seed."""
    base = root / "scene_categories" if (root / "scene_categories").is_dir() else root
    train, test = {}, {}
    for name, files in class_folders(base).items():
        if len(files) <= entry["train"]:
            what = f"holds {len(files)} images, too few for {entry['train']} training images and a test"
            raise OrderlessError(f"{inside(base, name)}: {what}. Lower the entry's 'train'.")
        order = generator("scene15", entry["draw"], name).permutation(len(files))
        train[name] = [files[i] for i in sorted(order[: entry["train"]])]
        test[name] = [files[i] for i in sorted(order[entry["train"] :])]
    check_enough(base, {name: len(files) for name, files in train.items()})
    return [
        {"image": path.relative_to(base).as_posix(), "path": str(path), "split": split, "labels": name}
        for path, split, name in in_order(train, test)
    ]
