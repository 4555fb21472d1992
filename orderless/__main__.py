"""The command line: `orderless search`, `orderless describe`, `orderless list`, `orderless data`."""

import argparse
import sys
from pathlib import Path

from orderless.datasets.commands import add_commands, run_data
from orderless.errors import OrderlessError

SECTIONS = ["datasets", "backbones", "representations", "analyses"]
EXAMPLES = """examples:
  orderless search photo.jpg --in photos/                          the images most like photo.jpg, and photo.matches.png
  orderless search photo.jpg --in photos/ --representation mop     by MOP-CNN; the index is made once and kept
  orderless describe photos/ --representation mpp --out mpp.csv    one vector an image
  orderless list representations                                   what exists
  orderless data fetch mit67                                       a data set of the papers, downloaded and verified
"""


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    plain = argparse.RawDescriptionHelpFormatter
    found = argparse.ArgumentParser("orderless", description=__doc__, epilog=EXAMPLES, formatter_class=plain)
    commands = found.add_subparsers(dest="command", required=True, metavar="command")
    search = commands.add_parser(
        "search",
        help="find the images of a folder that are most like one",
        description="Find the images of a folder that are most like one. The first search makes an index of the folder and keeps "
        "it; later ones describe only what is new. The index is one file, with what made it inside, and may be copied.",
    )
    search.add_argument("image", type=Path, help="the image to look for")
    search.add_argument("--in", dest="folder", type=Path, required=True, help="the folder of images to look in")
    search.add_argument("--index", type=Path, help="where the index is kept (default: in the folder)")
    search.add_argument("--top", type=int, default=10, help="how many to show (default: %(default)s)")
    search.add_argument("--sheet", type=Path, help="the picture of what was found (default: <image>.matches.png here)")
    describe = commands.add_parser(
        "describe",
        help="write one vector an image",
        description="Write one vector for each image of a folder, as CSV or .npy.",
    )
    describe.add_argument("folder", type=Path, help="the folder of images")
    describe.add_argument("--out", type=Path, required=True, help="a .csv (column image, then one a dimension) or a .npy file")
    describe.add_argument("--fit-on", type=Path, help="a folder to learn projections and codebooks on (default: the folder itself)")
    for command in (search, describe):
        command.add_argument("--backbone", help="a network of the catalog (default: mobilenet_v2)")
        command.add_argument("--representation", help="a representation of the catalog (default: global)")
        command.add_argument("--weights", help="a file of the network's weights (default: torchvision's, fetched)")
    listing = commands.add_parser("list", help="say what exists", description="Say which entries the catalog has.")
    listing.add_argument("section", nargs="?", choices=SECTIONS, help="only this section")
    add_commands(commands)
    return found


def bar(items, count: int, what: str = "images"):
    """A progress bar."""
    from tqdm import tqdm

    return tqdm(items, total=count, unit=f" {what}", leave=False)


def run_search(args: argparse.Namespace) -> None:
    """Show what is most like an image as a table and as a contact sheet."""
    from orderless.collection import open_or_build
    from orderless.images import read_image
    from orderless.sheets import Cell, contact_sheet

    asked = read_image(args.image)
    options = {"backbone": args.backbone, "representation": args.representation, "weights": args.weights}
    found = open_or_build(args.folder, args.index, bar, **options)
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

    from orderless.describer import Describer, image_files

    if args.out.suffix not in (".csv", ".npy"):
        raise OrderlessError(f"{args.out}: the name must end in .csv or .npy.")
    files = image_files(args.folder)
    describer = Describer(args.backbone or "mobilenet_v2", args.representation or "global", args.weights)
    describer.fit([str(path) for path in (image_files(args.fit_on) if args.fit_on else files)], progress=bar)
    vectors = describer.describe([str(path) for path in files], bar).matrix(describer.representation)
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
    from orderless.catalog import load_catalog

    catalog = load_catalog({})
    for section in [args.section] if args.section else SECTIONS:
        print(f"{section}:")
        for name, entry in catalog[section].items():
            print(f"  {name:22s} {entry.get('title', '')}")


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
