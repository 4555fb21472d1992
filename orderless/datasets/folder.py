"""Anybody's own images: `train/<class>/*` and `test/<class>/*`, or `<class>/*` with a seeded split."""

from collections import Counter
from pathlib import Path

from orderless.datasets.rows import examine, keep_fraction
from orderless.errors import OrderlessError
from orderless.files.images import find_images
from orderless.files.seeds import generator


def existing(root: str | Path) -> Path:
    """The folder of a data set, which must be there."""
    root = Path(root)
    if not root.is_dir():
        raise OrderlessError(f"{root}: no such folder. Set the data set's 'root' to the folder of your images.")
    return root


def in_order(train: dict[str, list[Path]], test: dict[str, list[Path]]) -> list[tuple[Path, str, str]]:
    """(file, split, class or group) of both splits, by the names of their folders."""
    return [
        (path, split, name)
        for split, part in (("train", train), ("test", test))
        for name, files in sorted(part.items())
        for path in files
    ]


def class_folders(root: Path) -> dict[str, list[Path]]:
    """Class name -> its image files. An empty class folder is an error."""
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    found = {folder.name: find_images(folder) for folder in folders}
    empty = [name for name, files in found.items() if not files]
    if empty:
        raise OrderlessError(f"{root / empty[0]}: no image in this class folder. Add images or remove the folder.")
    odd = [name for name in found if ";" in name]
    if odd:
        raise OrderlessError(f"{root / odd[0]}: a class name must not contain ';'. Rename the folder.")
    return found


def check_enough(root: Path, counts: dict[str, int]) -> None:
    """Every class must have two training images, or C cannot be chosen on them."""
    for name, count in sorted(counts.items()):
        if count < 2:
            raise OrderlessError(f"{root}: class '{name}' has {count} training image{'s' * (count != 1)}; at least two are needed.")


def list_folder(root: str | Path, seed: int, test_fraction: float = 0.3) -> list[tuple[Path, str, str]]:
    """(file, split, class) for each image under `root`, split as the folders say, or else by a seeded draw in each class.

    Raises OrderlessError for a missing or empty folder, a class in test only, fewer than two classes, a one-image class.
    """
    root = existing(root)
    if (root / "train").is_dir() and (root / "test").is_dir():
        train, test = class_folders(root / "train"), class_folders(root / "test")
        alone = sorted(set(test) - set(train))
        if alone:
            raise OrderlessError(f"{root / 'test' / alone[0]}: class '{alone[0]}' is in test only. Add it to train or remove it.")
    else:
        train, test = {}, {}
        for name, files in class_folders(root).items():
            order = generator(seed, "split", name).permutation(len(files))
            held_out = max(1, round(test_fraction * len(files)))
            test[name] = [files[i] for i in sorted(order[:held_out])]
            train[name] = [files[i] for i in sorted(order[held_out:])]
    if len(train) < 2:
        raise OrderlessError(f"{root}: {len(train)} class folders found, at least two are needed: one folder for each class.")
    check_enough(root, {name: len(files) for name, files in train.items()})
    if not any(test.values()):
        raise OrderlessError(f"{root}: no test image. Add some under test/<class>.")
    return in_order(train, test)


def list_groups(root: str | Path, seed: int, test_fraction: float = 0.5) -> list[tuple[Path, str, str]]:
    """(file, split, group) for each image of a folder that is searched: a folder a group, images of a group match each other.

    The groups of `test/` are searched, those of `train/` only train; or else a seeded draw of whole groups is searched.
    Raises OrderlessError for a missing folder, one without groups to train on, or a group of one image to be searched.
    """
    root = existing(root)
    if (root / "train").is_dir() and (root / "test").is_dir():
        train, test = class_folders(root / "train"), class_folders(root / "test")
    else:
        groups = class_folders(root)
        order = generator(seed, "split").permutation(len(groups))
        names = {list(groups)[i] for i in order[: max(1, round(test_fraction * len(groups)))]}
        test = {name: files for name, files in groups.items() if name in names}
        train = {name: files for name, files in groups.items() if name not in names}
    if not train or not test:
        raise OrderlessError(f"{root}: at least two groups are needed, to train on and to search: a folder for each.")
    for name, files in test.items():
        if len(files) < 2:
            raise OrderlessError(f"{files[0].parent}: group '{name}' has one image; a query needs a match. Add one or remove it.")
    return in_order(train, test)


def index_folder(
    root: str | Path, seed: int, task: str, test_fraction: float, on_bad_image: str, fraction: float = 1
) -> tuple[list[dict], list[str]]:
    """Index rows for a folder, each image decoded once to know that it can be. Returns the rows and what was skipped.

    task: retrieval lists groups, of which the test images are searched; any other lists classes.
    on_bad_image, fraction: as in `orderless.datasets.rows`.
    """
    root = Path(root)
    listed = (list_groups if task == "retrieval" else list_folder)(root, seed, test_fraction)
    rows = []
    for path, split, label in listed:
        search = "both" if task == "retrieval" and split == "test" else ""
        found = {"image": path.relative_to(root).as_posix(), "path": str(path), "split": split, "labels": label}
        rows.append(found | {"group": label, "search": search})
    rows, bad = examine(keep_fraction(rows, fraction, seed, task), on_bad_image)
    if bad and task != "retrieval":
        left = Counter(row["labels"] for row in rows if row["split"] == "train")
        check_enough(root, {name: left[name] for _, split, name in listed if split == "train"})
    return rows, bad
