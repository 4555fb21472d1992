"""MIT Indoor 67 (Quattoni and Torralba 2009): 67 indoor scenes, about 80 training and 20 test images a class."""

from pathlib import Path

from orderless.datasets.layouts import inside


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From TrainImages.txt and TestImages.txt, which list `<class>/<file>` below Images/."""
    images, rows = inside(root, "Images"), []
    for split, file in (("train", "TrainImages.txt"), ("test", "TestImages.txt")):
        for line in inside(root, file).read_text().splitlines():
            if name := line.strip():
                rows.append({"image": name, "path": str(images / name), "split": split, "labels": name.split("/")[0]})
    return rows
