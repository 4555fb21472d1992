"""PASCAL VOC 2007, classification (Everingham et al. 2010): which of 20 classes an image shows, judged by 11-point AP.

For each class and image, the devkit's lists say 1 (present), -1 (absent) or 0 (only objects marked difficult). As in the devkit's
evaluation, a test image with 0 does not count for that class; a training image with 0 is not used for that class either.
"""

from pathlib import Path
from xml.etree import ElementTree

from orderless.datasets.layouts import inside, lines
from orderless.errors import OrderlessError

SPLITS = {"train": "trainval", "test": "test"}


def boxes(annotation: Path) -> str:
    """The objects of an annotation that are not marked difficult, in the format of the index. Annotations count pixels from 1."""
    if not annotation.exists():
        return ""
    objects = []
    for item in ElementTree.parse(annotation).iter("object"):
        if item.findtext("difficult") != "1" and (box := item.find("bndbox")) is not None:
            left, top, right, bottom = (round(float(box.findtext(key) or 0)) for key in ("xmin", "ymin", "xmax", "ymax"))
            objects.append(f"{item.findtext('name')} {left - 1} {top - 1} {right - left + 1} {bottom - top + 1}")
    return ";".join(objects)


def index_rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """From ImageSets/Main/<class>_trainval.txt (train) and <class>_test.txt (test); `ignored` for a value of 0."""
    base = inside(root, "VOCdevkit/VOC2007/ImageSets/Main").parents[1]
    rows = []
    for split, name in SPLITS.items():
        files = sorted((base / "ImageSets/Main").glob(f"*_{name}.txt"))
        if not files:
            raise OrderlessError(f"{base / 'ImageSets/Main'}: has no '<class>_{name}.txt'. Unpack both official archives here.")
        with_value: dict[str, dict[str, list[str]]] = {}
        for file in files:
            for image, value in lines(file):
                with_value.setdefault(image, {"1": [], "-1": [], "0": []})[value].append(file.name.removesuffix(f"_{name}.txt"))
        for image, values in sorted(with_value.items()):
            row = {"image": f"{image}.jpg", "path": str(base / "JPEGImages" / f"{image}.jpg"), "split": split}
            row |= {"labels": ";".join(values["1"]), "ignored": ";".join(values["0"])}
            rows.append(row | {"boxes": boxes(base / "Annotations" / f"{image}.xml")})
    return rows
