"""`orderless list`: what the catalog has."""

import argparse
from pathlib import Path
from typing import Any

from orderless.catalog.entries import SECTIONS, load_catalog
from orderless.commands import shared

SHOWN = ["datasets", "backbones", "representations", "analyses"]  # where no section is asked for
EXAMPLES = """examples:
  orderless list                     data sets, networks, representations, studies
  orderless list representations     what --representation takes
  orderless list encoders            what a representation is made of: views, layers, projections, encoders
  orderless list --configfile mine.yaml    with the entries of a configuration of your own
  orderless list experiments         what `snakemake --config experiment=...` takes
"""


def add(commands: Any) -> None:
    """The command and its options."""
    text = "Say which entries the catalog has, with their titles or their settings. An id is written as it stands here in YAML."
    parser = shared.command(commands, "list", "say what exists", text, EXAMPLES)
    parser.add_argument("--configfile", type=Path, help="a configuration whose `catalog:` adds to or changes what is listed")
    parser.add_argument("section", nargs="?", choices=[*SECTIONS, "experiments"], help="only this section")


def run(args: argparse.Namespace) -> None:
    """Print the catalog's entries, a line each."""
    catalog = load_catalog(shared.configuration(args.configfile).get("catalog") or {})
    if args.section == "experiments":
        from orderless.catalog.configuration import experiments

        catalog["experiments"] = {name: {"title": entry["prints"]} for name, entry in experiments().items()}
    for section in [args.section] if args.section else SHOWN:
        print(f"{section}:")
        for name, entry in catalog[section].items():
            print(f"  {name:22s} {in_words(section, entry)}".rstrip())


def in_words(section: str, entry: dict[str, Any]) -> str:
    """An entry in a line."""
    if section != "representations":
        return entry.get("title") or ", ".join(f"{key} {value}" for key, value in entry.items())
    title = f"{entry['title']:32s}"
    for key in ("stack", "fuse"):
        if key in entry:
            return f"{title} {' + '.join(entry[key])}"
    if "of" in entry:
        return f"{title} {entry['of']}, searched with " + ", ".join(
            f"{k} {v}" for k, v in entry.items() if k not in ("title", "of", "paper")
        )
    return f"{title} " + ", ".join(str(entry[key]) for key in ("views", "layer", "projection", "encoder") if key in entry)
