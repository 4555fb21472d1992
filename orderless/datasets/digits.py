"""Digit scenes: real handwritten digits composed into cluttered scenes by a seeded rule.

The digits are scikit-learn's `load_digits` (1,797 images of 8 x 8, the test part of the UCI Optical Recognition of
Handwritten Digits set: 13 writers, one after another). The file is divided into contiguous blocks: for the source task (on
which TinyAlex is trained), the training scenes, the validation scenes (on which every number below was chosen) and the test
scenes. So no digit is in two blocks, and no writer except where two blocks meet.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from orderless.files.seeds import generator
from orderless.files.storage import file_hash, write_text

BLOCKS = {"source": (0, 970), "train": (970, 1250), "val": (1250, 1390), "test": (1390, 1797)}
CLASSES = 10  # of scenes; class c has mostly the digits c, c + 1 and c + 3 (mod 10): two classes share at most one


@dataclass(frozen=True)
class Scene:
    """How a scene is composed. Lengths are in pixels of the finished scene."""

    side: int = 96
    digits: tuple[int, int] = (5, 6)
    large: tuple[int, int] = (48, 76)  # the size of the first digit
    small: tuple[int, int] = (16, 30)  # the size of every other digit
    purity: float = 0.9  # the share of digits that are drawn from the three of the scene's class
    clutter: int = 16  # number of stroke fragments, each a few pixels wide
    noise: float = 10.0  # standard deviation of the pixel noise, on a scale of 0 to 255
    overlap: float = 0.15  # the largest share of a digit's box that another digit may cover


OBJECTS = Scene(large=(32, 64), small=(18, 44))


def load_block(block: str) -> tuple[np.ndarray, np.ndarray]:
    """Digits of one block: images (n, 8, 8) uint8 in 0..255, labels (n,) int64."""
    from sklearn.datasets import load_digits

    first, last = BLOCKS[block]
    data = load_digits()
    images = np.round(data.images[first:last] * (255 / 16)).astype(np.uint8)
    return images, data.target[first:last].astype(np.int64)


def enlarge(digit: np.ndarray, size: int, angle: float = 0.0) -> np.ndarray:
    """The (8, 8) uint8 digit resampled to (size, size) float32 in 0..255, rotated by `angle` degrees."""
    picture = Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC)
    if angle:
        picture = picture.rotate(angle, Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32)


def deform(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The (8, 8) uint8 digit stretched, sheared and rotated a little about its centre, enlarged to (32, 32)."""
    angle, shear = np.radians(rng.uniform(-12, 12)), rng.uniform(-0.25, 0.25)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = rotation @ np.array([[1.0, shear], [0.0, 1.0]]) @ np.diag(rng.uniform(0.85, 1.2, 2))
    offset = 4 - matrix @ [4, 4]
    # Enlarged four times first: deforming the 8 x 8 picture itself would blur it too much.
    large = Image.fromarray(digit).resize((32, 32), Image.Resampling.BICUBIC)
    coefficients = (*matrix[0], offset[0] * 4, *matrix[1], offset[1] * 4)
    return np.asarray(large.transform((32, 32), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))


def paste(canvas: np.ndarray, ink: np.ndarray, x: int, y: int) -> None:
    """Draw `ink` onto `canvas` (both float32) at column x and row y. The brighter pixel wins; ink outside the canvas is cut off."""
    height, width = canvas.shape
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + ink.shape[0], height), min(x + ink.shape[1], width)
    if bottom > top and right > left:
        part = ink[top - y : bottom - y, left - x : right - x]
        np.maximum(canvas[top:bottom, left:right], part, out=canvas[top:bottom, left:right])


def background(rng: np.random.Generator, side: int, clutter: int, digits: np.ndarray) -> np.ndarray:
    """A dark (side, side) float32 canvas with `clutter` fragments of strokes from `digits`."""
    canvas = np.full((side, side), rng.uniform(10, 50), np.float32)
    for _ in range(clutter):
        piece = digits[rng.integers(len(digits))]
        row, col = rng.integers(0, 5, 2)
        fragment = enlarge(np.ascontiguousarray(piece[row : row + 4, col : col + 4]), int(rng.integers(5, 11)), rng.uniform(0, 360))
        paste(canvas, fragment * rng.uniform(0.4, 0.9), *(int(v) for v in rng.integers(-3, side, 2)))
    return canvas


def finish(rng: np.random.Generator, canvas: np.ndarray, noise: float) -> np.ndarray:
    """Add pixel noise and return uint8."""
    return np.clip(np.round(canvas + rng.normal(0, noise, canvas.shape)), 0, 255).astype(np.uint8)


def place(
    rng: np.random.Generator, scene: Scene, sizes: tuple[int, int], boxes: list[tuple[int, int, int]]
) -> tuple[int, int, int] | None:
    """A free square (x, y, size) for one more digit, or None if none is found in 60 draws."""
    for _ in range(60):
        size = round(np.exp(rng.uniform(np.log(sizes[0]), np.log(sizes[1]))))
        x, y = (int(v) for v in rng.integers(0, scene.side - size + 1, 2))
        if all(covered((x, y, size), other) <= scene.overlap for other in boxes):
            return x, y, size
    return None


