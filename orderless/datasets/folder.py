"""The user's own images in folders: `train/<class>/*` and `test/<class>/*`, or `<class>/*` with a seeded split."""

from collections import Counter
from pathlib import Path

from orderless.datasets.checks import examine
from orderless.datasets.fractions import keep_fraction
from orderless.errors import OrderlessError
from orderless.files.images import find_images
from orderless.files.seeds import generator


def existing(root: str | Path) -> Path:
    """The folder of a data set, which must exist."""
    root = Path(root)
    if not root.is_dir():
        raise OrderlessError(f"{root}: no such folder. Set the data set's 'root' to the folder of your images.")
    return root


def in_order(train: dict[str, list[Path]], test: dict[str, list[Path]]) -> list[tuple[Path, str, str]]:
    """(file, split, class or group) of the training images, then of the test images, sorted by class or group."""
    return [
        (path, split, name)
        for split, part in (("train", train), ("test", test))
        for name, files in sorted(part.items())
        for path in files
    ]


def class_folders(root: Path) -> dict[str, list[Path]]:
    """Class name -> its image files. An empty class folder is an error."""
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    classes = {folder.name: find_images(folder) for folder in folders}
    empty = [name for name, files in classes.items() if not files]
    if empty:
        raise OrderlessError(f"{root / empty[0]}: no image in this class folder. Add images or remove the folder.")
    unusable = [name for name in classes if ";" in name]
    if unusable:
        raise OrderlessError(f"{root / unusable[0]}: a class name must not contain ';'. Rename the folder.")
    return classes


def check_enough(root: Path, counts: dict[str, int]) -> None:
    """Raise OrderlessError for a class with fewer than two training images: the cross-validation of C needs two."""
    for name, count in sorted(counts.items()):
        if count < 2:
            raise OrderlessError(f"{root}: class '{name}' has {count} training image{'s' * (count != 1)}; at least two are needed.")


def list_folder(root: str | Path, seed: int, test_fraction: float = 0.3) -> list[tuple[Path, str, str]]:
    """(file, split, class) for each image below `root`, split by the folders `train` and `test`, or by a seeded draw in each class.

    Raises OrderlessError for a missing or empty folder, a class in test only, fewer than two classes, or a class of one image.
    """
    root = existing(root)
    if (root / "train").is_dir() and (root / "test").is_dir():
        train, test = class_folders(root / "train"), class_folders(root / "test")
        test_only = sorted(set(test) - set(train))
        if test_only:
            raise OrderlessError(
                f"{root / 'test' / test_only[0]}: class '{test_only[0]}' is in test only. Add it to train or remove it."
            )
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
    """(file, split, group) for each image below `root`, for retrieval. A folder is a group; images of one group match each other.

    The groups of `test/` are searched and those of `train/` are for training. Without these folders, a seeded draw of whole groups
    is searched. Raises OrderlessError for a missing folder, no group to train on, or a test group of one image.
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
        raise OrderlessError(f"{root}: at least two groups are needed, one to train on and one to search: a folder for each.")
    for name, files in test.items():
        if len(files) < 2:
            raise OrderlessError(
                f"{files[0].parent}: group '{name}' has one image, and a query needs a match. Add an image or remove the group."
            )
    return in_order(train, test)


def index_folder(
    root: str | Path, seed: int, task: str, test_fraction: float, on_bad_image: str, fraction: float = 1
) -> tuple[list[dict], list[str]]:
    """Index rows of a folder, each image decoded once, and a message for each skipped image.

    task: retrieval lists groups, any other task lists classes. on_bad_image: as in `checks.examine`. fraction: of `fractions`.
    """
    root = Path(root)
    listed = (list_groups if task == "retrieval" else list_folder)(root, seed, test_fraction)
    rows = []
    for path, split, label in listed:
        search = "both" if task == "retrieval" and split == "test" else ""
        row = {"image": path.relative_to(root).as_posix(), "path": str(path), "split": split, "labels": label}
        rows.append(row | {"group": label, "search": search})
    rows, bad = examine(keep_fraction(rows, fraction, seed, task), on_bad_image)
    if bad and task != "retrieval":
        remaining = Counter(row["labels"] for row in rows if row["split"] == "train")
        check_enough(root, {name: remaining[name] for _, split, name in listed if split == "train"})
    return rows, bad
