"""Activations: images through a dense network, its tapped layers as local descriptors, projected on the way out.

A descriptor set is what one or more representations share: views, a layer, a projection. One job looks at a shard of
images and makes every set of the selected representations from the same forward passes.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image

from orderless.activations.views import Level, cut, levels, windows
from orderless.backbones.bands import Reach, in_bands, reach
from orderless.backbones.dense import DenseNetwork
from orderless.errors import OrderlessError

POOLED = ("mean", "max")  # projections that pool a level at once
BATCH_PIXELS = {"cpu": 250_000, "cuda": 20_000_000}  # inputs of one size go through together up to this many pixels
BAND_PIXELS = {"cpu": 4_000_000, "cuda": 40_000_000}  # a larger input goes through in bands
AHEAD = 3  # images that wait for the network, cut


@dataclass
class Descriptors:
    """Local descriptors of one image in one set, level after level.

    x: (n, d) float32. guide: (n, g) float32 or None. windows: (n, 4) float32, x y width height relative to the image.
    rows: rows of x in each level. counts: descriptors behind them, more than rows where a level was averaged at once.
    """

    x: np.ndarray
    guide: np.ndarray | None
    windows: np.ndarray
    rows: list[int]
    counts: list[int]


@dataclass
class Prepared:
    """An image, cut. levels: those of each set. inputs: of each level, as `views.cut` gives them. seconds: of computing them."""

    levels: dict[str, list[Level]]
    inputs: dict[Level, np.ndarray]
    seconds: dict[Level, float]


def units(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Each size x size neighbourhood of units of (n, c, rows, columns) maps as one descriptor, border units left out.

    Returns (n, (rows - size + 1) * (columns - size + 1), c * size^2). Paper D, Sec. 3.1: 13 x 13 x 384 gives 121 of 3,456.
    """
    if size == 1:
        return maps.flatten(2).transpose(1, 2)
    return torch.nn.functional.unfold(maps, size).transpose(1, 2)


def inner(maps: torch.Tensor, size: int) -> torch.Tensor:
    """The units of the guiding layer at the centres of the neighbourhoods of `units`."""
    border = size // 2
    return units(maps[..., border : maps.shape[-2] - border, border : maps.shape[-1] - border], 1)


