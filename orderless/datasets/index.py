"""The index of a data set: a CSV table with one row for each image, every column text.

image    the name, unique
path     the file
split    train or test
labels   the classes of the image, joined by `;`
ignored  classes (or groups, for retrieval) that this image does not count for, joined by `;`
group    for retrieval: the group, or groups joined by `;`; images of one group match each other
search   for retrieval: `query`, `database`, `both`, or empty
boxes    objects as `class x y width height` in pixels, joined by `;`
sha256   of the file
"""

from pathlib import Path

import pandas as pd

from orderless.errors import OrderlessError
from orderless.files.storage import recipe, write_text

COLUMNS = ["image", "path", "split", "labels", "ignored", "group", "search", "boxes", "sha256"]


def write_index(rows: list[dict], path: str | Path) -> None:
    """Write an index table. Columns that a row lacks are empty."""
    table = pd.DataFrame([dict.fromkeys(COLUMNS, "") | row for row in rows], columns=COLUMNS)
    repeated = table["image"][table["image"].duplicated()]
    if len(repeated):
        raise OrderlessError(f"{path}: image '{repeated.iloc[0]}' is listed twice.")
    write_text(path, table.to_csv(index=False))


def read_index(path: str | Path) -> pd.DataFrame:
    """The index table; empty cells are empty strings."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def classes(index: pd.DataFrame) -> list[str]:
    """The class names, sorted."""
    return sorted({label for labels in index["labels"] for label in labels.split(";") if label})


def shard_rows(count: int, shards: int, shard: int) -> range:
    """The rows of shard `shard` of `shards`, of an index with `count` rows: contiguous; sizes differ by one at most."""
    return range(count * shard // shards, count * (shard + 1) // shards)


def shard_images(index: pd.DataFrame, shards: int) -> list[str]:
    """For each shard a hash of its images: of their names and their content."""
    images = index[["image", "sha256"]].values.tolist()
    return [recipe(images[rows.start : rows.stop]) for rows in (shard_rows(len(index), shards, number) for number in range(shards))]
