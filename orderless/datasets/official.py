"""The papers' data sets: archives are fetched, verified and unpacked; images are listed in the published splits.

`<data>/<kind>/archives/` holds the downloads, `<data>/<kind>/unpacked/` their content, and in it `.orderless.json`, a record of the
files it was unpacked from. After that the archives may be deleted. `<data>/<kind>.lock.json` pins files without a published hash.
"""

import importlib
import json
from pathlib import Path

from orderless.datasets.checks import check_expected, count, examine
from orderless.datasets.fractions import keep_fraction
from orderless.errors import OrderlessError
from orderless.files.archives import BadArchive, unpack
from orderless.files.downloads import Source, fetch, pin, read_lock, verify, write_lock


def sources(entry: dict) -> list[Source]:
    """The files of a catalog entry."""
    return [Source(name, **(file | {"urls": tuple(file.get("urls", ()))})) for name, file in entry["files"].items()]


def own_folder(entry: dict, name: str) -> Path | None:
    """The user's own copy, named by the entry's `root`; None if there is no `root`, an error if the set cannot be downloaded."""
    if "root" not in entry:
        if entry["files"]:
            return None
        raise OrderlessError(f"catalog.datasets.{name}.root: is missing. This data set cannot be downloaded: name your own copy.")
    root = Path(entry["root"])
    if not root.is_dir():
        raise OrderlessError(f"catalog.datasets.{name}.root: no folder '{root}'. Set it to your unpacked copy.")
    return root


def read_record(folder: Path) -> dict[str, dict]:
    """The files that a folder was unpacked from: name -> `hash` and `size`. Empty if there is no such folder."""
    record = folder / ".orderless.json"
    return json.loads(record.read_text()) if record.is_file() else {}


def matches(record: dict[str, dict], entry: dict, pinned: dict[str, dict]) -> bool:
    """Whether a folder was unpacked from the files of this entry."""
    wanted = {source.name: source.hash or pinned.get(source.name, {}).get("hash") for source in sources(entry)}
    return bool(record) and {name: file["hash"] for name, file in record.items()} == wanted


def prepare(name: str, entry: dict, data: Path) -> Path:
    """The folder of an unpacked data set, which is fetched first if necessary. A lock lets one process at a time do it.

    data: the folder of all data sets. Raises OrderlessError with the file, the fault and the remedy. An archive without a known
    hash is pinned after it was unpacked; one that cannot be unpacked is removed.
    """
    from filelock import FileLock

    if root := own_folder(entry, name):
        return root
    store, lock = data / entry["kind"], data / f"{entry['kind']}.lock.json"
    store.mkdir(parents=True, exist_ok=True)
    unpacked, archives = store / "unpacked", store / "archives"
    with FileLock(store / ".lock"):
        pinned = read_lock(lock)
        if matches(read_record(unpacked), entry, pinned):
            return unpacked
        files = {source: fetch(source, archives, pinned.get(source.name), lock) for source in sources(entry)}
        record = {s.name: {"hash": s.hash, "size": p.stat().st_size} if s.hash else pin(p) for s, p in files.items()}
        try:
            unpack(list(files.values()), unpacked, record)
        except BadArchive as error:
            unknown = [s for s, path in files.items() if path == error.path and not s.path and not s.hash and s.name not in pinned]
            for source in unknown:
                files[source].unlink()
            remedy = "It is removed: run again to fetch it anew" if unknown else "Get another copy of it"
            raise OrderlessError(f"{error} {remedy}, or set 'path' in catalog.datasets.{name}.files to a good one.") from error
        write_lock(lock, pinned | {source.name: record[source.name] for source in files if not source.hash})
        return unpacked


def list_rows(name: str, entry: dict, root: Path, seed: int) -> list[dict]:
    """The index rows of a data set, checked against the published counts. No image is opened."""
    rows = importlib.import_module(f"orderless.datasets.{entry['kind']}").index_rows(root, entry, seed)
    if not rows:
        raise OrderlessError(f"{root}: holds no image of '{name}'. Give the folder where the official archives are unpacked.")
    check_expected(rows, entry.get("expected", {}), name)
    return rows


def index(
    name: str, entry: dict, root: Path, seed: int, fraction: float, on_bad_image: str, folder: Path
) -> tuple[list[dict], list[str]]:
    """The index rows of a data set, and a message for each skipped image. folder: for images that are cut to their boxes."""
    rows = keep_fraction(list_rows(name, entry, root, seed), fraction, seed, entry["task"])
    return examine(rows, entry.get("on_bad_image", on_bad_image), entry.get("crop"), folder)


def check(name: str, entry: dict, data: Path) -> list[str]:
    """Verify the local files of a data set without a download. Returns a report, line by line. Raises OrderlessError."""
    root, report = own_folder(entry, name), []
    if root is None:
        store, pinned = data / entry["kind"], read_lock(data / f"{entry['kind']}.lock.json")
        for source in sources(entry):
            path = Path(source.path) if source.path else store / "archives" / source.name
            if path.is_file():
                verify(path, source, pinned.get(source.name))
                origin = "as published" if source.hash else "as pinned" if source.name in pinned else "of unknown hash"
                report.append(f"{path}: {path.stat().st_size} bytes, {origin}")
            else:
                report.append(f"{path}: not here")
        root = store / "unpacked"
        if not matches(read_record(root), entry, pinned):
            raise OrderlessError(f"{root}: not here, or unpacked from other files. Type: orderless data fetch {name}")
    rows = list_rows(name, entry, root, 0)
    missing = [row["path"] for row in rows if not Path(row["path"]).is_file()]
    if missing:
        raise OrderlessError(f"{missing[0]}: no such file ({len(missing)} of {len(rows)} images). Delete {root} and fetch again.")
    counts = ", ".join(f"{number} {key}" for key, number in count(rows).items() if number)
    published = ", as published" if entry.get("expected") else ""
    return [*report, f"{root}: {len(rows)} images listed ({counts}{published}), all files present"]
