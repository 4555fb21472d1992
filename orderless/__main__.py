"""Orderless pooling of deep activations on the command line: find images, turn them into vectors, see what exists."""

import argparse
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

from orderless.catalog.entries import SECTIONS, read_yaml
from orderless.datasets.commands import add_commands, run_data
from orderless.errors import OrderlessError

LISTED = ["datasets", "backbones", "representations", "analyses"]  # where no section is asked for
SEARCH = """examples:
  orderless search photo.jpg --in photos/                        the images most like photo.jpg, and photo.matches.png
  orderless search photo.jpg --in photos/ --representation mop   by MOP-CNN; the index is made once and kept
  orderless search photo.jpg --in photos/ --weights mobilenet_v2.pth --index photos.index --top 50
  orderless search photo.jpg --in photos/ --representation mpp --configfile mine.yaml   with settings of your own
"""
DESCRIBE = """examples:
  orderless describe photos/ --out global.npy                    one vector an image by the network alone; names in global.txt
  orderless describe photos/ --representation mpp --out mpp.csv  by MPP, its codebook learned on the same folder
  orderless describe new/ --fit-on photos/ --representation mpp --out new.csv
"""
LIST = """examples:
  orderless list                     data sets, networks, representations, studies
  orderless list representations     what --representation takes
  orderless list encoders            what a representation is made of: views, layers, projections, encoders
"""


DATA = """examples:
  orderless data list                what can be downloaded
  orderless data fetch mit67         a data set of the papers, downloaded and verified
"""
EPILOG = f"{SEARCH}{DESCRIBE}{LIST}{DATA}".replace("\nexamples:", "") + "\nEach command has its own --help."


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    plain = argparse.RawDescriptionHelpFormatter
    found = argparse.ArgumentParser("orderless", description=__doc__, epilog=EPILOG, formatter_class=plain)
    found.add_argument("--version", action="version", version=f"orderless {version('orderless')}")
    commands = found.add_subparsers(dest="command", required=True, metavar="command")
    search = commands.add_parser(
        "search",
        help="find the images of a folder that are most like one",
        description="Find the images of a folder that are most like one. The first search makes an index of the folder\n"
        "and keeps it; later ones describe only what is new. The index is one file, with what made it inside, and\nmay be copied.",
        epilog=SEARCH,
        formatter_class=plain,
    )
    search.add_argument("image", type=Path, help="the image to look for")
    search.add_argument("--in", dest="folder", type=Path, required=True, help="the folder of images to look in")
    search.add_argument("--index", type=Path, help="where the index is kept (default: in the folder)")
    search.add_argument("--top", type=int, default=10, help="how many to show (default: %(default)s)")
    search.add_argument("--sheet", type=Path, help="the picture of what was found (default: <image>.matches.png here)")
    describe = commands.add_parser(
        "describe",
        help="write one vector an image",
        description="Write one vector for each image of a folder, as CSV or .npy. What the representation has to learn\n"
        "(projections, codebooks) is learned first.",
        epilog=DESCRIBE,
        formatter_class=plain,
    )
    describe.add_argument("folder", type=Path, help="the folder of images")
    describe.add_argument("--out", type=Path, required=True, help="a .csv (column image, then one a dimension) or a .npy file")
    describe.add_argument("--fit-on", type=Path, help="a folder to learn projections and codebooks on (default: the folder itself)")
    for command in (search, describe):
        command.add_argument("--backbone", help="a network of the catalog (default: mobilenet_v2)")
        command.add_argument("--representation", help="a representation of the catalog (default: global)")
        command.add_argument("--weights", help="a file of the network's weights (default: torchvision's, fetched)")
        command.add_argument("--configfile", type=Path, help="a configuration whose `catalog:` adds to or changes the catalog")
        command.add_argument("--backend", help="vlfeat or torch, for what is learned and encoded (default: VLFeat if installed)")
    what = "Say which entries the catalog has, with their titles or their settings."
    listing = commands.add_parser("list", help="say what exists", description=what, epilog=LIST, formatter_class=plain)
    listing.add_argument("section", nargs="?", choices=SECTIONS, help="only this section")
    add_commands(commands)
    return found


