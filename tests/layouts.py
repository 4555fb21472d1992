"""Miniatures of the papers' data sets: their archives in the official layouts, with small pictures in them."""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from tests.server import Server, pack

COUNTS = {"train": 4, "test": 3}  # images of each class


def picture(*axes, size: tuple[int, int] = (48, 40)) -> bytes:
    """A small JPEG: coarse noise on a colour of its first axis (its class)."""
    rng = np.random.default_rng(list(hashlib.sha256(repr(axes).encode()).digest()[:8]))
    colour = np.random.default_rng(list(hashlib.sha256(repr(axes[0]).encode()).digest()[:8])).integers(0, 256, 3)
    coarse = np.clip(colour + rng.normal(0, 40, (5, 6, 3)), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize(size).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def mat(**arrays) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, arrays)
    return buffer.getvalue()


def text(lines) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def of_classes(names):
    """(class, split, number) of each image: every class has as many."""
    return [(name, split, i) for name in names for split, count in COUNTS.items() for i in range(count)]


def mit67() -> dict[str, bytes]:
    listed = [(split, f"{name}/{name}_{split}{i}.jpg") for name, split, i in of_classes(["bar", "inside_bus"])]
    return {
        "indoorCVPR_09.tar": pack("x.tar", {f"Images/{name}": picture(name.split("/")[0], name) for _, name in listed}),
        "TrainImages.txt": text([*(name for split, name in listed if split == "train"), ""]),
        "TestImages.txt": text(name for split, name in listed if split == "test"),
    }


# The 20 classes as the devkit names them, and so its lists, an index and a report.
VOC_CLASSES = ["aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
               "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"]  # fmt: skip
VOC = {  # set -> image -> what its cat, dog and sofa files say
    "trainval": {f"00000{i}": [(1, -1, -1), (-1, 1, -1), (1, -1, 1), (-1, 1, 1), (0, 1, -1)][i % 5] for i in range(8)},
    "test": {f"10000{i}": [(1, -1, 0), (-1, 1, 1), (0, 0, 1), (1, 1, -1)][i % 4] for i in range(6)},
}


def annotation(cat: int) -> str:
    """An image's objects: a cat where there is one, difficult where it is 0, with a part that has a box too."""
    box = "<bndbox><xmin>3</xmin><ymin>5</ymin><xmax>12</xmax><ymax>24</ymax></bndbox>"
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    seen = f"<object><name>cat</name><difficult>{int(cat == 0)}</difficult>{box}{part}</object>"
    return f"<annotation>{'' if cat == -1 else seen}</annotation>"


def voc2007() -> dict[str, bytes]:
    base = "VOCdevkit/VOC2007"
    found = {}
    for name, said in VOC.items():
        members = {f"{base}/JPEGImages/{image}.jpg": picture(values[:2], image) for image, values in said.items()}
        members[f"{base}/ImageSets/Main/{name}.txt"] = text(said)
        for k, label in enumerate(["cat", "dog", "sofa"]):
            lines = [f"{image} {values[k]:2d}" for image, values in said.items()]
            members[f"{base}/ImageSets/Main/{label}_{name}.txt"] = text(lines)
        for image, (cat, *_) in said.items():
            members[f"{base}/Annotations/{image}.xml"] = annotation(cat).encode()
        archive = f"VOC{name}_06-Nov-2007.tar"
        found[archive] = pack(archive, members)
    return found


def flowers102() -> dict[str, bytes]:
    numbers = np.arange(1, 15)
    labels = np.where(numbers % 2, 1, 2)
    images = {f"jpg/image_{n:05d}.jpg": picture(int(label), int(n)) for n, label in zip(numbers, labels, strict=True)}
    sets = {"trnid": numbers[8:12], "valid": numbers[4:8], "tstid": numbers[[0, 1, 2, 3, 12, 13]]}
    return {
        "102flowers.tgz": pack("x.tgz", images),
        "imagelabels.mat": mat(labels=labels.astype(np.uint8)),
        "setid.mat": mat(**{key: value.astype(np.uint16) for key, value in sets.items()}),
    }


