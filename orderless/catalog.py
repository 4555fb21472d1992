"""The catalog (what exists) and the configuration (what to run), merged and checked.

Read whenever the workflow is parsed: nothing heavy is imported here.
"""

import copy
import csv
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orderless import encoders
from orderless.errors import OrderlessError, nearest

# Inside the package where it is installed (setup.py), beside it in the repository.
WORKFLOW = next(f / "workflow" for f in Path(__file__).resolve().parents[:2] if (f / "workflow" / "catalog").is_dir())
SECTIONS = ["datasets", "backbones", "views", "layers", "projections", "encoders", "representations", "analyses"]
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


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, as plain data."""
    return yaml.safe_load(path.read_text())


@cache
def schema(name: str) -> dict[str, Any]:
    """One of workflow/schemas."""
    return read_yaml(WORKFLOW / "schemas" / f"{name}.schema.yaml")


def merge(base: dict, over: dict) -> dict:
    """`over` laid over `base`, maps key by key, everything else replaced. Neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = merge(merged[key], value) if both else copy.deepcopy(value)
    return merged


def check(value: Any, rules: dict[str, Any], where: str) -> None:
    """Hold a value against a JSON schema; the first error names the key and what would do."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(rules).iter_errors(value))
    if error is None:
        return
    key = ".".join([where, *map(str, error.absolute_path)])
    if error.validator == "additionalProperties":
        valid = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in valid)
        raise OrderlessError(f"{key}: unknown key '{unknown}'.{nearest(unknown, valid)}")
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        raise OrderlessError(f"{key}: '{missing}' is missing. Add it.")
    if error.validator == "enum":
        raise OrderlessError(f"{key}: {error.instance!r} is not valid.{nearest(error.instance, error.validator_value)}")
    raise OrderlessError(f"{key}: {error.message}. Mend this key.")


def check_entry(section: str, name: str, entry: Any) -> None:
    """Hold one catalog entry against its schema."""
    where = f"catalog.{section}.{name}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", str(name)):
        raise OrderlessError(f"{where}: an id is made of letters, digits, '-' and '_'.")
    if not isinstance(entry, dict):
        raise OrderlessError(f"{where}: {entry!r} is not a map of settings.")
    if section == "encoders":
        if "kind" not in entry:
            raise OrderlessError(f"{where}: 'kind' is missing. Add it.")
        encoders.make(entry, where)
        return
    rules = schema("catalog")
    check(entry, {"$defs": rules["$defs"], **rules[rules_of(section, name, entry, where)]}, where)
    if section == "layers" and ("tap" in entry) == ("sift" in entry):
        raise OrderlessError(f"{where}: a layer is either a 'tap' or 'sift'. Name one of them.")


def rules_of(section: str, name: str, entry: dict[str, Any], where: str) -> str:
    """Which schema of the catalog an entry is held against."""
    if section == "representations":
        own = {"stack": "stacks", "foreign": "foreign", "of": "searches", "fuse": "fusions"}
        return next((name for key, name in own.items() if key in entry), section)
    kinds = [key.split("/")[1] for key in schema("catalog") if key.startswith(f"{section}/")]
    if not kinds:
        return section
    if section == "analyses":
        kind, what = name, "there is no such study"
    elif "kind" not in entry:
        raise OrderlessError(f"{where}: 'kind' is missing. Add it.")
    else:
        kind, what = entry["kind"], f"kind '{entry['kind']}' does not exist"
    if kind not in kinds:
        raise OrderlessError(f"{where}: {what}.{nearest(kind, kinds)}")
    return f"{section}/{kind}"


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


def load_catalog(over: dict[str, Any]) -> dict[str, dict]:
    """workflow/catalog with `over` (the configuration's `catalog:`) laid over it, every entry checked."""
    for section in over:
        if section not in SECTIONS:
            raise OrderlessError(f"config.catalog: unknown key '{section}'.{nearest(section, SECTIONS)}")
        if not isinstance(over[section], dict):
            raise OrderlessError(f"config.catalog.{section}: a map from ids to entries is needed.")
    catalog: dict[str, dict] = {}
    for file in ("datasets", "backbones", "representations", "analyses"):
        catalog |= read_yaml(WORKFLOW / "catalog" / f"{file}.yaml")
    catalog = merge(catalog, over)
    for section in SECTIONS:
        for name, entry in catalog[section].items():
            check_entry(section, name, entry)
    return catalog


def lookup(catalog: dict[str, dict], section: str, name: str, where: str) -> dict[str, Any]:
    """An entry of the catalog, or an error that names who asks for it."""
    if name not in catalog[section]:
        raise OrderlessError(f"{where}: '{name}' is not in catalog.{section}.{nearest(name, catalog[section])}")
    return catalog[section][name]


def published(dataset: str, backbones: dict[str, dict]) -> list[dict[str, str]]:
    """The papers' figures for a data set with one of these networks: rows of workflow/published, each with its `backbone` here.

    backbones: id -> entry, whose `known_as` is the network's name in workflow/published.
    """
    known = {entry["known_as"]: name for name, entry in backbones.items() if "known_as" in entry}
    found = []
    for path in sorted((WORKFLOW / "published").glob("*.csv")) if known else []:
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["dataset"] == dataset and row["network"] in known]
        found += [row | {"backbone": known[row["network"]]} for row in rows if row["representation"]]
    return found


