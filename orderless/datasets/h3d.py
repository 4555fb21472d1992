"""H3D human attributes (Bourdev et al. 2011): nine attributes of people, each seen or not; AP.

A line of labels.txt: file, the visible bounds (x y width height; NaN where the whole image is meant), nine labels of 1, -1, or 0
where the attribute cannot be told: such an image does not count for it.
"""

from pathlib import Path

from orderless.datasets.contract import inside, lines
from orderless.errors import OrderlessError

ATTRIBUTES = ["is_male", "has_long_hair", "has_glasses", "has_hat", "has_t-shirt", "has_long_sleeves", "has_shorts", "has_jeans",
              "has_long_pants"]  # fmt: skip


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """The people of train/labels.txt and test/labels.txt, whose images lie beside."""
    found = []
    for split in ("train", "test"):
        file = inside(root, f"attributes_dataset/{split}/labels.txt")
        for name, *values in lines(file):
            if len(values) != 4 + len(ATTRIBUTES):
                raise OrderlessError(f"{file}: '{name}' has {len(values)} values, not 4 bounds and 9 labels. Fetch it again.")
            said = {value: [a for a, v in zip(ATTRIBUTES, values[4:], strict=True) if int(float(v)) == value] for value in (1, 0)}
            row = {"image": f"{split}/{name}", "path": str(file.parent / name), "split": split}
            row |= {"labels": ";".join(said[1]), "ignored": ";".join(said[0])}
            whole = values[0].lower() == "nan"
            found.append(row if whole else row | {"box": tuple(float(v) for v in values[:4])})
    return found