class Extractor:
    """Runs a dense network over images and yields their descriptors, set by set.

    backbone: its catalog entry. sets: set id -> {views, layer, projection} resolved. projections: set id -> PCA arrays;
    a set that has none comes raw. A set with projection `mean` or `max` is pooled so over each level at once.
    precision: float32 or bfloat16, of the forward passes; all else is float32. network may be None where every set is of SIFT.
    """

    def __init__(
        self,
        network: DenseNetwork,
        backbone: dict,
        sets: dict[str, dict],
        projections: dict[str, dict] | None = None,
        device: str = "cpu",
        precision: str = "float32",
    ):
        self.kind, self.precision = device.split(":")[0], getattr(torch, precision)
        self.network, self.backbone, self.sets, self.device = network, backbone, sets, device
        self.seconds = dict.fromkeys(sets, 0.0)  # what each set took: its taps and its projection
        self.forward_seconds = dict.fromkeys(sets, 0.0)  # the forward passes of its levels, which other sets may share
        self.projections = {
            name: {key: torch.from_numpy(value).to(device) for key, value in pca.items()}
            for name, pca in (projections or {}).items()
        }
        unit = 255 / backbone.get("range", 1)  # of `mean` and `std` in grey levels
        self.mean, self.std = (unit * torch.tensor(backbone[key], device=device).view(1, 3, 1, 1) for key in ("mean", "std"))
        self.bgr = backbone.get("channels", "rgb") == "bgr"

    @cached_property
    def reach(self) -> Reach | None:
        """How far the network's units see; measured when the first large input comes."""
        return reach(self.network)

    def levels_of(self, name: str, image_size: tuple[int, int]) -> list[Level]:
        """The levels that a set looks at in an image of (width, height)."""
        return levels(self.sets[name]["views"], self.backbone["input"], self.backbone["canvas"], image_size)

    def prepare(self, image: Image.Image) -> Prepared:
        """The network's inputs in every level that a set looks at; needs no accelerator."""
        of_set, inputs, seconds = {name: self.levels_of(name, image.size) for name in self.sets}, {}, {}
        # Two views that share a level (the whole image is the pyramid's first) share its inputs and its forward pass.
        for level in dict.fromkeys(level for found in of_set.values() for level in found):
            begin = time.thread_time()
            inputs[level] = cut(image, level)
            seconds[level] = time.thread_time() - begin
        return Prepared(of_set, inputs, seconds)

    def describe(self, image: Image.Image | Prepared) -> dict[str, Descriptors]:
        """Every set's descriptors of one image."""
        ready = self.prepare(image) if isinstance(image, Image.Image) else image
        parts: dict[str, list[tuple]] = {name: [()] * len(found) for name, found in ready.levels.items()}
        for level, inputs in ready.inputs.items():
            begin = time.perf_counter()
            looking = [name for name, found in ready.levels.items() if level in found]
            maps = self.forward(inputs) if any("tap" in self.sets[name]["layer"] for name in looking) else {}
            forward = ready.seconds[level] + time.perf_counter() - begin
            for name in looking:
                begin = time.perf_counter()
                sift = self.sets[name]["layer"].get("sift")
                raw = self.sift_level(level, inputs, sift) if sift else self.network_level(name, level, maps)
                parts[name][ready.levels[name].index(level)] = self.projected(name, *raw)
                self.seconds[name] += time.perf_counter() - begin
                self.forward_seconds[name] += 0 if sift else forward
        return {name: join(found) for name, found in parts.items()}

    def forward(self, inputs: np.ndarray) -> dict[str, torch.Tensor]:
        """(n, h, w, 3) uint8 -> the maps of every tapped layer."""
        step = max(1, BATCH_PIXELS[self.kind] // (inputs.shape[1] * inputs.shape[2]))
        found: list[dict[str, torch.Tensor]] = []
        reduced = torch.autocast(self.kind, self.precision, enabled=self.precision != torch.float32)
        with torch.inference_mode(), reduced:
            for first in range(0, len(inputs), step):
                x = torch.from_numpy(inputs[first : first + step]).to(self.device).permute(0, 3, 1, 2).float()
                x = (x.flip(1) if self.bgr else x).sub_(self.mean).div_(self.std)
                large = x.shape[-2] * x.shape[-1] > BAND_PIXELS[self.kind]
                maps = in_bands(self.network, x, BAND_PIXELS[self.kind], self.reach) if large else self.network(x)
                found.append({role: tap.float() for role, tap in maps.items()})
        return found[0] if len(found) == 1 else {role: torch.cat([maps[role] for maps in found]) for role in found[0]}

    def network_level(self, name: str, level: Level, maps: dict[str, torch.Tensor]) -> tuple:
        """(x, guide, windows) of one set in one level, raw."""
        layer = self.sets[name]["layer"]
        size = layer.get("units", 1)
        tap = maps[layer["tap"]]
        grid = (tap.shape[-2] - size + 1, tap.shape[-1] - size + 1)
        if min(grid) < 1:
            raise OrderlessError(
                f"set '{name}': a map of {tap.shape[-2]} x {tap.shape[-1]} has no neighbourhood of {size} x {size} units. "
                "Take a layer with a larger map, fewer 'units', or a larger view."
            )
        guide = inner(maps[layer["guide"]], size).flatten(0, 1).clamp_min(0) if "guide" in layer else None
        if guide is not None and len(guide) != len(tap) * grid[0] * grid[1]:
            raise OrderlessError(f"set '{name}': '{layer['tap']}' and its guide '{layer['guide']}' have maps of different sizes.")
        geometry = self.network.geometry[layer["tap"]]
        where = windows(level, grid, geometry.stride, geometry.window + (size - 1) * geometry.stride)
        return units(tap, size).flatten(0, 1), guide, where

    def sift_level(self, level: Level, inputs: np.ndarray, sift: dict) -> tuple:
        """The same of dense SIFT, on views that show the whole image."""
        from orderless.activations.sift import dense_sift

        x, where = dense_sift(inputs[0], sift["step"], sift["bin"])
        return torch.from_numpy(x).to(self.device), None, where / np.array([*level.size, *level.size], np.float32)

    def projected(self, name: str, x: torch.Tensor, guide: torch.Tensor | None, where: np.ndarray) -> tuple:
        """(x, guide, windows, count): projected, or pooled over the level at once."""
        count = len(x)
        if name in self.projections:
            pca = self.projections[name]
            x = torch.nn.functional.normalize(x) if self.sets[name]["projection"].get("unit") else x
            x = (x - pca["mean"]) @ pca["basis"]
        elif self.sets[name]["projection"] in POOLED:
            x = x.mean(0, keepdim=True) if self.sets[name]["projection"] == "mean" else x.amax(0, keepdim=True)
            where = np.array([[0, 0, 1, 1]], np.float32)
        return x.cpu().numpy(), None if guide is None else guide.cpu().numpy(), where, count


def join(parts: list[tuple]) -> Descriptors:
    """The levels of an image one after another."""
    guide = None if parts[0][1] is None else np.concatenate([part[1] for part in parts])
    x, where = (np.concatenate([part[i] for part in parts]) for i in (0, 2))
    return Descriptors(x, guide, where, [len(part[0]) for part in parts], [part[3] for part in parts])


def read_ahead(extractor: Extractor, paths: list[str], read: Callable[[str], Image.Image]) -> Iterator[Prepared]:
    """Images in order, the next ones decoded and cut while the network is busy."""

    def ready(path: str) -> Prepared:
        return extractor.prepare(read(path))

    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(ready, path) for path in paths[:AHEAD])
        try:
            for place in range(len(paths)):
                image = waiting.popleft().result()
                if place + AHEAD < len(paths):
                    waiting.append(pool.submit(ready, paths[place + AHEAD]))
                yield image
        finally:
            pool.shutdown(cancel_futures=True)  # an image that cannot be read ends it


