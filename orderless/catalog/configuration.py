"""The configuration: what to run, with its defaults, checked; the experiments of the papers as configurations."""

from pathlib import Path
from typing import Any

from orderless.catalog.datasets import official, task_of
from orderless.catalog.entries import WORKFLOW, check, check_entry, lookup, merge, read_yaml, schema
from orderless.errors import OrderlessError, nearest

DEFAULTS: dict[str, Any] = {
    "seed": 0,
    "data": "data",
    "fraction": 1,
    "shard_images": 500,
    "sample": {"images": 5000, "descriptors": 256_000},
    "encoding": {"backend": "vlfeat"},
    "classifier": {"C": [0.1, 1, 10], "folds": 3},
    "bundle": 50,
    "bootstrap": 1000,
    "device": "auto",
    "precision": "float32",
    "on_bad_image": "fail",
    "analyses": [],
    "searched": [],
    "catalog": {},
}


def load_config(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with its defaults, checked against its schema."""
    config = merge(DEFAULTS, {key: value for key, value in config.items() if value is not None})
    if "experiment" in config:
        config = merge(config, experiment(config["experiment"]))
    check(config, schema("config"), "config")
    return config


def experiments() -> dict[str, dict]:
    """The experiments of the papers: id -> entry, each checked against its schema."""
    found = read_yaml(WORKFLOW / "catalog" / "experiments.yaml")["experiments"]
    for name, entry in found.items():
        check_entry("experiments", name, entry)
    return found


def experiment(name: str) -> dict[str, Any]:
    """What an experiment selects, as keys of the configuration; the run is called after it."""
    known = experiments()
    if name not in known:
        raise OrderlessError(f"config.experiment: '{name}' does not exist.{nearest(name, known)}")
    selected = {"representations": [], "searched": [], "analyses": []} | known[name]
    return {key: value for key, value in selected.items() if key != "prints"} | {"run": name}


def check_selection(config: dict[str, Any], catalog: dict[str, dict]) -> None:
    """Every id that the configuration selects must exist, and what is to be searched needs something to search with."""
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
            raise OrderlessError(f"catalog.datasets.{name}.root: is missing. It cannot be downloaded: name your own copy.")
        if task_of(catalog, name) == "retrieval" and not config["searched"]:
            raise OrderlessError(f"config.searched: data set '{name}' is for retrieval. Name what to search it with.")
        if task_of(catalog, name) != "retrieval" and not config["representations"]:
            raise OrderlessError(f"config.representations: data set '{name}' is classified. Name what to classify it with.")
