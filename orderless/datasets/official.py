"""The papers' data sets: their archives fetched, verified and unpacked, their images listed as their authors split them.

`<data>/<kind>/archives/` keeps what was downloaded, `<data>/<kind>/unpacked/` what was in it, with `.orderless.json`, which says of
which files it was made; archives may be deleted then. `<data>/<kind>.lock.json` pins the files whose hosts publish no hash.
"""

import importlib
import json
from pathlib import Path

from orderless.datasets.rows import check_expected, count, examine, keep_fraction
from orderless.errors import OrderlessError
from orderless.files.archives import BadArchive, unpack
from orderless.files.downloads import Source, fetch, pin, read_lock, verify, write_lock


def sources(entry: dict) -> list[Source]:
    """The files of a catalog entry."""
    return [Source(name, **(file | {"urls": tuple(file.get("urls", ()))})) for name, file in entry["files"].items()]


def own_folder(entry: dict, name: str) -> Path | None:
    """The folder that the entry's `root` names, if it does; there is nothing else for a set that nobody may download."""
    if "root" not in entry:
        if entry["files"]:
            return None
        raise OrderlessError(f"catalog.datasets.{name}.root: is missing. This data set cannot be downloaded: name your own copy.")
    root = Path(entry["root"])
    if not root.is_dir():
        raise OrderlessError(f"catalog.datasets.{name}.root: no folder '{root}'. Set it to your copy, unpacked as it comes.")
    return root


def made_of(folder: Path) -> dict[str, dict]:
    """The files that an unpacked folder was made of: name -> `hash` and `size`; empty where there is none."""
    record = folder / ".orderless.json"
    return json.loads(record.read_text()) if record.is_file() else {}


def fits(record: dict[str, dict], entry: dict, pinned: dict[str, dict]) -> bool:
    """Whether an unpacked folder was made of the files of this entry."""
    wanted = {source.name: source.hash or pinned.get(source.name, {}).get("hash") for source in sources(entry)}
    return bool(record) and {name: file["hash"] for name, file in record.items()} == wanted


def prepare(name: str, entry: dict, data: Path) -> Path:
    """The folder in which a data set lies unpacked, fetched first where need be. One process at a time does it.

    data: where all data sets are kept. Raises OrderlessError that names the file, what is wrong with it and the remedy; an archive
    that nobody vouches for is removed where it cannot be unpacked, and pinned where it can.
    """
    from filelock import FileLock

    if root := own_folder(entry, name):
        return root
    store, lock = data / entry["kind"], data / f"{entry['kind']}.lock.json"
    store.mkdir(parents=True, exist_ok=True)
    unpacked, archives = store / "unpacked", store / "archives"
    with FileLock(store / ".lock"):
        pinned = read_lock(lock)
        if fits(made_of(unpacked), entry, pinned):
            return unpacked
        files = {source: fetch(source, archives, pinned.get(source.name), lock) for source in sources(entry)}
        known = {s.name: {"hash": s.hash, "size": p.stat().st_size} if s.hash else pin(p) for s, p in files.items()}
        try:
            unpack(list(files.values()), unpacked, known)
        except BadArchive as error:
            ours = [s for s, path in files.items() if path == error.path and not s.path and not s.hash and s.name not in pinned]
            for source in ours:
                files[source].unlink()
            remedy = "It is removed: run again to fetch it anew" if ours else "Get another copy of it"
            raise OrderlessError(f"{error} {remedy}, or set 'path' in catalog.datasets.{name}.files to a good one.") from error
        write_lock(lock, pinned | {source.name: known[source.name] for source in files if not source.hash})
        return unpacked


def list_rows(name: str, entry: dict, root: Path, seed: int) -> list[dict]:
    """The rows of a data set, held against the counts that its authors state. No image is opened."""
    rows = importlib.import_module(f"orderless.datasets.{entry['kind']}").rows(root, entry, seed)
    if not rows:
        raise OrderlessError(f"{root}: holds no image of '{name}'. Give the folder in which the official archives lie unpacked.")
    check_expected(rows, entry.get("expected", {}), name)
    return rows


def index(
    name: str, entry: dict, root: Path, seed: int, fraction: float, on_bad_image: str, folder: Path
) -> tuple[list[dict], list[str]]:
    """The index rows of a data set and what was skipped. folder: where images that are cut to their boxes are written."""
    rows = keep_fraction(list_rows(name, entry, root, seed), fraction, seed, entry["task"])
    return examine(rows, entry.get("on_bad_image", on_bad_image), entry.get("crop"), folder)


def check(name: str, entry: dict, data: Path) -> list[str]:
    """Verify what is here of a data set, without the network: lines that say what was found. Raises OrderlessError."""
    root, said = own_folder(entry, name), []
    if root is None:
        store, pinned = data / entry["kind"], read_lock(data / f"{entry['kind']}.lock.json")
        for source in sources(entry):
            path = Path(source.path) if source.path else store / "archives" / source.name
            if path.is_file():
                verify(path, source, pinned.get(source.name))
                held = "as published" if source.hash else "as pinned" if source.name in pinned else "of unknown hash"
                said.append(f"{path}: {path.stat().st_size} bytes, {held}")
            else:
                said.append(f"{path}: not here")
        root = store / "unpacked"
        if not fits(made_of(root), entry, pinned):
            raise OrderlessError(f"{root}: not here, or made of other files. Type: orderless data fetch {name}")
    rows = list_rows(name, entry, root, 0)
    missing = [row["path"] for row in rows if not Path(row["path"]).is_file()]
    if missing:
        raise OrderlessError(f"{missing[0]}: no such file ({len(missing)} of {len(rows)} images). Delete {root} and fetch again.")
    found = ", ".join(f"{number} {what}" for what, number in count(rows).items() if number)
    asserted = ", as published" if entry.get("expected") else ""
    return [*said, f"{root}: {len(rows)} images listed ({found}{asserted}), all files there"]
