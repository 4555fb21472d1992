"""Caltech-UCSD Birds 200-2011 (Wah et al. 2011): 200 species of birds, with a box around each bird.

Paper D cuts the images of both splits to the boxes.
"""

from pathlib import Path

from orderless.datasets.layouts import inside, lines


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From images.txt, train_test_split.txt (1: train) and bounding_boxes.txt (x y width height), all by image number."""
    base = inside(root, "CUB_200_2011/images.txt").parent
    is_train = {number: flag == "1" for number, flag in lines(base / "train_test_split.txt")}
    boxes = {number: box for number, *box in lines(base / "bounding_boxes.txt")}
    rows = []
    for number, name in lines(base / "images.txt"):
        label = name.split("/")[0]
        row = {"image": name, "path": str(base / "images" / name), "split": "train" if is_train[number] else "test"}
        row |= {"labels": label, "boxes": " ".join([label, *boxes[number]])}
        rows.append(row | {"box": tuple(float(value) for value in boxes[number])})
    return rows