def covered(a: tuple[int, int, int], b: tuple[int, int, int]) -> float:
    """The area that two squares share, as a fraction of the smaller one."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[2], b[1] + b[2]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0) / min(a[2], b[2]) ** 2


def compose(
    rng: np.random.Generator, scene: Scene, chosen: list[int], digits: np.ndarray
) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """A scene that shows digits at random places and scales. digits: (n, 8, 8) uint8. chosen: the indices of those to show.

    Returns the image (side, side) uint8, and a box (position in `chosen`, x, y, size) for each digit that there was room for.
    """
    canvas = background(rng, scene.side, scene.clutter, digits)
    boxes: list[tuple[int, int, int]] = []
    shown = []
    for position, digit in enumerate(chosen):
        box = place(rng, scene, scene.small if boxes else scene.large, boxes)
        if box is not None:
            boxes.append(box)
            shown.append((position, *box))
            ink = enlarge(digits[digit], box[2], rng.uniform(-10, 10)) * rng.uniform(0.7, 1.0)
            paste(canvas, ink, box[0], box[1])
    return finish(rng, canvas, scene.noise), shown


def mixture(rng: np.random.Generator, scene: Scene, label: int, labels: np.ndarray) -> list[int]:
    """The indices of digits for a scene of class `label`: mostly the three digits of that class. labels: (n,) of all digits."""
    of_class = [label % CLASSES, (label + 1) % CLASSES, (label + 3) % CLASSES]
    count = int(rng.integers(scene.digits[0], scene.digits[1] + 1))
    drawn = [int(rng.choice(of_class)) if rng.random() < scene.purity else int(rng.integers(10)) for _ in range(count)]
    return [int(rng.choice(np.flatnonzero(labels == digit))) for digit in drawn]


def several(rng: np.random.Generator, labels: np.ndarray) -> list[int]:
    """The indices of digits for a multi-label scene: one to four different digits. labels: (n,) of all digits."""
    drawn = rng.permutation(10)[: int(rng.integers(1, 5))]
    return [int(rng.choice(np.flatnonzero(labels == digit))) for digit in drawn]


def compose_dataset(entry: dict, folder: Path, root_seed: int) -> list[dict]:
    """Write the images of a catalog entry of kind `digits` into `folder`; return their index rows.

    Training scenes show digits of the training block, test scenes those of `entry["block"]`. The label is, for the rule `scenes`,
    the class whose digits were preferred; for `objects`, every digit that is shown. Rule `rearranged`: see `compose_groups`.
    """
    if entry["rule"] == "rearranged":
        return compose_groups(entry, folder, root_seed)
    rows = []
    for split, block in (("train", "train"), ("test", entry["block"])):
        digits, labels = load_block(block)
        for number in range(entry[split]):
            rng = generator(root_seed, entry["rule"], split, block, number)
            if entry["rule"] == "scenes":
                label = number % CLASSES
                image, shown = compose(rng, Scene(), mixture(rng, Scene(), label, labels), digits)
                names = [f"scene{label}"]
            else:
                chosen = several(rng, labels)
                image, shown = compose(rng, OBJECTS, chosen, digits)
                names = [str(labels[chosen[position]]) for position, *_ in shown]
                boxes = [f"{name} {x} {y} {size} {size}" for name, (_, x, y, size) in zip(names, shown, strict=True)]
            row = write_image(image, folder, split, number) | {"labels": ";".join(sorted(names))}
            rows.append(row | ({"boxes": ";".join(boxes)} if entry["rule"] == "objects" else {}))
    return rows


def write_image(image: np.ndarray, folder: Path, split: str, number: int) -> dict:
    """Write one image as PNG. Returns the columns of its index row that are known so far."""
    path = folder / split / f"{number:04d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return {"image": f"{split}/{path.name}", "path": str(path), "split": split, "sha256": file_hash(path)}


def compose_groups(entry: dict, folder: Path, root_seed: int) -> list[dict]:
    """Rule `rearranged`, for retrieval: four consecutive images show the same written digits at other places."""
    rows = []
    for split, block in (("train", "train"), ("test", entry["block"])):
        digits, labels = load_block(block)
        for number in range(entry[split]):
            group = number // 4
            chosen = generator(root_seed, "rearranged", split, block, group).permutation(len(digits))[:4].tolist()
            image, _ = compose(generator(root_seed, "rearranged", split, block, group, number), OBJECTS, chosen, digits)
            row = write_image(image, folder, split, number) | {"labels": ";".join(sorted({str(labels[i]) for i in chosen}))}
            rows.append(row | {"group": f"{split}{group:03d}", "search": "both" if split == "test" else ""})
    return rows


def write_thumbnails(rows: list[dict], path: str | Path) -> None:
    """Write each image, reduced to 8 x 8, as a vector of a CSV file: an example of a precomputed feature."""
    import pandas as pd

    small = [np.asarray(Image.open(row["path"]).resize((8, 8), Image.Resampling.BOX)).ravel() / 255 for row in rows]
    table = pd.DataFrame(small, index=pd.Index([row["image"] for row in rows], name="image"), columns=[f"v{i}" for i in range(64)])
    write_text(path, table.round(4).to_csv())