def catalog_of(args: argparse.Namespace) -> dict | None:
    """The `catalog:` of the configuration file named, if one is."""
    if args.configfile is None:
        return None
    try:
        return (read_yaml(args.configfile) or {}).get("catalog", {})
    except OSError as error:
        raise OrderlessError(f"{args.configfile}: cannot be read ({error.strerror}). Name a configuration file.") from error


def run_search(args: argparse.Namespace) -> None:
    """Show what is most like an image as a table and as a contact sheet."""
    from orderless.files.images import read_image
    from orderless.files.jobs import bar
    from orderless.reports.sheets import Cell, contact_sheet
    from orderless.retrieval.collection import open_or_build

    asked = read_image(args.image)
    chosen = {"backbone": args.backbone, "representation": args.representation, "weights": args.weights, "backend": args.backend}
    chosen["catalog"] = catalog_of(args)
    found = open_or_build(args.folder, args.index, bar, partial(print, file=sys.stderr), **chosen)
    ranking = found.search(args.image)[: args.top]
    width = max(len(name) for name, _ in ranking)
    for place, (name, similarity) in enumerate(ranking, 1):
        print(f"{place:4d}  {name:{width}s}  {similarity:.4f}")
    cells: list[Cell] = [(read_image(args.folder / name), f"{similarity:.3f} {name}", None) for name, similarity in ranking]
    rows: list[list[Cell]] = [[(asked, args.image.name, "black"), *cells[:7]]]
    rows += [cells[i : i + 8] for i in range(7, len(cells), 8)]
    sheet = args.sheet or Path(f"{args.image.stem}.matches.png")
    title = f"{args.image.name} in {args.folder} ({len(found.images)} images, {found.describer.representation})"
    contact_sheet(rows, title).save(sheet)
    print(f"The picture: {sheet}")


def run_describe(args: argparse.Namespace) -> None:
    """Write vectors of a folder's images."""
    import numpy as np
    import pandas as pd

    from orderless.describer import describe
    from orderless.files.images import image_files

    if args.out.suffix not in (".csv", ".npy"):
        raise OrderlessError(f"{args.out}: the name must end in .csv or .npy.")
    files = image_files(args.folder)
    chosen = {"backbone": args.backbone, "representation": args.representation, "weights": args.weights, "backend": args.backend}
    chosen["catalog"] = catalog_of(args)
    given = {key: value for key, value in chosen.items() if value}
    vectors = describe(files, fit_on=args.fit_on, progress=True, **given)
    names = [path.relative_to(args.folder).as_posix() for path in files]
    if args.out.suffix == ".npy":
        np.save(args.out, vectors)
        args.out.with_suffix(".txt").write_text("".join(f"{name}\n" for name in names))
    else:
        columns = [f"v{i}" for i in range(vectors.shape[1])]
        pd.DataFrame(vectors, index=pd.Index(names, name="image"), columns=columns).to_csv(args.out)
    print(f"{len(files)} vectors of {vectors.shape[1]} dimensions: {args.out}")


def run_list(args: argparse.Namespace) -> None:
    """Print the catalog's entries and their titles."""
    from orderless.catalog.entries import load_catalog

    catalog = load_catalog({})
    for section in [args.section] if args.section else LISTED:
        print(f"{section}:")
        for name, entry in catalog[section].items():
            print(f"  {name:22s} {entry.get('title') or ', '.join(f'{key} {value}' for key, value in entry.items())}".rstrip())


def main(arguments: list[str] | None = None) -> int:
    """Run a command. A user's error is one line on the error stream and status 1."""
    args = parser().parse_args(arguments)
    try:
        {"search": run_search, "describe": run_describe, "list": run_list, "data": run_data}[args.command](args)
    except OrderlessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
