"""The entries of the catalog: read from workflow/catalog, merged with those of a configuration, checked against their schemas."""

import copy
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orderless import encoders
from orderless.errors import OrderlessError, nearest

# An installed package holds the folder `workflow` (setup.py); in the repository the folder is beside the package.
WORKFLOW = next(f / "workflow" for f in Path(__file__).resolve().parents[1:3] if (f / "workflow" / "catalog").is_dir())
SECTIONS = ["datasets", "backbones", "views", "layers", "projections", "encoders", "representations", "analyses"]
ADAPTING = ["backbones", "datasets"]  # sections whose entries may change those of others, by their `adapt`
# The files of workflow/catalog/representations, in the order in which reports list their entries.
FAMILIES = ["baselines", "mop", "mpp", "crosslayer", "mof", "searches"]
# A key of the catalog's files for what entries share by YAML anchors. It holds no entries and is removed.
SHARED = "shared"
RENAMED = {"foreign": "precomputed"}  # keys of representations: the name in earlier versions, the name now


def read_yaml(path: Path) -> Any:
    """The content of a YAML file. LibYAML reads it if PyYAML was built with it, which is seven times as fast."""
    return yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def schema(name: str) -> dict[str, Any]:
    """A schema of workflow/schemas."""
    return read_yaml(WORKFLOW / "schemas" / f"{name}.schema.yaml")


def merge(base: dict, over: dict) -> dict:
    """A copy of `base` with the values of `over`. Maps are merged key by key, all other values replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = merge(merged[key], value) if both else copy.deepcopy(value)
    return merged


def check(value: Any, rules: dict[str, Any], where: str) -> None:
    """Check a value against a JSON schema. Raises OrderlessError for the most relevant error, with its key and the remedy."""
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
    raise OrderlessError(f"{key}: {error.message}. Correct this key.")


def check_entry(section: str, name: str, entry: Any) -> None:
    """Check an entry of the catalog against its schema."""
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
    """The name of the schema for an entry."""
    if section == "representations":
        of_key = {"stack": "stacks", "precomputed": "precomputed", "of": "searches", "fuse": "fusions"}
        return next((name for key, name in of_key.items() if key in entry), section)
    kinds = [key.split("/")[1] for key in schema("catalog") if key.startswith(f"{section}/")]
    if not kinds:
        return section
    if section == "analyses":
        kind, fault = name, "there is no such study"
    elif "kind" not in entry:
        raise OrderlessError(f"{where}: 'kind' is missing. Add it.")
    else:
        kind, fault = entry["kind"], f"kind '{entry['kind']}' does not exist"
    if kind not in kinds:
        raise OrderlessError(f"{where}: {fault}.{nearest(kind, kinds)}")
    return f"{section}/{kind}"


def renamed(name: str, entry: Any) -> Any:
    """An entry of a configuration's representations with keys of earlier versions renamed. Warns once for each of them."""
    if not isinstance(entry, dict):
        return entry
    for old in RENAMED.keys() & entry.keys():
        warnings.warn(f"catalog.representations.{name}: '{old}' is called '{RENAMED[old]}' now.", FutureWarning, stacklevel=2)
    return {RENAMED.get(key, key): value for key, value in entry.items()}


def catalog_files(folder: Path) -> list[Path]:
    """The files of entries, in the order in which reports list them. Families that FAMILIES does not name come last."""
    families = dict.fromkeys([*FAMILIES, *sorted(file.stem for file in (folder / "representations").glob("*.yaml"))])
    names = ["datasets", "backbones", "parts", *(f"representations/{family}" for family in families), "analyses"]
    return [folder / f"{name}.yaml" for name in names]


def check_sections(catalog: dict[str, Any], where: str) -> None:
    """Raise OrderlessError unless a catalog, or a part of one, consists of known sections with maps from ids to entries."""
    for section, entries in catalog.items():
        if section not in SECTIONS:
            raise OrderlessError(f"{where}: unknown key '{section}'.{nearest(section, SECTIONS)}")
        if not isinstance(entries, dict):
            raise OrderlessError(f"{where}.{section}: a map from ids to entries is needed.")


def read_catalog(folder: Path = WORKFLOW / "catalog") -> dict[str, dict]:
    """The entries of all files of the catalog: section -> id -> entry. Raises OrderlessError for an entry that is in two files."""
    catalog: dict[str, dict] = {section: {} for section in SECTIONS}
    sources: dict[tuple[str, str], Path] = {}
    for file in catalog_files(folder):
        content = {key: value for key, value in read_yaml(file).items() if key != SHARED}
        check_sections(content, str(file))
        for section, entries in content.items():
            for name, entry in entries.items():
                if (section, name) in sources:
                    raise OrderlessError(f"{sources[section, name]} and {file} both define {section}.{name}. Rename one of them.")
                sources[section, name] = file
                catalog[section][name] = entry
    return catalog


