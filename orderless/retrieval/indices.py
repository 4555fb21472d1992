"""The indices of a folder: one file for each network and representation, side by side in the folder itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from orderless.errors import OrderlessError
from orderless.files.images import said_of_left_out
from orderless.files.jobs import quiet
from orderless.retrieval.collection import OUTDATED, Collection, Outdated
from orderless.retrieval.listing import SHOWN

BACKBONE, REPRESENTATION = "mobilenet_v2", "global"  # where neither an option nor an index says which
FORMER = "orderless-index.safetensors"  # the one name that every index had in earlier versions


def index_name(backbone: str, representation: str) -> str:
    """The name of the file of an index."""
    return f"orderless-index.{backbone}.{representation}.safetensors"


def made_with(path: Path) -> dict[str, Any]:
    """The options that an index was made with, from its header; empty where the file is none, or damaged."""
    try:
        with safe_open(path, framework="numpy") as file:
            return json.loads((file.metadata() or {})["orderless"])["describer"]
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return {}


def find_index(folder: str | Path, options: dict[str, Any]) -> Path:
    """The file of a folder's index, whether it exists or not.

    Where `backbone` or `representation` is not given it is that of the default, if the folder has this index or none; else that of
    the only index there is. Raises OrderlessError where several would do.
    """
    folder, wanted = Path(folder), {key: options[key] for key in ("backbone", "representation") if options.get(key)}
    default = {"backbone": BACKBONE, "representation": REPRESENTATION} | wanted
    path = folder / index_name(default["backbone"], default["representation"])
    if path.exists():
        return path
    made = {path: made_with(path) for path in sorted(folder.glob("orderless-index*.safetensors"))}
    fitting = {path: facts for path, facts in made.items() if wanted.items() <= facts.items()}
    if len(fitting) > 1:
        choices = ", ".join(
            f"--backbone {facts['backbone']} --representation {facts['representation']}" for facts in fitting.values()
        )
        raise OrderlessError(f"{folder}: has several indices. Say which: {choices}.")
    return next(iter(fitting), path)


def open_or_build(
    folder: str | Path,
    index: str | Path | None = None,
    progress=quiet,
    notify: Callable[[str], Any] = lambda message: None,
    strict: bool = False,
    rebuild: bool = False,
    **options: Any,
) -> Collection:
    """The up-to-date index of a folder, kept in a file: opened and brought up to date, or built where there is none.

    notify: gets a line for each thing that changed. strict: refuse images that cannot be read, instead of leaving them out.
    rebuild: make the index anew. options: of `Describer`; what an index was made with need not be said again. An index of another
    version is made anew.
    """
    path, old = Path(index) if index else find_index(folder, options), None
    chosen = {key: value for key, value in options.items() if value or (key == "seed" and value is not None)}
    if path.exists() and (not rebuild or not made_with(path)):
        try:
            old = Collection.open(path, **chosen)
        except Outdated:
            notify(f"{path}: {OUTDATED}. All images are described anew.")
            chosen = {key: value for key, value in made_with(path).items() if key != "engine"} | chosen
    if old is None:
        from orderless.describer import Describer

        describer = Describer(**({"backbone": BACKBONE, "representation": REPRESENTATION} | chosen))
        new = Collection.build(folder, describer, progress, strict)
    else:
        new = old.updated(folder, progress, strict)
    for line in changes(old, new, folder):
        notify(line)
    if new is not old:
        new.save(path)
    return new


def changes(old: Collection | None, new: Collection, folder: str | Path) -> list[str]:
    """What there is to say of an index that was brought up to date: what is new, what is gone, what is left out."""
    lines, before, now = [], set(old.images if old else ()), set(new.images)
    if old is None:
        lines.append(f"{folder}: {len(now)} images described.")
        lines += filter(None, [said_of_left_out(folder)])
    elif before != now:
        lines.append(f"{folder}: {len(now - before)} added, {len(before - now)} removed; {len(now)} images in all.")
    if skipped := new.listing.skipped:
        lines.append(f"{folder}: {len(skipped)} of {len(new.listing.files)} images cannot be read and are left out:")
        lines += [f"  {name}: {why}" for name, why in skipped.items()] if old is None or len(skipped) <= SHOWN else [
            f"  {', '.join(list(skipped)[:SHOWN])} and {len(skipped) - SHOWN} more"
        ]  # fmt: skip
    return lines
