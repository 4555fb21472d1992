"""`orderless data list|fetch|check`: the papers' data sets without the workflow, in the folders that the workflow uses."""

import argparse
from pathlib import Path
from typing import Any

from orderless.catalog.configuration import load_config
from orderless.catalog.datasets import megabytes, official
from orderless.catalog.entries import load_catalog, lookup, merge
from orderless.commands.shared import configuration

EXAMPLES = """examples:
  orderless data list                                  what exists, its size, and what is already here
  orderless data fetch mit67 voc2007                   download, verify, unpack into data/; type it again to resume
  orderless data check voc2007                         verify local files: hashes and published counts
  orderless data fetch cub200 --configfile mine.yaml   with your own copy of an archive, or another mirror:

    catalog: {datasets: {cub200: {files: {CUB_200_2011.tgz: {path: /archive/CUB_200_2011.tgz}}}}}

A file without a published hash is pinned at its first download, in data/<kind>.lock.json, and refused later if it differs. You may
keep the lock files with your project. Archives may be deleted once they are unpacked. The workflow fetches by itself.
"""


def add(commands: Any) -> None:
    """Add the command `data` with its actions."""
    plain = argparse.RawDescriptionHelpFormatter
    summaries = {
        "list": "list the data sets, and what is here of them",
        "fetch": "download, verify and unpack data sets",
        "check": "verify the local files of data sets",
    }
    data = commands.add_parser(
        "data", help="download and verify the papers' data sets", description=__doc__, epilog=EXAMPLES, formatter_class=plain
    )
    actions = data.add_subparsers(dest="action", required=True, metavar="list|fetch|check")
    for name, text in summaries.items():
        action = actions.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=EXAMPLES, formatter_class=plain
        )
        if name != "list":
            action.add_argument("names", nargs="+", metavar="NAME", help="a data set, as `orderless data list` names it")
        action.add_argument("--data", type=Path, help="the folder of all data sets (default: the configuration's, or else data/)")
        action.add_argument("--configfile", type=Path, help="a configuration whose `catalog:` adds to or changes the data sets")


def settings(args: argparse.Namespace) -> tuple[dict[str, dict], Path]:
    """The data sets of the catalog, and the folder that they are stored in."""
    needed = {"run": "data", "datasets": ["mit67"], "backbones": ["tinyalex"], "representations": ["fc7"]}
    config = load_config(merge(needed, configuration(args.configfile)))
    return load_catalog(config["catalog"])["datasets"], args.data or Path(config["data"])


def state(entry: dict, data: Path) -> str:
    """What is here of a data set, in one word or path."""
    from orderless.datasets.official import matches, read_record
    from orderless.files.downloads import read_lock

    if "root" in entry:
        return entry["root"]
    store = data / entry["kind"]
    if matches(read_record(store / "unpacked"), entry, read_lock(data / f"{entry['kind']}.lock.json")):
        return str(store / "unpacked")
    part = sum(file.stat().st_size for file in (store / "archives").glob("*") if file.is_file())
    return f"begun ({part / 1e6:,.0f} MB)" if part else "-"


def run(args: argparse.Namespace) -> None:
    """List, fetch or check data sets."""
    from orderless.datasets.official import check, prepare

    entries, data = settings(args)
    known = {name: entry for name, entry in entries.items() if official(entry)}
    if args.action == "list":
        for name, entry in known.items():
            print(f"{name:12s} {megabytes(entry):>14s}  {state(entry, data):24s} {entry['title']}")
        return
    for name in args.names:
        entry = lookup({"datasets": known}, "datasets", name, f"orderless data {args.action}")
        if args.action == "fetch":
            print(f"{name}: {prepare(name, entry, data)}")
            print(f"  licence: {entry['licence']}\n  cite: {entry['citation']}")
        print("\n".join(check(name, entry, data)))
