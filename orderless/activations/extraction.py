"""Extraction: images through a dense network, its tapped layers as local descriptors, projected before they are stored.

A descriptor set is what representations can share: views, a layer, a projection. One job looks at a shard of images and makes all
sets that the selected representations need, from the same forward passes.
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

from orderless.activations.descriptors import Descriptors, joined, of_network, of_sift, to_half
from orderless.activations.views import Level, cut, levels
from orderless.backbones.bands import Reach, in_bands, reach
from orderless.backbones.dense import DenseNetwork

POOLED = ("mean", "max")  # projections that pool each level as it is extracted
BATCH_PIXELS = {"cpu": 250_000, "cuda": 20_000_000}  # largest batch of inputs, in pixels
BAND_PIXELS = {"cpu": 4_000_000, "cuda": 40_000_000}  # a larger input goes through the network in bands
AHEAD = 3  # images that are decoded and cut while they wait for the network


@dataclass
class Prepared:
    """An image, cut into the inputs of the network.

    levels: of each set. inputs: (n, h, w, 3) uint8 of each level. seconds: that cutting each level took.
    """

    levels: dict[str, list[Level]]
    inputs: dict[Level, np.ndarray]
    seconds: dict[Level, float]


class Extractor:
    """Runs a dense network over images and returns their descriptors, set by set.

    backbone: its catalog entry. sets: set id -> {views, layer, projection}, resolved. A set whose projection is `mean` or `max` is
    pooled level by level. projections: set id -> PCA arrays; the descriptors of other sets stay raw. precision: of the forward
    passes, float32, tf32 (which `pick_device` switches on) or bfloat16; all else is float32. network may be None if all sets are
    SIFT.
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
        self.kind, self.precision = device.split(":")[0], torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.network, self.backbone, self.sets, self.device = network, backbone, sets, device
        self.seconds = dict.fromkeys(sets, 0.0)  # of each set: for its descriptors and their projection
        self.forward_seconds = dict.fromkeys(sets, 0.0)  # of each set: for the forward passes, which other sets may share
        self.projections = {
            name: {key: torch.from_numpy(value).to(device) for key, value in pca.items()}
            for name, pca in (projections or {}).items()
        }
        unit = 255 / backbone.get("range", 1)  # of `mean` and `std`, in grey levels
        self.mean, self.std = (unit * torch.tensor(backbone[key], device=device).view(1, 3, 1, 1) for key in ("mean", "std"))
        self.bgr = backbone.get("channels", "rgb") == "bgr"

    @cached_property
    def reach(self) -> Reach | None:
        """How far the network's units see, which bands need. It is measured when the first large input comes."""
        return reach(self.network)

    def levels_of(self, name: str, image_size: tuple[int, int]) -> list[Level]:
        """The levels of a set's views for an image of (width, height)."""
        return levels(self.sets[name]["views"], self.backbone["input"], self.backbone["canvas"], image_size)

    def prepare(self, image: Image.Image) -> Prepared:
        """The network's inputs for all levels of all sets. Sets that have a level in common share its inputs."""
        of_set, inputs, seconds = {name: self.levels_of(name, image.size) for name in self.sets}, {}, {}
        for level in dict.fromkeys(level for of_one in of_set.values() for level in of_one):
            start = time.thread_time()
            inputs[level] = cut(image, level)
            seconds[level] = time.thread_time() - start
        return Prepared(of_set, inputs, seconds)

    def clock(self) -> float:
        """Seconds, read when the device has done all that it was told: a GPU still computes when a call has returned."""
        if self.kind == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def describe(self, image: Image.Image | Prepared) -> dict[str, Descriptors]:
        """The descriptors of one image, for every set."""
        prepared = self.prepare(image) if isinstance(image, Image.Image) else image
        of_level: dict[tuple[str, Level], Descriptors] = {}
        for level, inputs in prepared.inputs.items():
            start = self.clock()
            names = [name for name, of_set in prepared.levels.items() if level in of_set]
            maps = self.forward(inputs) if any("tap" in self.sets[name]["layer"] for name in names) else {}
            forward = prepared.seconds[level] + self.clock() - start
            for name in names:
                start = self.clock()
                of_level[name, level] = self.describe_level(name, level, inputs, maps)
                self.seconds[name] += self.clock() - start
                self.forward_seconds[name] += forward if "tap" in self.sets[name]["layer"] else 0
        return {name: joined([of_level[name, level] for level in of_set]) for name, of_set in prepared.levels.items()}

    def forward(self, inputs: np.ndarray) -> dict[str, torch.Tensor]:
        """The maps (n, c, rows, columns) float32 of every tapped layer. inputs: (n, h, w, 3) uint8."""
        step = max(1, BATCH_PIXELS[self.kind] // (inputs.shape[1] * inputs.shape[2]))
        batches: list[dict[str, torch.Tensor]] = []
        autocast = torch.autocast(self.kind, self.precision, enabled=self.precision != torch.float32)
        with torch.inference_mode(), autocast:
            for first in range(0, len(inputs), step):
                x = torch.from_numpy(inputs[first : first + step]).to(self.device).permute(0, 3, 1, 2).float()
                x = (x.flip(1) if self.bgr else x).sub_(self.mean).div_(self.std)
                large = x.shape[-2] * x.shape[-1] > BAND_PIXELS[self.kind]
                maps = in_bands(self.network, x, BAND_PIXELS[self.kind], self.reach) if large else self.network(x)
                batches.append({role: tap.float() for role, tap in maps.items()})
        return batches[0] if len(batches) == 1 else {role: torch.cat([maps[role] for maps in batches]) for role in batches[0]}

    def describe_level(self, name: str, level: Level, inputs: np.ndarray, maps: dict[str, torch.Tensor]) -> Descriptors:
        """The descriptors of one set in one level, projected or pooled."""
        layer, projection = self.sets[name]["layer"], self.sets[name]["projection"]
        if "sift" in layer:
            x, guide, where = of_sift(layer["sift"], inputs, level)
            x = x.to(self.device)
        else:
            x, guide, where = of_network(name, layer, maps, level, self.network.geometry[layer["tap"]])
        count = len(x)
        if name in self.projections:
            pca = self.projections[name]
            x = torch.nn.functional.normalize(x) if projection.get("unit") else x
            x = (x - pca["mean"]) @ pca["basis"]
        elif projection in POOLED:
            x = x.mean(0, keepdim=True) if projection == "mean" else x.amax(0, keepdim=True)
            where = np.array([[0, 0, 1, 1]], np.float32)
        return Descriptors(x.cpu().numpy(), None if guide is None else guide.cpu().numpy(), where, [len(x)], [count])


def read_ahead(extractor: Extractor, paths: list[str], read: Callable[[str], Image.Image]) -> Iterator[Prepared]:
    """Images in order. A thread decodes and cuts the next ones while the network is busy."""

    def prepare(path: str) -> Prepared:
        return extractor.prepare(read(path))

    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(prepare, path) for path in paths[:AHEAD])
        try:
            for place in range(len(paths)):
                image = waiting.popleft().result()
                if place + AHEAD < len(paths):
                    waiting.append(pool.submit(prepare, paths[place + AHEAD]))
                yield image
        finally:
            pool.shutdown(cancel_futures=True)  # if an image cannot be read, those behind it are not


