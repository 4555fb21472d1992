"""Oxford 102 Flowers (Nilsback and Zisserman 2008). Both of its small sets train, 10 + 10 images a class; the large one tests."""

from pathlib import Path

from orderless.datasets.contract import inside, read_mat

SETS = {"trnid": "train", "valid": "train", "tstid": "test"}


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """imagelabels.mat: the class (from 1) of image_00001.jpg and on. setid.mat: the images of each set, by number."""
    images = inside(root, "jpg")
    labels = read_mat(inside(root, "imagelabels.mat"))["labels"].ravel()
    sets, found = read_mat(inside(root, "setid.mat")), []
    for key, split in SETS.items():
        for number in sorted(int(n) for n in sets[key].ravel()):
            name = f"image_{number:05d}.jpg"
            found.append({"image": name, "path": str(images / name), "split": split, "labels": f"{labels[number - 1]:03d}"})
    return found
