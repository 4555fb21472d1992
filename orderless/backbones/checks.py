"""Networks that a configuration changes, checked before any job: they exist, they have the nodes, guides' maps fit their layers'.

torch is imported by another process, and only where an entry is not as the catalog has it; what was found is kept in a file.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orderless.catalog.entries import read_catalog
from orderless.errors import OrderlessError
from orderless.files.contents import digest
from orderless.files.storage import write_text
from orderless.files.versions import installed

PACKAGES = ("torchvision", "timm")  # that networks are from
BUILT_FROM = ("kind", "model", "input", "patch", "pooling", "layers")  # keys of an entry that change the network's maps
Maps = dict[str, list[float]]  # role -> channels of its map, side in units at the training size, stride in pixels


def check_networks(backbones: dict[str, dict], layers: dict[str, list[dict]], cache: Path) -> None:
    """Raise OrderlessError for a network that does not exist, a node that it does not have, or a guide with another map.

    backbones: the selected entries by id. layers: the entries of the layers that are asked of each. cache: a JSON file of what was
    found earlier.
    """
    given = read_catalog()
    known = guided(given["layers"].values())
    asked = {
        name: entry
        for name, entry in backbones.items()
        if shape(entry) != shape(given["backbones"].get(name, {})) or guided(layers[name]) - known
    }
    if not asked:
        return
    maps: dict[str, Maps] = json.loads(cache.read_text()) if cache.is_file() else {}
    versions = [installed(package) for package in PACKAGES]
    keys = {name: digest(shape(entry), versions) for name, entry in asked.items()}
    if new := {name: entry for name, entry in asked.items() if keys[name] not in maps}:
        maps |= {keys[name]: maps_of for name, maps_of in measured(new).items()}
        cache.parent.mkdir(parents=True, exist_ok=True)
        write_text(cache, json.dumps(maps))
    for name in asked:
        check_guides(name, backbones[name], guided(layers[name]), maps[keys[name]])


def shape(entry: dict[str, Any]) -> dict[str, Any]:
    """What of a network's entry changes its maps."""
    return {key: entry[key] for key in BUILT_FROM if key in entry}


def guided(layers: Iterable[dict]) -> set[tuple[str, str]]:
    """The (tap, guide) of the layers that have a guide."""
    return {(entry["tap"], entry["guide"]) for entry in layers if "guide" in entry}


def check_guides(name: str, backbone: dict[str, Any], pairs: set[tuple[str, str]], maps: Maps) -> None:
    """A guide weighs descriptors at the same places: its map must have the size of the tapped layer's."""
    for tap, guide in sorted(pairs):
        if maps[tap][1:] != maps[guide][1:]:
            sides = " and ".join(f"{maps[role][1]:g} x {maps[role][1]:g} of '{backbone['layers'][role]}'" for role in (tap, guide))
            raise OrderlessError(
                f"catalog.backbones.{name}.layers.{guide}: cross-layer pooling weighs '{tap}' by '{guide}', whose maps differ "
                f"in size: {sides}. Name two nodes between which nothing pools, or leave out what needs them (cl-...)."
            )


def measured(backbones: dict[str, dict]) -> dict[str, Maps]:
    """The maps of some networks, found by a process of its own. Raises OrderlessError with what is wrong with one of them."""
    command = [sys.executable, "-m", "orderless.backbones.checks"]
    done = subprocess.run(command, input=json.dumps(backbones), capture_output=True, text=True, check=False)
    if done.returncode:
        raise OrderlessError(done.stderr.strip().splitlines()[-1].removeprefix("orderless.errors.OrderlessError: "))
    return json.loads(done.stdout)


def measure(backbone: dict[str, Any], name: str) -> Maps:
    """The maps of a network's roles, from shapes alone: no weights are drawn or read."""
    import torch

    from orderless.backbones.networks import architecture, densify

    with torch.device("meta"):
        network = densify(architecture(backbone, name), backbone, name)
    return {role: [geometry.channels, geometry.side, geometry.stride] for role, geometry in network.geometry.items()}


if __name__ == "__main__":
    print(json.dumps({name: measure(entry, name) for name, entry in json.load(sys.stdin).items()}))