def extract(
    extractor: Extractor, paths: list[str], read: Callable[[str], Image.Image], progress: Callable
) -> dict[str, np.ndarray]:
    """All descriptors of a shard of images, as the tensors of its file.

    For each set: `<set>/x` (n, d) float16; `<set>/guide` (n, g) float16, if it has one; `<set>/windows` (n, 4) float16;
    `<set>/rows` (images, levels) int32: how many rows of x belong to each level of each image, in order; `<set>/counts`
    (images, levels) int32: how many descriptors these rows stand for.
    """
    images: dict[str, list[Descriptors]] = {name: [] for name in extractor.sets}
    for path, prepared in progress(zip(paths, read_ahead(extractor, paths, read), strict=True), len(paths)):
        for name, descriptors in extractor.describe(prepared).items():
            descriptors.x = to_half(descriptors.x, f"{path}, {name}")
            descriptors.windows = descriptors.windows.astype(np.float16)
            if descriptors.guide is not None:
                descriptors.guide = to_half(descriptors.guide, f"{path}, {name}")
            images[name].append(descriptors)
    tensors = {}
    for name, of_images in images.items():
        tensors[f"{name}/x"] = np.concatenate([image.x for image in of_images])
        tensors[f"{name}/windows"] = np.concatenate([image.windows for image in of_images])
        tensors[f"{name}/rows"] = np.array([image.rows for image in of_images], np.int32)
        tensors[f"{name}/counts"] = np.array([image.counts for image in of_images], np.int32)
        if of_images[0].guide is not None:
            tensors[f"{name}/guide"] = np.concatenate([image.guide for image in of_images if image.guide is not None])
    return tensors