def cub200() -> dict[str, bytes]:
    listed = of_classes(["001.Black_footed_Albatross", "002.Laysan_Albatross"])
    base, names = "CUB_200_2011", [f"{name}/{split}_{i}.jpg" for name, split, i in listed]
    members = {f"{base}/images/{name}": picture(name.split("/")[0], name) for name in names}
    members[f"{base}/images.txt"] = text(f"{n} {name}" for n, name in enumerate(names, 1))
    members[f"{base}/train_test_split.txt"] = text(f"{n} {int(split == 'train')}" for n, (_, split, _) in enumerate(listed, 1))
    members[f"{base}/bounding_boxes.txt"] = text(f"{n} 4.0 {n % 5}.0 40.0 30.0" for n in range(1, len(names) + 1))
    return {"CUB_200_2011.tgz": pack("x.tgz", members | {"attributes.txt": b"1 has_bill_shape::curved\n"})}


def h3d() -> dict[str, bytes]:
    rng, members = np.random.default_rng(3), {}
    for split, count in (("train", 8), ("test", 6)):
        lines = []
        for i in range(count):
            labels = rng.choice([-1, 0, 1], 9)
            labels[:2] = (1, -1) if i % 2 else (-1, 1)
            box = "NaN NaN NaN NaN" if i == 3 else f"{i} 2.5 30 36"
            members[f"attributes_dataset/{split}/{i:05d}.jpg"] = picture(i % 2, split, i)
            lines.append(f"{i:05d}.jpg {box} " + " ".join(map(str, labels)))
        members[f"attributes_dataset/{split}/labels.txt"] = text(lines)
    return {"attributes_dataset.tgz": pack("x.tgz", members)}


def sun397() -> dict[str, bytes]:
    listed = of_classes(["a/abbey", "a/apse/indoor"])
    images = {f"SUN397/{name}/sun_{split}{i}.jpg": picture(name, split, i) for name, split, i in listed}
    lists = {}
    for partition in range(1, 11):
        for split, title in (("train", "Training"), ("test", "Testing")):
            own = [f"/{name}/sun_{s}{i}.jpg" for name, s, i in listed if s == split]
            lists[f"{title}_{partition:02d}.txt"] = text(own if partition == 1 else own[1:] + own[:1])
    return {"SUN397.tar.gz": pack("x.tar.gz", images), "Partitions.zip": pack("x.zip", lists)}


def write_ilsvrc2012(root: Path, mapping: Path) -> None:
    """The user's own copy: train/<synset>/*, val/* and a list of the latter as Kaggle gives it."""
    lines = ["ImageId,PredictionString"]
    for name, split, i in of_classes(["n01440764", "n01443537"]):
        stem = f"ILSVRC2012_val_{len(lines):08d}" if split == "test" else f"{name}_{i}"
        path = root / ("val" if split == "test" else f"train/{name}") / f"{stem}.JPEG"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(name, split, i))
        lines += [f"{stem},{name} 85 1 499 272"] if split == "test" else []
    mapping.write_text("\n".join(lines) + "\n")


