"""Data sets: each becomes a folder of images and one index table.

Composed (`digits`), made of any folder (`folder`, `copies`), or as the papers' authors publish them: `official` fetches those and
asks the module of their kind for the rows (`contract`). `rows` is what is done to the rows of any.

Index (CSV), one row an image: `image` (name, unique), `path`, `split` (train or test), `labels` (class names, joined by
`;`), `ignored` (classes, or groups, left out of the evaluation of this image), `group` (retrieval: images that match each
other), `search` (retrieval: query, database, both, or empty), `boxes` (class x y width height in pixels, joined by `;`), `sha256`.
"""

from pathlib import Path

import pandas as pd

from orderless.errors import OrderlessError
from orderless.files.storage import recipe

COLUMNS = ["image", "path", "split", "labels", "ignored", "group", "search", "boxes", "sha256"]


def write_index(rows: list[dict], path: str | Path) -> None:
    """Write an index table; what a row lacks is empty."""
    table = pd.DataFrame([dict.fromkeys(COLUMNS, "") | row for row in rows], columns=COLUMNS)
    twice = table["image"][table["image"].duplicated()]
    if len(twice):
        raise OrderlessError(f"{path}: image '{twice.iloc[0]}' is listed twice.")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def read_index(path: str | Path) -> pd.DataFrame:
    """The index table, every column text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def classes(index: pd.DataFrame) -> list[str]:
    """The class names, sorted."""
    return sorted({label for labels in index["labels"] for label in labels.split(";") if label})


def shard_rows(count: int, shards: int, shard: int) -> range:
    """The rows of the index that make shard `shard` of `shards`: contiguous, sizes differing by one at most."""
    return range(count * shard // shards, count * (shard + 1) // shards)


def shard_images(index: pd.DataFrame, shards: int) -> list[str]:
    """A hash of the images of each shard: their names and their content."""
    images = index[["image", "sha256"]].values.tolist()
    return [recipe(images[rows.start : rows.stop]) for rows in (shard_rows(len(index), shards, number) for number in range(shards))]
