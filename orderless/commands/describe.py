"""`orderless describe`: images as vectors, in a file."""

import argparse
from pathlib import Path
from typing import Any

from orderless.commands import shared

EXAMPLES = """examples:
  orderless describe photos/ --out global.npy                    one vector an image by the network alone; names in global.txt
  orderless describe photos/ --representation mpp --out mpp.csv  by MPP, its codebook learned on the same folder
  orderless describe new/ --fit-on photos/ --representation mpp --out new.csv
"""


def add(commands: Any) -> None:
    """The command and its options."""
    parser = shared.command(
        commands,
        "describe",
        "write one vector an image",
        "Write one vector for each image of a folder, as CSV or .npy. What the representation has to learn (projections,\n"
        "codebooks) is learned first.",
        EXAMPLES,
    )
    parser.add_argument("folder", type=Path, help="the folder of images")
    parser.add_argument("--out", type=Path, required=True, help="a .csv (column image, then one a dimension) or a .npy file")
    parser.add_argument("--fit-on", type=Path, help="a folder to learn projections and codebooks on (default: the folder itself)")
    shared.add_describer(parser, "global")


def readable_files(folder: Path, strict: bool) -> list[Path]:
    """The image files of a folder that can be read; those that cannot are named."""
    from orderless.files.images import said_of_left_out
    from orderless.retrieval.listing import Listing, said_of_unreadable

    listing = Listing().now(folder, strict)
    if left_out := said_of_left_out(folder):
        shared.note(left_out)
    if listing.skipped:
        shared.note(f"{said_of_unreadable(folder, listing.skipped, len(listing.files))} They are left out.")
    return [folder / name for name in listing.images]


def run(args: argparse.Namespace) -> None:
    """Write vectors of a folder's images."""
    shared.check_output(args.out, (".csv", ".npy"))
    options = shared.describer_options(args)
    files = readable_files(args.folder, args.strict)
    fit_on = readable_files(args.fit_on, args.strict) if args.fit_on else None

    import numpy as np
    import pandas as pd

    from orderless.describer import describe

    vectors = describe(files, fit_on=fit_on, progress=True, **options)
    names = [path.relative_to(args.folder).as_posix() for path in files]
    if args.out.suffix.lower() == ".npy":
        np.save(args.out, vectors)
        args.out.with_suffix(".txt").write_text("".join(f"{name}\n" for name in names))
    else:
        columns = [f"v{i}" for i in range(vectors.shape[1])]
        pd.DataFrame(vectors, index=pd.Index(names, name="image"), columns=columns).to_csv(args.out)
    print(f"{len(files)} vectors of {vectors.shape[1]} dimensions: {args.out}")
