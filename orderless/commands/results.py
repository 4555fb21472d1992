"""`orderless results [tidy]`: what the workflow keeps in this folder, what made it, and what of it may go."""

import argparse
import json
from pathlib import Path
from typing import Any

from orderless.catalog.configuration import check_selection, load_config
from orderless.catalog.entries import load_catalog, merge
from orderless.catalog.kept import Kept, delete, kept_results
from orderless.catalog.missing import Shelf, Work
from orderless.catalog.recipes import all_recipes, asked
from orderless.commands.shared import configuration
from orderless.errors import OrderlessError
from orderless.files.contents import Contents

EXAMPLES = """examples:
  orderless results                              every result with its size and the runs that use it
  orderless results mpp                          what made the results of that name: settings, seeds, inputs, code
  orderless results tidy                         what config.yaml does not use
  orderless results tidy --configfile mine.yaml --yes     delete what mine.yaml does not use

Run it in the folder that the workflow runs in.
"""


def add(commands: Any) -> None:
    """The command `results`."""
    results = commands.add_parser(
        "results",
        help="say what the workflow keeps, or delete what is not used",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    results.add_argument("names", nargs="*", metavar="NAME", help="results to explain, by name or path; or `tidy`")
    results.add_argument("--configfile", type=Path, help="tidy: a configuration laid over config.yaml")
    results.add_argument("--yes", action="store_true", help="tidy: delete what is named")


def readable(size: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:,.1f} {unit}"
        size /= 1000
    return ""


def used_stems(configfile: Path | None) -> set[str]:
    """The stems of all that the configuration of this folder uses."""
    here = Path("config.yaml")
    config = merge(configuration(here if here.exists() else None), configuration(configfile))
    if not config:
        raise OrderlessError("config.yaml: no such file here. Name the configuration whose results stay: --configfile mine.yaml")
    config = load_config(config)
    catalog = load_catalog(config["catalog"])
    check_selection(config, catalog)
    rooms, cards = all_recipes(config, catalog, Contents(Path(".snakemake/orderless/contents.json")))
    return {result.stem for result in Work(asked(rooms, cards), Shelf()).used}


def line(result: Kept) -> str:
    """A result in one line."""
    return f"{readable(result.size):>10s}  {result.stem}  ({', '.join(result.runs) or 'no run'})"


def tidy(args: argparse.Namespace) -> None:
    """Name what the configuration does not use, and delete it where that is asked for."""
    results, earlier = kept_results()
    used = used_stems(args.configfile)
    unused = [result for result in results if result.stem not in used]
    for result in unused:
        print(line(result))
    size = sum(result.size for result in unused) + sum(path.lstat().st_size for path in earlier)
    if earlier:
        print(f"{len(earlier)} files of an earlier version's layout, which nothing reads: {earlier[0]} ...")
    if not unused and not earlier:
        print("Everything under results/ is used.")
    elif args.yes:
        delete([path for result in unused for path in result.files] + earlier)
        print(f"Deleted: {readable(size)} of {len(unused)} results.")
    else:
        print(f"{readable(size)} in {len(unused)} results that this configuration does not use; --yes deletes them.")


def run(args: argparse.Namespace) -> None:
    """List what is kept, explain some of it, or tidy."""
    if args.names == ["tidy"]:
        return tidy(args)
    results, earlier = kept_results()
    for name in args.names:
        found = [result for result in results if name in (result.stem, result.stem.rsplit("/", 1)[-1].rsplit("-", 1)[0])]
        if not found:
            raise OrderlessError(f"results/: holds no result '{name}'. `orderless results` lists what there is.")
        for result in found:
            print(line(result))
            print(json.dumps(result.recipe(), indent=2))
    if not args.names:
        for result in results:
            print(line(result))
        print(f"{readable(sum(result.size for result in results))} in {len(results)} results.")
        if earlier:
            print(f"{len(earlier)} files of an earlier version's layout, which nothing reads: {earlier[0]} ...")
    return None
