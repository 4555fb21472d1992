"""`orderless duplicates`: the near copies within a folder."""

import argparse
from pathlib import Path
from typing import Any

from orderless.commands import shared

EXAMPLES = """examples:
  orderless duplicates photos/                     groups of near copies, and duplicates.png
  orderless duplicates photos/ --threshold 0.9     only what is very much alike
  orderless duplicates photos/ --json --no-sheet   for other programs
"""
COLUMNS, MOST_ROWS = 8, 60  # of the contact sheet


def add(commands: Any) -> None:
    """The command and its options."""
    parser = shared.command(
        commands,
        "duplicates",
        "find the near copies within a folder",
        "Find images of a folder that are copies of one another: the same file twice, or cut, shrunk, compressed, recoloured.\n"
        "Nothing is deleted. The index is that of `orderless search`.",
        EXAMPLES,
    )
    parser.add_argument("folder", type=Path, help="the folder of images")
    parser.add_argument(
        "--threshold", type=shared.share, help="the least similarity of copies (default: learned on copies made here)"
    )
    parser.add_argument(
        "--sheet", type=Path, default=Path("duplicates.png"), help="the picture of the groups (default: %(default)s)"
    )
    parser.add_argument("--no-sheet", action="store_true", help="draw no picture")
    shared.add_formats(parser)
    shared.add_index(parser)
    shared.add_describer(parser, "global")


def run(args: argparse.Namespace) -> None:
    """Show the groups of copies as a table and as a contact sheet."""
    if not args.no_sheet:
        shared.check_output(args.sheet, shared.PICTURES)
    options = shared.describer_options(args)

    from orderless.files.jobs import bar
    from orderless.retrieval.duplicates import groups, typical_threshold
    from orderless.retrieval.indices import open_or_build

    collection = open_or_build(args.folder, args.index, bar, shared.note, args.strict, args.rebuild, **options)
    threshold = args.threshold or typical_threshold(collection, args.folder, bar)
    found = groups(collection, threshold)
    rows = [row(args.folder, number, name, similarity) for number, group in enumerate(found, 1) for name, similarity in group]
    answer = {"folder": str(args.folder), "images": len(collection.images), "threshold": round(threshold, 4), "copies": rows}
    shared.print_answer(answer, rows, args.format, as_text(rows))
    shared.note(f"{len(rows)} of {len(collection.images)} images in {len(found)} groups of copies (similarity >= {threshold:.3f}).")
    if found and not args.no_sheet:
        draw(found, args.folder, f"Copies in {args.folder}", args.sheet)
        shared.note(f"The picture: {args.sheet}")


def row(folder: Path, group: int, name: str, similarity: float) -> dict[str, Any]:
    """What is said of an image in a group: with its size, by which a person chooses what to keep."""
    from PIL import Image

    with Image.open(folder / name) as image:
        width, height = image.size
    facts = {"width": width, "height": height, "bytes": (folder / name).stat().st_size}
    return {"group": group, "image": name, "similarity": round(similarity, 4), **facts}


def as_text(rows: list[dict[str, Any]]) -> list[str]:
    """The table for people."""
    lines, group, width = [], 0, max((len(row["image"]) for row in rows), default=0)
    for row in rows:
        if row["group"] != group:
            group = row["group"]
            lines.append(f"group {group}")
        size = f"{row['width']} x {row['height']}, {row['bytes'] / 1000:,.0f} kB"
        lines.append(f"  {row['image']:{width}s}  {row['similarity']:.4f}  {size}")
    return lines or ["No copies."]


def draw(found: list[list[tuple[str, float]]], folder: Path, title: str, sheet: Path) -> None:
    """The contact sheet, a row or more for each group."""
    from orderless.reports.sheets import THUMBNAIL, Cell, contact_sheet, thumbnail

    rows: list[list[Cell]] = []
    for group in found:
        for first in range(0, len(group), COLUMNS):
            part = group[first : first + COLUMNS]
            rows.append([(thumbnail(folder / name), f"{similarity:.3f}\n{name}", None) for name, similarity in part])
    left = f"; the first {MOST_ROWS} rows" if len(rows) > MOST_ROWS else ""
    contact_sheet(rows[:MOST_ROWS], f"{title}{left}", THUMBNAIL).save(sheet)