def holidays() -> dict[str, bytes]:
    numbers = [100000, 100001, 100002, 100100, 100101, 100200, 100201, 100300, 100301, 100302]
    images = {f"jpg/{n}.jpg": picture(n // 100, n) for n in numbers}
    parts = {"jpg1.tar.gz": numbers[:5], "jpg2.tar.gz": numbers[5:]}
    return {name: pack(name, {f"jpg/{n}.jpg": images[f"jpg/{n}.jpg"] for n in part}) for name, part in parts.items()}


def ukbench() -> dict[str, bytes]:
    images = {f"full/ukbench{i:05d}.jpg": picture(i // 4, i) for i in range(16)}
    return {"ukbench.zip": pack("x.zip", images | {"full/readme.txt": b"-"})}


def buildings(prefix: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Images of two landmarks and others, and the ground truth of two queries each."""
    names = [f"{place}_{i:06d}" for place in ("ashmolean", "bodleian", "street") for i in range(4)]
    images = {f"{name}.jpg": picture(name.split("_")[0], name) for name in names}
    truth = {}
    for place, other in (("ashmolean", "bodleian"), ("bodleian", "street")):
        for number in (1, 2):
            query = f"{place}_{number}"
            truth[f"{query}_query.txt"] = text([f"{prefix}{place}_{number:06d} 4.5 3.0 40.2 36.9"])
            truth[f"{query}_good.txt"] = text([f"{place}_000000", f"{place}_000001"])
            truth[f"{query}_ok.txt"] = text([f"{place}_000002"])
            truth[f"{query}_junk.txt"] = text([f"{place}_000003", f"{other}_000003"])
    return images, truth


def oxford5k() -> dict[str, bytes]:
    images, truth = buildings("oxc1_")
    return {"oxbuild_images-v1.tgz": pack("x.tgz", images), "gt_files_170407.tgz": pack("x.tgz", truth)}


def paris6k() -> dict[str, bytes]:
    images, truth = buildings("")
    placed = {f"paris/{name.split('_')[0]}/{name}": content for name, content in images.items()}
    first = {name: content for name, content in placed.items() if "ashmolean" in name}
    second = {name: content for name, content in placed.items() if name not in first}
    parts = {"paris_1-v1.tgz": first, "paris_2-v1.tgz": second | {"paris/damaged.jpg": b"\xff\xd8\xff"}, "paris_120310.tgz": truth}
    return {name: pack(name, members) for name, members in parts.items()}


def scene15(pictures: dict[str, list[bytes]] | None = None) -> dict[str, bytes]:
    pictures = pictures or {name: [picture(name, i) for i in range(7)] for name in ("bedroom", "CALsuburb")}
    listed = [(f"{name}/image_{i:04d}.jpg", content) for name, own in pictures.items() for i, content in enumerate(own, 1)]
    return {"scene_categories.zip": pack("x.zip", {f"scene_categories/{name}": content for name, content in listed})}


MADE = (mit67, voc2007, flowers102, cub200, h3d, sun397, holidays, ukbench, oxford5k, paris6k, scene15)
MINIATURES = {make.__name__: make for make in MADE}
EXPECTED = {
    "mit67": {"train": 8, "test": 6, "classes": 2},
    "voc2007": {"train": 8, "test": 6, "classes": 3},
    "flowers102": {"train": 8, "test": 6, "classes": 2},
    "cub200": {"train": 8, "test": 6, "classes": 2},
    "h3d": {"train": 8, "test": 6, "classes": 9},
    "sun397": {"train": 8, "test": 6, "classes": 2},
    "ilsvrc2012": {"train": 8, "test": 6, "classes": 2},
    "holidays": {"images": 10, "queries": 4},
    "ukbench": {"images": 16, "queries": 16},
    "oxford5k": {"queries": 4},
    "paris6k": {"queries": 4},
    "scene15": {"train": 8, "test": 6, "classes": 2},
}


def serve(server: Server, name: str, files: dict[str, bytes], published: dict) -> dict:
    """Serve a miniature's files; the changes to its catalog entry: where they are, and their hashes where some are published."""
    server.files |= {f"{name}/{file}": content for file, content in files.items()}
    over = {}
    for file, content in files.items():
        over[file] = {"urls": [server.url(f"{name}/{file}")]}
        if "hash" in published[file]:
            kind = published[file]["hash"].partition(":")[0]
            over[file]["hash"] = f"{kind}:{hashlib.new(kind, content).hexdigest()}"
        if "size" in published[file]:
            over[file]["size"] = len(content)
    return {"files": over, "expected": EXPECTED[name], "shards": 1} | ({"train": 4} if name == "scene15" else {})


def serve_all(server: Server, catalog: dict[str, dict], folder: Path) -> dict[str, dict]:
    """Serve every miniature; the changes to the catalog's data sets that make them small."""
    over = {name: serve(server, name, make(), catalog[name]["files"]) for name, make in MINIATURES.items()}
    root, mapping = folder / "imagenet", folder / "LOC_val_solution.csv"
    write_ilsvrc2012(root, mapping)
    return over | {"ilsvrc2012": {"root": str(root), "mapping": str(mapping), "expected": EXPECTED["ilsvrc2012"], "shards": 1}}
