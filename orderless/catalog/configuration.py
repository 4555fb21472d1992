"""The configuration: what to run, with defaults, checked; and the experiments of the papers, which are configurations."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from orderless import backends
from orderless.catalog.checks import CLASSIFIED, SEARCHED, parts
from orderless.catalog.datasets import official, task_of
from orderless.catalog.entries import WORKFLOW, check, check_entry, lookup, merge, read_yaml, schema
from orderless.errors import OrderlessError, nearest

DEFAULTS: dict[str, Any] = {
    "seed": 0,
    "data": "data",
    "fraction": 1,
    "shard_images": 500,
    "sample": {"images": 5000, "descriptors": 256_000},
    "encoding": {"backend": "auto"},
    "classifier": {"C": [0.1, 1, 10], "folds": 3},
    "bundle": 50,
    "halves": 1000,
    "device": "auto",
    "precision": "float32",
    "on_bad_image": "fail",
    "megapixels": 200,
    "analyses": [],
    "searched": [],
    "catalog": {},
}

SELECTIONS = ("datasets", "backbones", "representations", "searched", "analyses")


def load_config(config: dict[str, Any], explicit: dict[str, Any] | None = None) -> dict[str, Any]:
    """The configuration with defaults for missing keys, checked against its schema, `auto` replaced by a backend.

    explicit: what of it the user's own file or command line states. An experiment goes before the rest, and this before the
    experiment; an experiment beside a selection of the user's own is refused.
    """
    if "bootstrap" in config:
        raise OrderlessError("config.bootstrap: is called 'halves' now: random halves of the test images, behind intervals of mAP.")
    if "experiment" in config and not config["experiment"]:
        raise OrderlessError("config.experiment: is empty. Name one (`orderless list experiments`), or leave the key out.")
    config = merge(DEFAULTS, {key: value for key, value in config.items() if value is not None})
    if "experiment" in config:
        explicit = {key: value for key, value in (explicit or {}).items() if value is not None}
        config = merge(merge(config, experiment(config["experiment"], explicit)), explicit)
    check(config, schema("config"), "config")
    backend = backends.pick(config["encoding"]["backend"])
    return merge(config, {"encoding": {"backend": backend}})


def experiments() -> dict[str, dict]:
    """The experiments of the papers: id -> entry, each checked against its schema."""
    entries = read_yaml(WORKFLOW / "catalog" / "experiments.yaml")["experiments"]
    for name, entry in entries.items():
        check_entry("experiments", name, entry)
    return entries


def experiment(name: str, explicit: Collection[str] = ()) -> dict[str, Any]:
    """The keys of the configuration that an experiment sets. The run has the name of the experiment.

    Raises OrderlessError if there is no such experiment, or if the user's own keys, `explicit`, select something too.
    """
    known = experiments()
    if not isinstance(name, str) or name not in known:
        raise OrderlessError(f"config.experiment: '{name}' does not exist.{nearest(name, known)}")
    for key in SELECTIONS:
        if key in explicit:
            raise OrderlessError(f"config.{key}: experiment '{name}' selects its own {key}. Leave out one of the two keys.")
    selected = {"representations": [], "searched": [], "analyses": []} | known[name]
    return {key: value for key, value in selected.items() if key != "prints"} | {"run": name}


def needs_vlfeat(catalog: dict[str, dict], name: str, where: str, above: tuple[str, ...] = ()) -> bool:
    """Whether a representation, or a part of it, is of dense SIFT, which VLFeat alone computes. above: what it is a part of."""
    entry = lookup(catalog, "representations", name, where)
    inner = [part for part in parts(entry) if part not in above]
    of_sift = "sift" in catalog["layers"].get(entry.get("layer"), {})
    return of_sift or any(needs_vlfeat(catalog, part, where, (*above, name)) for part in inner)


def without_vlfeat(config: dict[str, Any], catalog: dict[str, dict], explicit: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The configuration without the representations that only VLFeat computes, where it is not installed; and their ids.

    explicit: the keys that the user's own file or command line states. Raises OrderlessError where they select such a one.
    """
    left_out: list[str] = []
    for key in () if backends.has_vlfeat() else (CLASSIFIED, SEARCHED):
        names = [name for name in config[key] if needs_vlfeat(catalog, name, f"config.{key}")]
        if names and key in explicit:
            raise OrderlessError(
                f"config.{key}: '{names[0]}' needs VLFeat, which is not installed. Install it (README, 'VLFeat and torch'), "
                f"or leave '{names[0]}' out."
            )
        config = config | {key: [name for name in config[key] if name not in names]}
        left_out += names
    return config, list(dict.fromkeys(left_out))


def check_selection(config: dict[str, Any], catalog: dict[str, dict]) -> None:
    """Raise OrderlessError for an id that does not exist, or a data set without representations for its task."""
    for section in ("datasets", "backbones", "representations", "analyses"):
        for name in config[section]:
            lookup(catalog, section, name, f"config.{section}")
    for name in config["backbones"]:
        weights = catalog["backbones"][name].get("weights", "")
        if Path(weights).suffix and not Path(weights).is_file():
            raise OrderlessError(f"catalog.backbones.{name}.weights: no file '{weights}' here. Name a file that exists.")
    for name in config["datasets"]:
        entry = catalog["datasets"][name]
        if official(entry) and not entry["files"] and "root" not in entry:
            raise OrderlessError(
                f"catalog.datasets.{name}.root: is missing. This data set cannot be downloaded: set it to your own copy."
            )
        if task_of(catalog, name) == "retrieval" and not config["searched"]:
            raise OrderlessError(f"config.searched: data set '{name}' is for retrieval. List representations to search it with.")
        if task_of(catalog, name) != "retrieval" and not config["representations"]:
            raise OrderlessError(
                f"config.representations: data set '{name}' is classified. List representations to classify it with."
            )
