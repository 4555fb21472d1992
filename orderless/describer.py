"""From image files to vectors in one object: what the workflow does with a data set, for anybody's images."""

import contextlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from orderless import backends, encoders
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import load_catalog, lookup, merge
from orderless.catalog.plans import SEARCHED, is_learned, leaves, make_plan
from orderless.errors import OrderlessError, nearest
from orderless.files.storage import Tensors, TensorsInMemory, checksum, recipe, save
from orderless.representations.encoding import encode_shard
from orderless.representations.vectors import Representations, fit_reductions

Arrays = dict[str, np.ndarray]
MADE = ("backbone", "representation", "weights", "catalog", "backend", "seed")  # what a file says of what made it
PLACE = "describer"  # stands where the workflow's seeds have the name of the data set
SHARD = 200  # images described before their descriptors are let go


def quiet(items, count: int, what: str = "images"):
    """Progress that says nothing."""
    return items


def bar(items, count: int, what: str = "images"):
    """A progress bar."""
    from tqdm import tqdm

    return tqdm(items, total=count, unit=f" {what}", leave=False)


@dataclass
class Describer:
    """Turns images into the vectors of one representation.

    backbone, representation: ids of the catalog, which `catalog` adds to or changes as the configuration's key of that name does.
    weights: a file, or None for those that the backbone's entry names. backend: vlfeat, torch, or auto: VLFeat where it is
    installed. learned: projections, codebooks and second projections, by `part/id/array`; empty until `fit`, if any are needed.
    """

    backbone: str
    representation: str
    weights: str | None = None
    catalog: dict[str, Any] = field(default_factory=dict)
    backend: str = "auto"
    device: str = "auto"
    seed: int = 0
    learned: Arrays = field(default_factory=dict)

    def __post_init__(self) -> None:
        from orderless.backbones.networks import densify, pick_device
        from orderless.backbones.weights import fetch_model

        catalog = load_catalog(self.catalog)
        own = {"weights": self.weights} if self.weights else {}
        self.entry = merge(lookup(catalog, "backbones", self.backbone, "backbone"), own)
        if "weights" not in self.entry:
            raise OrderlessError(f"backbone '{self.backbone}': has no published weights. Give a file of trained ones as 'weights'.")
        self.plan = make_plan(DEFAULTS | {SEARCHED: [self.representation]}, catalog, self.backbone, SEARCHED)
        if any("precomputed" in row for row in self.plan["representations"].values()):
            raise OrderlessError(f"representation '{self.representation}': a part is not made from images. Take another.")
        if self.backend == "auto":
            self.backend = "vlfeat" if importlib.util.find_spec("cyvlfeat") else "torch"
        if self.backend not in backends.BACKENDS:
            raise OrderlessError(f"backend '{self.backend}' does not exist.{nearest(self.backend, [*backends.BACKENDS, 'auto'])}")
        backends.get(self.backend)  # a missing one is missed before the network runs
        model, _ = fetch_model(self.entry, self.backbone)
        content = {key: checksum(value.numpy()) for key, value in model.state_dict().items()}
        self.network_recipe = recipe(self.entry["layers"], content)
        with contextlib.redirect_stdout(None):  # a job's log says which device; a library says nothing unasked
            self.device = pick_device(self.device)
        self.network = densify(model, self.entry, self.backbone).place(self.device)

    def part(self, name: str) -> dict[str, Arrays]:
        """What was learned for `projections`, `codebooks` or `reductions`: id -> arrays."""
        found: dict[str, Arrays] = {}
        for key, array in self.learned.items():
            kind, item, what = key.split("/")
            if kind == name:
                found.setdefault(item, {})[what] = array
        return found

    def extractor(self):
        """The extractor of the plan's sets with the projections learned so far."""
        from orderless.activations.extraction import Extractor

        return Extractor(self.network, self.entry, self.plan["sets"], self.part("projections"), self.device)

    def needs_fit(self) -> bool:
        """Whether the representation has a projection, a codebook or a second projection to learn."""
        rows = self.plan["representations"].values()
        books = any(is_learned(book["encoder"]) for book in self.plan["codebooks"].values())
        return (
            books
            or any("reduce" in row for row in rows)
            or any(isinstance(s["projection"], dict) for s in self.plan["sets"].values())
        )

    def fit(self, images: list, descriptors: int = DEFAULTS["sample"]["descriptors"], progress=quiet) -> "Describer":
        """Learn projections, codebooks and second projections on images; returns itself. descriptors: sampled from them in all."""
        from orderless.activations.extraction import Extractor
        from orderless.activations.projection import fit_projections
        from orderless.activations.sampling import draw_sample, sampled_sets

        self.learned = {}
        if not self.needs_fit():
            return self
        sets, (names, read) = sampled_sets(self.plan["sets"]), named(images)
        extractor_of = partial(Extractor, self.network, self.entry, device=self.device)
        wanted = {"images": len(images), "descriptors": descriptors}
        sample = draw_sample(extractor_of, sets, names, read, wanted, self.seed, PLACE, progress)
        projections, projected = fit_projections(TensorsInMemory(sample), sets)
        self.keep("projections", projections)
        for name, entry in self.plan["codebooks"].items():
            if is_learned(entry["encoder"]):
                x, axes = projected[entry["set"]], (self.seed, PLACE, "codebook", name)
                self.keep("codebooks", {name: encoders.fit(entry["encoder"], x, backends.get(self.backend), *axes)})
        if any("reduce" in row for row in self.plan["representations"].values()):
            bases = fit_reductions(self.describe(images, progress), self.seed, PLACE)
            self.keep("reductions", {name: {"basis": basis} for name, basis in bases.items()})
        return self

    def keep(self, part: str, arrays: dict[str, Arrays]) -> None:
        """Add to what was learned, by `part/id/array`."""
        self.learned |= {f"{part}/{name}/{key}": value for name, each in arrays.items() for key, value in each.items()}

    def encode(self, images: list, progress=quiet) -> list[TensorsInMemory]:
        """The vectors of images as the workflow stores them (`encode_shard`), of at most SHARD images each."""
        from orderless.activations.extraction import extract

        shards = []
        for first in range(0, len(images), SHARD):
            names, read = named(images[first : first + SHARD], first)
            descriptors = TensorsInMemory(extract(self.extractor(), names, read, progress))
            codebooks = self.part("codebooks")
            vectors, dimensions, _ = encode_shard(descriptors, names, self.plan, codebooks, backends.get(self.backend))
            shards.append(TensorsInMemory(vectors, {"dimensions": dimensions}))
        return shards

    def finish(self, shards: list[TensorsInMemory]) -> Representations:
        """Vectors of `encode`, finished."""
        return Representations(shards, self.plan, {name: arrays["basis"] for name, arrays in self.part("reductions").items()})

    def describe(self, images: list, progress=quiet) -> Representations:
        """The finished representations of images: files, PIL images or arrays."""
        return self.finish(self.encode(images, progress))

    def vectors(self, images: Any, progress=quiet) -> np.ndarray:
        """(n, D) float32, each row of unit length (or zero), of images as `describe` (the function) takes them."""
        self.check_vectors()
        if self.needs_fit() and not self.learned:
            raise OrderlessError(f"representation '{self.representation}': has something to learn. Call `fit` first.")
        return self.describe(listed(images), progress).matrix(self.representation)

    def check_vectors(self) -> None:
        """Refuse a representation that is searched with but has no vector of its own."""
        sparse = any(encoders.is_sparse(encoders.make(book["encoder"])) for book in self.plan["codebooks"].values())
        if sparse or {"of", "fuse"} & self.plan["representations"][self.representation].keys():
            what = "is searched with and has no vector. Use `orderless search`, or take another"
            raise OrderlessError(f"representation '{self.representation}': {what}.")

    def save(self, path: str | Path) -> None:
        """Write what was learned, and what made it, to a file of `load`."""
        save(path, {f"learned/{key}": value for key, value in self.learned.items()}, "describer", **self.header())

    @classmethod
    def load(cls, path: str | Path, **given: Any) -> "Describer":
        """A describer from a file of `save`. given: `weights`, `device` or `backend` where they are others here.

        Raises OrderlessError where the file is damaged, or the weights are not those that it was made with.
        """
        return cls.of(Tensors(path, "describer"), **given)

    def header(self) -> dict[str, Any]:
        """What the header of a file says of what made it."""
        return {"describer": {key: getattr(self, key) for key in MADE}, "network": self.network_recipe}

    @classmethod
    def of(cls, file: Tensors, **given: Any) -> "Describer":
        """The describer of a file with `header` and the tensors `learned/...`. given: options that it must have been made with."""
        made, remedy = dict(file.header["describer"]), "Leave the option out, name another file, or delete this one."
        if "engine" in made:
            made["backend"] = made.pop("engine")  # its name in files of earlier versions
        for key in ("backbone", "representation", "catalog"):
            if given.get(key) not in (None, made[key]):
                raise OrderlessError(f"{file.path}: was made with {key} '{made[key]}', not '{given[key]}'. {remedy}")
        learned = {name.removeprefix("learned/"): file[name] for name in file.names() if name.startswith("learned/")}
        here = {key: given[key] for key in ("weights", "device", "backend") if given.get(key)}
        found = cls(**made | here, learned=learned)
        if found.network_recipe != file.header["network"]:
            raise OrderlessError(f"{file.path}: was made with other weights or layers of '{made['backbone']}'. {remedy}")
        return found

    def stored(self) -> list[str]:
        """The ids of the stored representations."""
        return leaves(self.plan, self.representation)


