"""What several commands have: options, checks of what is asked for before any work, tables on the terminal."""

import argparse
import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".pdf")


def note(message: str) -> None:
    """Say something beside the answer, which alone goes to the standard output."""
    print(message, file=sys.stderr, flush=True)


def command(commands: Any, name: str, text: str, description: str, examples: str) -> argparse.ArgumentParser:
    """A new command. text: its line in `orderless --help`."""
    plain = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=text, description=description, epilog=examples, formatter_class=plain)


def positive(text: str) -> int:
    """A number from one upwards."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 upwards")
    return int(text)


def natural(text: str) -> int:
    """A number from zero upwards."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 upwards")
    return int(text)


def share(text: str) -> float:
    """A number above zero and at most one."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0 and at most 1")
    return value


def add_describer(parser: argparse.ArgumentParser, representation: str) -> None:
    """The options of what makes the vectors. representation: what is taken where none is named, in words."""
    parser.add_argument("--backbone", help="a network: `orderless list backbones` (default: mobilenet_v2)")
    parser.add_argument("--representation", help=f"`orderless list representations` (default: {representation})")
    parser.add_argument("--weights", help="a file of the network's weights (default: torchvision's, fetched)")
    parser.add_argument("--configfile", type=Path, help="a configuration whose `catalog:` adds to or changes the catalog")
    parser.add_argument("--backend", choices=["auto", "vlfeat", "torch"], help="for what is learned (default: VLFeat if installed)")
    add_device(parser)
    parser.add_argument("--strict", action="store_true", help="stop at images that cannot be read, instead of leaving them out")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where networks run, and what random draws begin with."""
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], help="where networks run (default: a GPU if there is one)")
    parser.add_argument("--seed", type=natural, help="of all random draws (default: 0)")


def add_index(parser: argparse.ArgumentParser) -> None:
    """The options of an index."""
    parser.add_argument(
        "--index", type=Path, help="the file of the index (default: in the folder, one a network and representation)"
    )
    parser.add_argument("--rebuild", action="store_true", help="make the index anew")


def add_formats(parser: argparse.ArgumentParser) -> None:
    """The forms that an answer can take on the standard output."""
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_const", dest="format", const="json", help="print JSON")
    formats.add_argument("--csv", action="store_const", dest="format", const="csv", help="print CSV")


def configuration(path: Path | None) -> dict[str, Any]:
    """The content of a configuration file; empty where none is named."""
    import yaml

    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except OSError as error:
        raise OrderlessError(f"{path}: cannot be read ({error.strerror}). Name a configuration file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OrderlessError(f"{path}: is not YAML ({' '.join(str(error).split())}). Mend this place.") from error
    if not isinstance(content, dict):
        raise OrderlessError(f"{path}: holds a {type(content).__name__}, not keys with values such as `catalog:`. Mend it.")
    return content


def describer_options(args: argparse.Namespace) -> dict[str, Any]:
    """The options of `add_describer` as `Describer` takes them, those left out left out; ids that do not exist are refused."""
    from orderless.catalog.entries import load_catalog
    from orderless.errors import nearest

    options = {key: getattr(args, key) for key in ("backbone", "representation", "weights", "backend", "device", "seed")}
    options["catalog"] = configuration(args.configfile).get("catalog")
    catalog = load_catalog(options["catalog"] or {})
    for key in ("backbone", "representation"):
        section = catalog[f"{key}s"]
        if options[key] and options[key] not in section:
            raise OrderlessError(
                f"--{key}: '{options[key]}' does not exist.{nearest(options[key], section)} See: orderless list {key}s"
            )
    if args.weights and Path(args.weights).suffix and not Path(args.weights).is_file():
        raise OrderlessError(f"--weights {args.weights}: no such file. Name a file, or leave the option out.")
    return {key: value for key, value in options.items() if value or (key == "seed" and value is not None)}


def check_output(path: Path, suffixes: tuple[str, ...]) -> Path:
    """A file that is to be written: its format must be known, its folder must be there. Checked before any work."""
    if path.suffix.lower() not in suffixes:
        raise OrderlessError(f"{path}: its name must end in one of {', '.join(suffixes)}.")
    if not path.parent.is_dir():
        raise OrderlessError(f"{path.parent}: no such folder for {path.name}. Make it, or name another.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise OrderlessError(f"{path}: cannot be written. Name another file.")
    return path


def print_answer(answer: Any, rows: list[dict[str, Any]], form: str | None, text: list[str]) -> None:
    """The answer of a command on the standard output: as JSON, as CSV of its rows, or as lines of text."""
    if form == "json":
        print(json.dumps(answer, indent=1, ensure_ascii=False))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        print("\n".join(text))
