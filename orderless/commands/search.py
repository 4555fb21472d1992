"""`orderless search`: the images of a folder that are most like others."""

import argparse
from pathlib import Path
from typing import Any

from orderless.commands import shared

EXAMPLES = """examples:
  orderless search photo.jpg --in photos/                        the images most like photo.jpg, and photo.matches.png
  orderless search new/*.jpg --in photos/ --top 3 --csv          several at once, as a table for other programs
  orderless search photo.jpg --in photos/ --representation mop   by MOP-CNN; the index is made once and kept
  orderless search photo.jpg --in photos/ --weights mobilenet_v2.pth --index photos.index --top 50
  orderless search photo.jpg --in photos/ --representation mpp --configfile mine.yaml   with settings of your own
"""
COLUMNS = 7  # pictures beside the query in a row of the contact sheet
MOST_ROWS = 50  # queries on the contact sheet, where there are several


def add(commands: Any) -> None:
    """The command and its options."""
    parser = shared.command(
        commands,
        "search",
        "find the images of a folder that are most like others",
        "Find the images of a folder that are most like one, or most like each of several. The first search makes an index of\n"
        "the folder and keeps it; later ones describe only what is new. The index is one file, with what made it inside, and\n"
        "may be copied. Each network and representation has its own.",
        EXAMPLES,
    )
    parser.add_argument("images", type=Path, nargs="+", metavar="image", help="an image to look for")
    parser.add_argument("--in", dest="folder", type=Path, required=True, help="the folder of images to look in")
    parser.add_argument("--top", type=shared.positive, default=10, help="how many to show (default: %(default)s)")
    parser.add_argument("--sheet", type=Path, help="the picture of what was found (default: <image>.matches.png, or matches.png)")
    parser.add_argument("--no-sheet", action="store_true", help="draw no picture")
    shared.add_formats(parser)
    shared.add_index(parser)
    shared.add_describer(parser, "global")


def run(args: argparse.Namespace) -> None:
    """Show what is most like each image, as a table and as a contact sheet."""
    queries: list[Path] = args.images
    sheet = args.sheet or Path(f"{queries[0].stem}.matches.png" if len(queries) == 1 else "matches.png")
    if not args.no_sheet:
        shared.check_output(sheet, shared.PICTURES)
    options = shared.describer_options(args)

    from orderless.files.jobs import bar
    from orderless.retrieval.indices import open_or_build

    found = open_or_build(args.folder, args.index, bar, shared.note, args.strict, args.rebuild, **options)
    rankings = [ranking[: args.top] for ranking in found.search_all(queries, bar)]
    rows = [
        {"query": str(query), "rank": place, "image": name, "similarity": round(similarity, 6)}
        for query, ranking in zip(queries, rankings, strict=True)
        for place, (name, similarity) in enumerate(ranking, 1)
    ]
    answer = {"folder": str(args.folder), "images": len(found.images), **made(found), "matches": rows}
    shared.print_answer(answer, rows, args.format, as_text(queries, rankings))
    if not args.no_sheet:
        title = f"in {args.folder} ({len(found.images)} images, {found.representation})"
        draw(queries, rankings, args.folder, title, sheet)
        shared.note(f"The picture: {sheet}")


def made(found: Any) -> dict[str, str]:
    """What made the vectors of an index."""
    return {key: found.header["describer"][key] for key in ("backbone", "representation")}


def as_text(queries: list[Path], rankings: list[list[tuple[str, float]]]) -> list[str]:
    """The table for people; each of several queries has its heading."""
    lines, width = [], max(len(name) for ranking in rankings for name, _ in ranking)
    for query, ranking in zip(queries, rankings, strict=True):
        lines += [f"{query}:"] if len(queries) > 1 else []
        lines += [f"{place:4d}  {name:{width}s}  {similarity:.4f}" for place, (name, similarity) in enumerate(ranking, 1)]
    return lines


def draw(queries: list[Path], rankings: list[list[tuple[str, float]]], folder: Path, title: str, sheet: Path) -> None:
    """The contact sheet: one query over several rows, or a row each for several."""
    from orderless.reports.sheets import THUMBNAIL, Cell, contact_sheet, thumbnail

    rows: list[list[Cell]] = []
    for query, ranking in list(zip(queries, rankings, strict=True))[:MOST_ROWS]:
        shown = ranking if len(queries) == 1 else ranking[:COLUMNS]
        cells: list[Cell] = [(thumbnail(folder / name), f"{similarity:.3f}\n{name}", None) for name, similarity in shown]
        rows.append([(thumbnail(query), f"query\n{query.name}", "black"), *cells[:COLUMNS]])
        rows += [cells[i : i + COLUMNS + 1] for i in range(COLUMNS, len(cells), COLUMNS + 1)]
    left = f"; {len(queries) - MOST_ROWS} more queries are not drawn" if len(queries) > MOST_ROWS else ""
    contact_sheet(rows, f"{queries[0].name if len(queries) == 1 else f'{len(queries)} queries'} {title}{left}", THUMBNAIL).save(
        sheet
    )
