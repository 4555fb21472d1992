"""Caltech-UCSD Birds 200-2011 (Wah et al. 2011): 200 kinds of birds, a box around each, which paper D cuts to in both splits."""

from pathlib import Path

from orderless.datasets.contract import inside, lines


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """images.txt, train_test_split.txt (1: train) and bounding_boxes.txt (x y width height), each led by the image's number."""
    base = inside(root, "CUB_200_2011/images.txt").parent
    trains = {number: flag == "1" for number, flag in lines(base / "train_test_split.txt")}
    boxes = {number: box for number, *box in lines(base / "bounding_boxes.txt")}
    found = []
    for number, name in lines(base / "images.txt"):
        label = name.split("/")[0]
        row = {"image": name, "path": str(base / "images" / name), "split": "train" if trains[number] else "test"}
        row |= {"labels": label, "boxes": " ".join([label, *boxes[number]])}
        found.append(row | {"box": tuple(float(value) for value in boxes[number])})
    return found
