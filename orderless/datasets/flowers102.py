"""Oxford 102 Flowers (Nilsback and Zisserman 2008).

The two small sets, 10 + 10 images a class, are the training images; the large set is the test.
"""

from pathlib import Path

from orderless.datasets.layouts import inside, read_mat

SETS = {"trnid": "train", "valid": "train", "tstid": "test"}


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From imagelabels.mat (the class of each image, counted from 1) and setid.mat (the image numbers of each set)."""
    images = inside(root, "jpg")
    labels = read_mat(inside(root, "imagelabels.mat"))["labels"].ravel()
    sets, rows = read_mat(inside(root, "setid.mat")), []
    for key, split in SETS.items():
        for number in sorted(int(n) for n in sets[key].ravel()):
            name = f"image_{number:05d}.jpg"
            rows.append({"image": name, "path": str(images / name), "split": split, "labels": f"{labels[number - 1]:03d}"})
    return rows
