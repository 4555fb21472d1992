"""From image files to vectors in one object: what the workflow does with a data set, for anybody's images."""

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from orderless import encoders, engines
from orderless.catalog import DEFAULTS, load_catalog, lookup, merge
from orderless.errors import OrderlessError
from orderless.plans import SEARCHED, is_learned, leaves, make_plan
from orderless.representations import Encoded, encode_shard
from orderless.seeds import generator, seed
from orderless.storage import checksum, recipe
from orderless.vectors import Representations, fit_reduction

Arrays = dict[str, np.ndarray]
SHARD = 200  # images described before their descriptors are let go


def quiet(items, count: int, what: str = "images"):
    """Progress that says nothing."""
    return items


@dataclass
class Describer:
    """Turns images into the vectors of one representation.

    backbone, representation: ids of the catalog, which `catalog` adds to or changes as the configuration's key of that name does.
    weights: a file, or None for those that the backbone's entry names. engine: vlfeat, torch, or auto: VLFeat where it is
    installed. learned: projections, codebooks and second projections, by `part/id/array`; empty until `fit`, if any are needed.
    """

    backbone: str
    representation: str
    weights: str | None = None
    catalog: dict[str, Any] = field(default_factory=dict)
    engine: str = "auto"
    device: str = "auto"
    seed: int = 0
    learned: Arrays = field(default_factory=dict)

    def __post_init__(self) -> None:
        from orderless.backbones import densify, fetch_model, pick_device

        catalog = load_catalog(self.catalog)
        own = {"weights": self.weights} if self.weights else {}
        self.entry = merge(lookup(catalog, "backbones", self.backbone, "backbone"), own)
        if "weights" not in self.entry:
            raise OrderlessError(f"backbone '{self.backbone}': has no published weights. Give a file of trained ones as 'weights'.")
        self.plan = make_plan(DEFAULTS | {SEARCHED: [self.representation]}, catalog, self.backbone, SEARCHED)
        if any("foreign" in row for row in self.plan["representations"].values()):
            raise OrderlessError(f"representation '{self.representation}': a part is not made from images. Take another.")
        if self.engine == "auto":
            self.engine = "vlfeat" if importlib.util.find_spec("cyvlfeat") else "torch"
        model, _ = fetch_model(self.entry, self.backbone)
        content = {key: checksum(value.numpy()) for key, value in model.state_dict().items()}
        self.network_recipe = recipe(self.entry["layers"], content)
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
        from orderless.activations import Extractor

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

    def fit(self, paths: list[str], descriptors: int = DEFAULTS["sample"]["descriptors"], progress=quiet) -> "Describer":
        """Learn projections, codebooks and second projections on images; returns itself. descriptors: sampled from them in all."""
        from orderless.activations import POOLED, Extractor, sample
        from orderless.images import read_image
        from orderless.normalisation import l2
        from orderless.projection import fit_pca, project

        self.learned = {}
        if not self.needs_fit():
            return self
        rng = generator(self.seed, "describer", "sample")
        sets = {name: item for name, item in self.plan["sets"].items() if item["projection"] not in POOLED}
        raw = sample(Extractor(self.network, self.entry, sets, {}, self.device), paths, read_image, descriptors, rng, progress)
        for name, x in raw.items():
            choice, x = sets[name]["projection"], x.astype(np.float32)
            if choice:
                x = l2(x) if choice.get("unit") else x
                pca = fit_pca([x], choice["pca"], choice.get("centre", True), choice.get("whiten", False), name)
                self.learned |= {f"projections/{name}/{key}": value for key, value in pca.items()}
                raw[name] = project(x, pca)
        for name, book in self.plan["codebooks"].items():
            if is_learned(book["encoder"]):
                axes = (self.seed, "describer", "codebook", name)
                arrays = encoders.make(book["encoder"]).fit(raw[book["set"]], engines.get(self.engine), seed(*axes))
                self.learned |= {f"codebooks/{name}/{key}": value for key, value in arrays.items()}
        reduced = {leaf: row["reduce"] for leaf, row in self.plan["representations"].items() if "reduce" in row}
        finished = self.describe(paths, progress) if reduced else None
        for name, dim in reduced.items():
            basis = fit_reduction(finished.matrix(name), dim, 5000, generator(self.seed, "describer", "reduction", name))  # type: ignore[union-attr]
            self.learned[f"reductions/{name}/basis"] = basis
        return self

    def describe(self, paths: list[str], progress=quiet) -> Representations:
        """The finished representations of image files."""
        from orderless.activations import extract
        from orderless.images import read_image

        parts: list[tuple[Arrays, dict[str, int]]] = []
        for first in range(0, len(paths), SHARD):
            tensors = extract(self.extractor(), paths[first : first + SHARD], read_image, progress)
            parts.append(self.encode(tensors, paths[first : first + SHARD]))
        return self.finished(parts)

    def encode(self, tensors: Arrays, names: list[str]) -> tuple[Arrays, dict[str, int]]:
        """Descriptors of images as stored vectors and their dimensions."""
        return encode_shard(Encoded(tensors, {}), names, self.plan, self.part("codebooks"), engines.get(self.engine))[:2]

    def finished(self, parts: list[tuple[Arrays, dict[str, int]]]) -> Representations:
        """Stored vectors as finished ones."""
        reductions = {name: arrays["basis"] for name, arrays in self.part("reductions").items()}
        return Representations.in_memory(parts, self.plan, reductions)

    def stored(self) -> list[str]:
        """The ids of the stored representations."""
        return leaves(self.plan, self.representation)


def describe(images: list[str], backbone: str, representation: str, fit_on: list[str] | None = None, **options: Any) -> np.ndarray:
    """Vectors (images, D) float32 of unit length, from image files in one call.

    fit_on: images that projections and codebooks are learned on; the images themselves where None. options: of `Describer`.
    """
    describer = Describer(backbone, representation, **options)
    return describer.fit([str(path) for path in fit_on or images]).describe([str(path) for path in images]).matrix(representation)


def image_files(folder: str | Path) -> list[Path]:
    """The image files of a folder; an error where there are none."""
    from orderless.images import find_images

    folder = Path(folder)
    found = find_images(folder) if folder.is_dir() else []
    if not found:
        what = "no image in this folder" if folder.is_dir() else "no such folder"
        raise OrderlessError(f"{folder}: {what}. Name a folder of images.")
    return found