def load_catalog(over: dict[str, Any]) -> dict[str, dict]:
    """The catalog with every entry checked. over: the configuration's `catalog:`, which adds entries or changes them."""
    check_sections(over, "config.catalog")
    if "representations" in over:
        over = over | {"representations": {name: renamed(name, entry) for name, entry in over["representations"].items()}}
    given = read_catalog()
    catalog = merge(given, over)
    for section in ADAPTING:
        for name, entry in given[section].items():
            if "adapt" in entry and isinstance(catalog[section][name], dict):
                own = over.get(section, {}).get(name, {}).get("adapt", {})
                catalog[section][name]["adapt"] = settled(entry["adapt"], over, own) if isinstance(own, dict) else own
    for section in SECTIONS:
        for name, entry in catalog[section].items():
            check_entry(section, name, entry)
    check_roles(catalog, given)
    return catalog


def settled(adapt: dict[str, dict], over: dict[str, Any], own: dict[str, Any]) -> dict[str, dict]:
    """The built-in `adapt` of an entry where a configuration speaks too: its own entries hold, and before them its `own` adapt."""
    said = {
        part: {each: over[part][each] for each in entries if isinstance(over[part].get(each), dict)}
        for part, entries in adapt.items()
        if part in over
    }
    return merge(merge(adapt, said), own)


def rulings(over: dict[str, Any], backbone: str) -> dict[str, str]:
    """Where a network's `adapt` and a configuration's own entries both set a key: the key -> which of them holds, in words.

    over: the configuration's `catalog:`. The configuration's `adapt` of the network holds, then its own entries, then the built-in
    `adapt` (see `settled`).
    """
    own = over.get("backbones", {}).get(backbone, {}).get("adapt", {})
    built_in = read_catalog()["backbones"].get(backbone, {}).get("adapt", {})
    found = {}
    for section, entries in merge(built_in, own).items():
        for name, entry in entries.items():
            for key, adapted_value in entry.items():
                said = over.get(section, {}).get(name, {})
                if key not in said or said[key] == adapted_value:
                    continue
                texts = [f"catalog.{section}.{name}.{key} ({said[key]})", f"the built-in adapt of {backbone} ({adapted_value})"]
                if key in own.get(section, {}).get(name, {}):
                    texts = [f"catalog.backbones.{backbone}.adapt ({adapted_value})", texts[0]]
                found[f"{section}.{name}.{key}"] = f"{texts[0]} holds, not {texts[1]}"
    return found


def check_roles(catalog: dict[str, dict], given: dict[str, dict]) -> None:
    """Refuse a backbone's role that no layer taps, neither here nor in the `given` catalog: nothing would ever ask for it."""
    layers = [*catalog["layers"].values(), *given["layers"].values()]
    known = {role for layer in layers for key in ("tap", "guide") if (role := layer.get(key))}
    for name, entry in catalog["backbones"].items():
        for role in entry["layers"]:
            if role not in known:
                where = f"catalog.backbones.{name}.layers"
                raise OrderlessError(f"{where}: no entry of catalog.layers taps '{role}'.{nearest(role, known)}")


def lookup(catalog: dict[str, dict], section: str, name: str, where: str) -> dict[str, Any]:
    """An entry of the catalog. Raises OrderlessError, which starts with `where`, if it does not exist."""
    if name not in catalog[section]:
        raise OrderlessError(f"{where}: '{name}' is not in catalog.{section}.{nearest(name, catalog[section])}")
    return catalog[section][name]


def is_global(role: str) -> bool:
    """Whether a role is one vector for the whole input in a vision transformer: the class token, or an output of its head."""
    return role.startswith("fc")


def adapted(catalog: dict[str, dict], backbone: str, dataset: str = "") -> dict[str, dict]:
    """The catalog with the changes of a backbone's `adapt`, and over them those of a data set's. dataset: "" for none."""
    catalog = changed(catalog, "backbones", backbone)
    return changed(catalog, "datasets", dataset) if dataset else catalog


def changed(catalog: dict[str, dict], section: str, adapting: str) -> dict[str, dict]:
    """The catalog with the changes of an entry's `adapt`. section, adapting: of the entry, the second its id."""
    over = catalog[section][adapting].get("adapt", {})
    where = f"catalog.{section}.{adapting}.adapt"
    for part, entries in over.items():
        if part not in SECTIONS[2:]:
            raise OrderlessError(f"{where}: unknown key '{part}'.{nearest(part, SECTIONS[2:])}")
        for name, entry in entries.items():
            lookup(catalog, part, name, f"{where}.{part}")
            check_entry(part, name, merge(catalog[part][name], entry))
    return merge(catalog, over)
