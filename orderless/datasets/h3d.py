"""H3D human attributes (Bourdev et al. 2011): nine attributes of people, each present or absent, judged by AP.

A line of labels.txt holds the file, the visible bounds (x y width height, or NaN for the whole image), and nine labels: 1, -1, or 0
if the attribute cannot be recognised. An image with 0 does not count for that attribute.
"""

from pathlib import Path

from orderless.datasets.layouts import inside, lines
from orderless.errors import OrderlessError

ATTRIBUTES = ["is_male", "has_long_hair", "has_glasses", "has_hat", "has_t-shirt", "has_long_sleeves", "has_shorts", "has_jeans",
              "has_long_pants"]  # fmt: skip


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From train/labels.txt and test/labels.txt; the images are beside them."""
    rows = []
    for split in ("train", "test"):
        file = inside(root, f"attributes_dataset/{split}/labels.txt")
        for name, *values in lines(file):
            if len(values) != 4 + len(ATTRIBUTES):
                raise OrderlessError(f"{file}: '{name}' has {len(values)} values, not 4 bounds and 9 labels. Fetch it again.")
            marks = [int(float(value)) for value in values[4:]]
            with_mark = {mark: [a for a, m in zip(ATTRIBUTES, marks, strict=True) if m == mark] for mark in (1, 0)}
            row = {"image": f"{split}/{name}", "path": str(file.parent / name), "split": split}
            row |= {"labels": ";".join(with_mark[1]), "ignored": ";".join(with_mark[0])}
            whole_image = values[0].lower() == "nan"
            rows.append(row if whole_image else row | {"box": tuple(float(v) for v in values[:4])})
    return rows