def describe(
    images: Any,
    backbone: str = "mobilenet_v2",
    representation: str = "global",
    *,
    fit_on: Any = None,
    weights: str | None = None,
    catalog: dict[str, Any] | None = None,
    backend: str = "auto",
    device: str = "auto",
    seed: int = 0,
    progress: bool | Callable = False,
) -> np.ndarray:
    """Images as vectors in one call: (n, D) float32, each of unit length.

    images: a folder; or a list of files, PIL images and arrays, (height, width) or (height, width, 3), uint8 or floats from 0 to
    1; or one of these. backbone, representation: ids of the catalog (`orderless list`). fit_on: images, given likewise, that
    projections and codebooks are learned on; the images themselves where None. weights: a file of the network's weights, or None
    for those that torchvision fetches. catalog: adds to the catalog or changes it, {"encoders": {"fisher": {"words": 64}}}.
    backend: `vlfeat`, `torch`, or `auto`, VLFeat where it is installed. device: auto, cpu or cuda. progress: whether to show a bar.

    To learn once and describe often: `Describer(backbone, representation).fit(images)`, its `vectors`, `save` and `load`.
    """
    files, shown = listed(images), bar if progress is True else progress or quiet
    describer = Describer(backbone, representation, weights, catalog or {}, backend, device, seed)
    describer.check_vectors()
    return describer.fit(files if fit_on is None else listed(fit_on), progress=shown).vectors(files, shown)