def is_global(role: str) -> bool:
    """Whether a role sees the whole input in one vector, in a transformer: its class token, or what its head makes of it."""
    return role.startswith("fc")


def adapted(catalog: dict[str, dict], backbone: str) -> dict[str, dict]:
    """The catalog as a backbone's `adapt` changes it."""
    over = catalog["backbones"][backbone].get("adapt", {})
    where = f"catalog.backbones.{backbone}.adapt"
    for section, entries in over.items():
        if section not in SECTIONS[2:]:
            raise OrderlessError(f"{where}: unknown key '{section}'.{nearest(section, SECTIONS[2:])}")
        for name, entry in entries.items():
            lookup(catalog, section, name, f"{where}.{section}")
            check_entry(section, name, merge(catalog[section][name], entry))
    return merge(catalog, over)


def check_selection(config: dict[str, Any], catalog: dict[str, dict]) -> None:
    """Every id that the configuration selects must exist, and what is to be searched needs something to search with."""
    for section in ("datasets", "backbones", "representations", "analyses"):
        for name in config[section]:
            lookup(catalog, section, name, f"config.{section}")
    for name in config["datasets"]:
        entry = catalog["datasets"][name]
        if official(entry) and not entry["files"] and "root" not in entry:
            raise OrderlessError(f"catalog.datasets.{name}.root: is missing. It cannot be downloaded: name your own copy.")
        if task(catalog, name) == "retrieval" and not config["searched"]:
            raise OrderlessError(f"config.searched: data set '{name}' is for retrieval. Name what to search it with.")
        if task(catalog, name) != "retrieval" and not config["representations"]:
            raise OrderlessError(f"config.representations: data set '{name}' is classified. Name what to classify it with.")


def task(catalog: dict[str, dict], dataset: str) -> str:
    """What a data set asks for: single-label, multi-label or retrieval."""
    entry = catalog["datasets"][dataset]
    return entry.get("task", "retrieval" if entry["kind"] == "copies" else "single-label")


def official(entry: dict[str, Any]) -> bool:
    """Whether a data set is downloaded, or the user's copy of one that is published so: it has `files`."""
    return "files" in entry


def may_skip(entry: dict[str, Any]) -> bool:
    """Whether the images of a data set come from outside, so that some may be unreadable and skipped."""
    return official(entry) or entry["kind"] == "folder"


def shards(config: dict[str, Any], catalog: dict[str, dict], name: str) -> int:
    """The number of shards of a data set: as its entry says, by its published count, or by the image files in its folder now."""
    entry = catalog["datasets"][name]
    if "shards" in entry:
        return entry["shards"]
    files = image_count(catalog, name)
    return max(1, -(-round(files * entry.get("fraction", config["fraction"])) // config["shard_images"]))


def image_count(catalog: dict[str, dict], name: str) -> int:
    """The images of a data set: by its published count, or those in its folder now."""
    entry = catalog["datasets"][name]
    if not official(entry):
        return image_files(entry, name)
    expected = entry.get("expected", {})
    files = expected.get("images") or expected.get("train", 0) + expected.get("test", 0)
    if not files:
        raise OrderlessError(f"catalog.datasets.{name}: give 'shards', or under 'expected' how many images it has.")
    return files


def image_files(entry: dict[str, Any], name: str) -> int:
    """The number of image files in a data set's folder."""
    from orderless.images import SUFFIXES

    root = Path(entry["root"])
    if not root.is_dir():
        raise OrderlessError(f"catalog.datasets.{name}.root: no folder '{root}'. Set it to the folder of your images.")
    return sum(Path(file).suffix.lower() in SUFFIXES for _, _, found in os.walk(root) for file in found)
