"""From images to vectors in one object: what the workflow does with a data set, for any images."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from orderless import backends, encoders
from orderless.activations.extraction import Extractor, extract
from orderless.activations.projection import fit_projections
from orderless.activations.sampling import draw_sample, sampled_sets
from orderless.backbones.networks import densify, pick_device
from orderless.backbones.weights import fetch_model
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import load_catalog, lookup, merge
from orderless.catalog.plans import SEARCHED, is_learned, leaves, make_plan
from orderless.errors import OrderlessError
from orderless.files.images import list_images, name_images
from orderless.files.jobs import bar, quiet
from orderless.files.storage import Tensors, TensorsInMemory, checksum, recipe, save
from orderless.representations.encoding import encode_in_memory
from orderless.representations.reductions import fit_reductions
from orderless.representations.vectors import Representations

Arrays = dict[str, np.ndarray]
RECORDED = ("backbone", "representation", "weights", "catalog", "backend", "seed")  # the fields that a file records
SEED_NAME = "describer"  # stands for the name of the data set in the seeds of random draws
SHARD = 200  # images that are encoded together, before their descriptors are freed


@dataclass
class Describer:
    """Turns images into the vectors of one representation.

    backbone, representation: ids of the catalog. weights: a file, or None for the weights that the backbone's entry names.
    catalog: additions and changes to the catalog, like the configuration's key of this name. backend: `vlfeat`, `torch`, or `auto`:
    VLFeat if it is installed. device: `auto`, `cpu` or `cuda`. seed: of all random draws. learned: what `fit` learned, by keys
    `projections/<id>/<array>`, `codebooks/<id>/<array>` and `reductions/<id>/basis`; empty if there is nothing to learn.
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
        catalog = load_catalog(self.catalog)
        named_weights = {"weights": self.weights} if self.weights else {}
        self.entry = merge(lookup(catalog, "backbones", self.backbone, "backbone"), named_weights)
        if "weights" not in self.entry:
            raise OrderlessError(f"backbone '{self.backbone}': has no published weights. Give a file of trained ones as 'weights'.")
        try:
            self.plan = make_plan(DEFAULTS | {SEARCHED: [self.representation]}, catalog, self.backbone, SEARCHED)
        except OrderlessError as error:  # there is no configuration here
            raise OrderlessError(str(error).replace("config.searched", "representation")) from error
        if any("precomputed" in row for row in self.plan["representations"].values()):
            raise OrderlessError(f"representation '{self.representation}': a part is not made from images. Take another.")
        self.backend = backends.pick(self.backend)
        model, _ = fetch_model(self.entry, self.backbone)
        checksums = {key: checksum(value.numpy()) for key, value in model.state_dict().items()}
        self.network_recipe = recipe(self.entry["layers"], checksums)
        with contextlib.redirect_stdout(None):  # `pick_device` prints the device, for the logs of jobs
            self.device = pick_device(self.device)
        self.network = densify(model, self.entry, self.backbone).place(self.device)

    def needs_fit(self) -> bool:
        """Whether the representation has a projection, a codebook or a second projection to learn."""
        return (
            any(isinstance(item["projection"], dict) for item in self.plan["sets"].values())
            or any(is_learned(entry["encoder"]) for entry in self.plan["codebooks"].values())
            or self.has_reductions()
        )

    def has_reductions(self) -> bool:
        """Whether a representation of the plan has a second projection."""
        return any("reduce" in row for row in self.plan["representations"].values())

    def fit(self, images: Any, descriptors: int = DEFAULTS["sample"]["descriptors"], progress: Callable = quiet) -> "Describer":
        """Learn projections, codebooks and second projections on images, and return itself.

        images: as for `describe`. descriptors: how many of them are sampled from all images together, for each descriptor set.
        """
        self.learned = {}
        if not self.needs_fit():
            return self
        images = list_images(images)
        sets, (names, read) = sampled_sets(self.plan["sets"]), name_images(images)
        extractor_of = partial(Extractor, self.network, self.entry, device=self.device)
        wanted = {"images": len(images), "descriptors": descriptors}
        sample = draw_sample(extractor_of, sets, names, read, wanted, self.seed, SEED_NAME, progress)
        projections, projected = fit_projections(TensorsInMemory(sample), sets)
        self.keep("projections", projections)
        for name, entry in self.plan["codebooks"].items():
            if is_learned(entry["encoder"]):
                x, seed_names = projected[entry["set"]], (self.seed, SEED_NAME, "codebook", name)
                backend = backends.get(self.backend, self.device)
                self.keep("codebooks", {name: encoders.fit(entry["encoder"], x, backend, *seed_names)})
        if self.has_reductions():
            bases = fit_reductions(self.describe(images, progress), self.seed, SEED_NAME)
            self.keep("reductions", {name: {"basis": basis} for name, basis in bases.items()})
        return self

    def keep(self, part: str, items: dict[str, Arrays]) -> None:
        """Add arrays to what was learned. part: the first part of their keys. items: id -> arrays."""
        self.learned |= {f"{part}/{name}/{key}": array for name, arrays in items.items() for key, array in arrays.items()}

    def part(self, part: str) -> dict[str, Arrays]:
        """What was learned, as id -> arrays. part: `projections`, `codebooks` or `reductions`."""
        items: dict[str, Arrays] = {}
        for path, array in self.learned.items():
            first, name, key = path.split("/")
            if first == part:
                items.setdefault(name, {})[key] = array
        return items

    def encode(self, images: list, progress: Callable = quiet) -> list[TensorsInMemory]:
        """The vectors of images as the workflow stores them: for each SHARD images the tensors of `encode_shard`."""
        extractor = Extractor(self.network, self.entry, self.plan["sets"], self.part("projections"), self.device)
        codebooks, backend = self.part("codebooks"), backends.get(self.backend, self.device)
        shards = []
        for first in range(0, len(images), SHARD):
            names, read = name_images(images[first : first + SHARD], first)
            descriptors = TensorsInMemory(extract(extractor, names, read, progress))
            shards.append(encode_in_memory(descriptors, names, self.plan, codebooks, backend))
        return shards

    def finish(self, shards: list[TensorsInMemory]) -> Representations:
        """The finished representations of the images whose stored vectors `encode` returned."""
        return Representations(shards, self.plan, {name: arrays["basis"] for name, arrays in self.part("reductions").items()})

    def describe(self, images: list, progress: Callable = quiet) -> Representations:
        """The finished representations of images: files, PIL images or arrays."""
        return self.finish(self.encode(images, progress))

    def vectors(self, images: Any, progress: Callable = quiet) -> np.ndarray:
        """The vectors of images: (n, D) float32, each of unit length, or zero. images: as for the function `describe`."""
        self.check_vectors()
        if self.needs_fit() and not self.learned:
            raise OrderlessError(f"representation '{self.representation}': has something to learn. Call `fit` first.")
        return self.describe(list_images(images), progress).matrix(self.representation)

    def check_vectors(self) -> None:
        """Refuse a representation that one can search with, but that has no vector: bags of words, fusions, search options."""
        sparse = any(encoders.is_sparse(encoders.make(entry["encoder"])) for entry in self.plan["codebooks"].values())
        if sparse or {"of", "fuse"} & self.plan["representations"][self.representation].keys():
            what = "is searched with and has no vector. Use `orderless search`, or take another"
            raise OrderlessError(f"representation '{self.representation}': {what}.")

    def stored(self) -> list[str]:
        """The ids of the representations that `encode` stores: the parts of this one, or itself."""
        return leaves(self.plan, self.representation)

    def save(self, path: str | Path) -> None:
        """Write to a file what was learned, and the fields of this object; `load` reads it."""
        save(path, {f"learned/{key}": array for key, array in self.learned.items()}, "describer", **self.header())

    def header(self) -> dict[str, Any]:
        """The header of a file: the fields of this object, and a hash of the network."""
        return {"describer": {key: getattr(self, key) for key in RECORDED}, "network": self.network_recipe}

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> "Describer":
        """The describer that `save` wrote to a file. options: `weights`, `device` or `backend`, to replace those of the file.

        Raises OrderlessError if the file is damaged, or if the weights are not those that it was fitted with.
        """
        return cls.of(Tensors(path, "describer"), **options)

    @classmethod
    def of(cls, file: Tensors, **options: Any) -> "Describer":
        """The describer of an open file that has the entries of `header`, and tensors `learned/...`.

        options: as for `load`; backbone, representation, catalog and seed may be given too, and must be those of the file.
        """
        fields, remedy = dict(file.header["describer"]), "Leave the option out, name another file, or delete this one."
        if "engine" in fields:
            fields["backend"] = fields.pop("engine")  # its name in files of earlier versions
        for key in ("backbone", "representation", "catalog", "seed"):
            if options.get(key) not in (None, fields[key]):
                raise OrderlessError(f"{file.path}: was made with {key} '{fields[key]}', not '{options[key]}'. {remedy}")
        learned = {name.removeprefix("learned/"): file[name] for name in file.names() if name.startswith("learned/")}
        replaced = {key: options[key] for key in ("weights", "device", "backend") if options.get(key)}
        describer = cls(**fields | replaced, learned=learned)
        if describer.network_recipe != file.header["network"]:
            raise OrderlessError(f"{file.path}: was made with other weights or layers of '{fields['backbone']}'. {remedy}")
        return describer


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
    return_names: bool = False,
) -> Any:
    """The vectors of images in one call: (n, D) float32, each of unit length, or zero.

    images: a folder; or a list of files, PIL images and arrays, (height, width) or (height, width, 3), uint8 or floats from 0 to
    1; or one of these. backbone, representation: ids of the catalog (`orderless list`). fit_on: the images that projections and
    codebooks are learned on; None for the images themselves. weights: a file of the network's weights, or None for those that
    torchvision fetches. catalog: additions and changes to the catalog, such as {"encoders": {"fisher": {"words": 64}}}.
    backend: `vlfeat`, `torch`, or `auto`: VLFeat if it is installed. device: `auto`, `cpu` or `cuda`. progress: show a bar.
    return_names: return (vectors, names), the names of the files, or `image 0` and so on for images that are in no file.

    To learn once and describe often, take a `Describer`, its `fit`, `vectors`, `save` and `load`.
    """
    images, show = list_images(images), bar if progress is True else progress or quiet
    describer = Describer(backbone, representation, weights, catalog or {}, backend, device, seed)
    describer.check_vectors()
    vectors = describer.fit(images if fit_on is None else fit_on, progress=show).vectors(images, show)
    return (vectors, name_images(images)[0]) if return_names else vectors