def listed(images: Any) -> list:
    """Images as a list: the files of a folder, the items of a list, or one image alone."""
    from PIL.Image import Image

    if isinstance(images, (str, Path)):
        return list(image_files(images)) if not Path(images).is_file() else [images]
    single = isinstance(images, Image) or (isinstance(images, np.ndarray) and images.ndim in (2, 3))
    found = [images] if single else list(images) if isinstance(images, Iterable) else []
    if not found:
        raise OrderlessError("no image to describe. Give a folder, or a list of files, PIL images or arrays.")
    return found


def named(images: list, first: int = 0) -> tuple[list[str], Callable]:
    """Names of images for messages, and what opens an image by its name. first: the number of the first."""
    from orderless.files.images import open_image

    names = [str(image) if isinstance(image, (str, Path)) else f"image {place}" for place, image in enumerate(images, first)]
    held = dict(zip(names, images, strict=True))
    return names, lambda name: open_image(held[name], name)


def image_files(folder: str | Path) -> list[Path]:
    """The image files of a folder; an error where there are none."""
    from orderless.files.images import find_images

    folder = Path(folder)
    found = find_images(folder) if folder.is_dir() else []
    if not found:
        what = "no image in this folder" if folder.is_dir() else "no such folder"
        raise OrderlessError(f"{folder}: {what}. Name a folder of images.")
    return found
