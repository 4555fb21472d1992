"""MIT Indoor 67 (Quattoni and Torralba 2009): 67 indoor scenes, about 80 training and 20 test images a class."""

from pathlib import Path

from orderless.datasets.contract import inside


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """The images of TrainImages.txt and TestImages.txt, which name them as `<class>/<file>` below Images/."""
    images, found = inside(root, "Images"), []
    for split, file in (("train", "TrainImages.txt"), ("test", "TestImages.txt")):
        for line in inside(root, file).read_text().splitlines():
            if name := line.strip():
                found.append({"image": name, "path": str(images / name), "split": split, "labels": name.split("/")[0]})
    return found
