"""Results: what each is made of, and the path that follows from it.

A result's recipe is all that its content depends on: the entries it resolves to, seeds, the recipes of what it is made from, the
code that computes it. A hash of the recipe stands in its path, so that what exists under its path is right and what is missing is
made; results of other settings lie beside it. Read whenever the workflow is parsed: nothing heavy is imported here.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from orderless.catalog.datasets import may_skip, official
from orderless.files.contents import LENGTH, Contents, digest

TOLD = ("title", "licence", "citation", "known_as", "stands_for", "paper")  # keys of an entry that are for people
VIEWED = ("input", "canvas", "mean", "std", "range", "channels", "patch")  # of a network's entry: how images are shown to it
# Keys of a data set's entry that do not change its index.
INDEXED_ELSEWHERE = ("files", "shards", "sample", "metrics", "fraction", "adapt")
SCRIPTS = {  # kind of result -> the script that makes it
    "source": "datasets/fetch_dataset",
    "weights": "backbones/verify_weights",
    "card": "backbones/describe_backbone",
    "sample": "activations/sample_activations",
    "projection": "activations/fit_projections",
    "projected sample": "activations/fit_projections",
    "descriptors": "activations/extract_activations",
    "codebook": "codebooks/train_codebooks",
    "guidance": "codebooks/train_guidance",
    "representations": "representations/encode_representations",
    "reduction": "representations/fit_reductions",
    "scores": "classification/classify",
    "similarities": "retrieval/search",
    "scales": "analyses/study_scales",
    "invariance": "analyses/study_invariance",
    "confidence": "analyses/map_confidence",
    "timings": "analyses/time_extraction",
    "pairs": "analyses/compare_pairs",
}
PLACES = {  # kind of result -> folder of its stage, where it is not the stage's own
    "sample": "activations/samples",
    "projection": "activations/projections",
    "projected sample": "activations/projected-samples",
    "reduction": "representations/reductions",
}
INDEXERS = {  # kind of data set -> the script that makes its index, and what it leaves
    "digits": ("compose_digits", ("index.csv", "images", "thumbnails.csv")),
    "folder": ("index_folder", ("index.csv", "skipped.txt")),
    "copies": ("compose_copies", ("index.csv", "images")),
    "official": ("index_dataset", ("index.csv", "skipped.txt", "images")),
}


@dataclass(frozen=True, eq=False)
class Result:
    """Something that the workflow makes and keeps.

    kind: key of SCRIPTS. folder, name: where it lies. made_of: settings, seeds, code. inputs: role -> results it is made from.
    files: what is behind its stem: suffixes, or names in its folder. shards: parts that it comes in, 0 where it is whole.
    """

    kind: str
    folder: str
    name: str
    made_of: dict[str, Any]
    inputs: dict[str, list["Result"]] = field(default_factory=dict)
    files: tuple[str, ...] = (".safetensors",)
    shards: int = 0

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """What it is made of, its inputs by their hashes."""
        return {**self.made_of, "inputs": {role: [result.label for result in results] for role, results in self.inputs.items()}}

    @cached_property
    def key(self) -> str:
        """The hash of its recipe."""
        return digest(self.kind, self.name, self.shards, self.recipe)

    @property
    def label(self) -> str:
        """Its name with its hash, as in its path."""
        return f"{self.name}-{self.key}"

    @property
    def stem(self) -> str:
        """Its path without what stands behind it."""
        return f"{self.folder}/{self.label}"

    def path(self, file: str = "", part: int | str | None = None) -> str:
        """One of its files, the first where none is named; of a part, where it comes in parts."""
        file = file or self.files[0]
        if self.shards:
            return f"{self.stem}/{part}{file}"
        return f"{self.stem}{file}" if file.startswith(".") else f"{self.stem}/{file}"

    def paths(self, file: str = "") -> list[str]:
        """One of its files, of every part in order."""
        return [self.path(file, part) for part in self.parts()]

    def parts(self) -> range:
        """The numbers of its parts; of a whole, 0 alone."""
        return range(max(self.shards, 1))

    def header(self) -> dict[str, Any]:
        """What the header of its file says of it."""
        return {"recipe": self.key, "made_of": self.recipe}


def split_label(label: str) -> tuple[str, str]:
    """Name and hash of a label, `mpp-0123456789`."""
    return label[: -LENGTH - 1], label[-LENGTH:]


def without(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
    """An entry without some keys and without those for people."""
    return {key: value for key, value in entry.items() if key not in (*TOLD, *keys)}


def script(kind: str) -> str:
    """The path of a script of the workflow."""
    return f"scripts/{kind}.py"


def dataset_result(config: dict[str, Any], entry: dict[str, Any], name: str, contents: Contents) -> Result:
    """The index of a data set, and its images where the workflow makes them."""
    folder, inputs, code = "results/datasets", {}, []
    made_of: dict[str, Any] = {"entry": without(entry, *INDEXED_ELSEWHERE), "seed": config["seed"]}
    made_of["fraction"] = entry.get("fraction", config["fraction"])
    if may_skip(entry):
        made_of |= {key: config[key] for key in ("on_bad_image", "megapixels")}
    if official(entry):
        kept = ("hash", "size", "path")
        archives = {file: {key: facts[key] for key in kept if key in facts} for file, facts in entry["files"].items()}
        source = {"kind": entry["kind"], "files": archives, "root": entry.get("root"), "data": config["data"]}
        inputs["source"] = [Result("source", folder, name, {"source": source}, files=("source.json",))]
        code.append(f"orderless/datasets/{entry['kind']}.py")
    elif "root" in entry:
        made_of["images"] = contents.images(entry["root"])
    indexer, files = INDEXERS.get(entry["kind"], INDEXERS["official"])
    made_of["code"] = contents.code([script(f"datasets/{indexer}"), *code])
    return Result("index", folder, name, made_of, inputs, files)


def weights_results(config: dict[str, Any], entry: dict[str, Any], name: str, contents: Contents) -> tuple[Result, Result]:
    """The verified weights of a network, and the card that describes it."""
    made_of: dict[str, Any] = {"entry": without(entry, "adapt", "layers", *VIEWED)}
    code = [script("backbones/verify_weights")]
    if entry["kind"] == "tinyalex":
        made_of, code = made_of | {"seed": config["seed"]}, [script("backbones/train_tinyalex"), "orderless/backbones/tinyalex.py"]
    elif names_file(entry):
        made_of["content"] = contents.file(entry["weights"])
    code += network_code(entry)
    weights = Result("weights", "results/backbones", name, made_of | {"code": contents.code(code)}, files=("weights.safetensors",))
    shown = {"entry": without(entry, "adapt"), "code": contents.code([script(SCRIPTS["card"]), *network_code(entry)])}
    return weights, Result("card", "results/backbones", name, shown, {"weights": [weights]}, files=("card.json",))


def names_file(entry: dict[str, Any]) -> bool:
    """Whether a network's `weights` are a file: what has no suffix is the name of weights that their publisher has."""
    return bool(Path(entry.get("weights", "")).suffix)


def network_code(entry: dict[str, Any]) -> list[str]:
    """The modules that a network's kind chooses."""
    own = {"tinyalex": ["tinyalex"], "torchvision": [], "timm": []}.get(entry["kind"], ["caffenet", "caffe"])
    return [f"orderless/backbones/{module}.py" for module in own + ["tokens"] * ("patch" in entry)]
