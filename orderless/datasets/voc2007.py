"""PASCAL VOC 2007, classification (Everingham et al. 2010): which of 20 classes are in an image; 11-point AP.

The devkit's image sets say of each class and image 1 (in it), -1 (not in it) or 0 (only objects marked difficult). As in the
devkit's evaluation, an image of 0 does not count for that class in test; it does not train that class either.
"""

from pathlib import Path
from xml.etree import ElementTree

from orderless.datasets.contract import inside, lines
from orderless.errors import OrderlessError

SPLITS = {"train": "trainval", "test": "test"}


def boxes(annotation: Path) -> str:
    """The objects of an annotation that are not difficult, as an index's `boxes`; its corners count pixels from 1."""
    if not annotation.exists():
        return ""
    found = []
    for item in ElementTree.parse(annotation).iter("object"):
        if item.findtext("difficult") != "1" and (box := item.find("bndbox")) is not None:
            left, top, right, bottom = (round(float(box.findtext(key) or 0)) for key in ("xmin", "ymin", "xmax", "ymax"))
            found.append(f"{item.findtext('name')} {left - 1} {top - 1} {right - left + 1} {bottom - top + 1}")
    return ";".join(found)


def rows(root: Path, entry: dict, seed: int) -> list[dict]:
    """trainval trains, test tests; `labels` from ImageSets/Main/<class>_<set>.txt, `ignored` where they say 0."""
    base = inside(root, "VOCdevkit/VOC2007/ImageSets/Main").parents[1]
    found = []
    for split, name in SPLITS.items():
        files = sorted((base / "ImageSets/Main").glob(f"*_{name}.txt"))
        if not files:
            raise OrderlessError(f"{base / 'ImageSets/Main'}: has no '<class>_{name}.txt'. Unpack both official archives here.")
        said: dict[str, dict[str, list[str]]] = {}
        for file in files:
            for image, value in lines(file):
                said.setdefault(image, {"1": [], "-1": [], "0": []})[value].append(file.name.removesuffix(f"_{name}.txt"))
        for image, values in sorted(said.items()):
            row = {"image": f"{image}.jpg", "path": str(base / "JPEGImages" / f"{image}.jpg"), "split": split}
            row |= {"labels": ";".join(values["1"]), "ignored": ";".join(values["0"])}
            found.append(row | {"boxes": boxes(base / "Annotations" / f"{image}.xml")})
    return found