def to_half(x: np.ndarray, what: str) -> np.ndarray:
    """float16, refused where a value is not finite or too large for it: `what` names the image and the set."""
    half = x.astype(np.float16)
    if not np.isfinite(half).all():
        raise OrderlessError(f"{what}: activations beyond the range of float16, or not finite. Look at the image and the weights.")
    return half


def extract(extractor: Extractor, paths: list[str], read, progress) -> dict[str, np.ndarray]:
    """All descriptors of a shard of images, as the tensors of its file.

    For each set: `<set>/x` (n, d) float16, `<set>/guide` (n, g) float16 where it has one, `<set>/windows` (n, 4) float16,
    `<set>/rows` (images, levels) int32: how many rows of x belong to each level of each image, in order; `<set>/counts`
    (images, levels) int32: how many descriptors these rows stand for.
    """
    found: dict[str, list[Descriptors]] = {name: [] for name in extractor.sets}
    for path, image in progress(zip(paths, read_ahead(extractor, paths, read), strict=True), len(paths)):
        for name, descriptors in extractor.describe(image).items():
            descriptors.x = to_half(descriptors.x, f"{path}, {name}")
            descriptors.windows = descriptors.windows.astype(np.float16)
            if descriptors.guide is not None:
                descriptors.guide = to_half(descriptors.guide, f"{path}, {name}")
            found[name].append(descriptors)
    tensors = {}
    for name, images in found.items():
        tensors[f"{name}/x"] = np.concatenate([d.x for d in images])
        tensors[f"{name}/windows"] = np.concatenate([d.windows for d in images])
        tensors[f"{name}/rows"] = np.array([d.rows for d in images], np.int32)
        tensors[f"{name}/counts"] = np.array([d.counts for d in images], np.int32)
        if images[0].guide is not None:
            tensors[f"{name}/guide"] = np.concatenate([d.guide for d in images if d.guide is not None])
    return tensors
