"""Downloads: each file is fetched once, resumed after a dropped connection (`transfers`), and verified.

pooch checks the hash and gives a file its name only when it is complete and correct. Added to it here: mirrors, the user's own
copies, and files without a published hash, which are pinned at the first download and refused if they differ later.
"""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError
from orderless.files.disk import DiskError, size_of, writing
from orderless.files.storage import file_hash
from orderless.files.transfers import Resuming, by_ftp


@dataclass(frozen=True)
class Source:
    """A file on the network.

    name: of the local file. urls: mirrors, the best first. hash: `md5:`, `sha1:` or `sha256:` and the digits, or empty if none is
    published. size: in bytes, or 0 if unknown. path: the user's own copy, or empty. key: the key of the configuration that names
    the user's copy.
    """

    name: str
    urls: tuple[str, ...] = ()
    hash: str = ""
    size: int = 0
    path: str = ""
    key: str = "path"


def verify(path: Path, source: Source, pinned: dict | None = None) -> None:
    """Check a file's size and hash against those published or pinned. Raises OrderlessError if they differ."""
    import pooch

    expected = source.hash or (pinned or {}).get("hash", "")
    size = source.size or (pinned or {}).get("size", 0)
    if size and size_of(path) != size:
        raise OrderlessError(
            f"{path}: has {size_of(path)} bytes instead of {size}: it is truncated, or another file. Fetch it again."
        )
    if expected:
        kind, _, digits = expected.rpartition(":")
        actual = pooch.file_hash(str(path), alg=kind)
        if actual != digits.lower():
            raise OrderlessError(f"{path}: its {kind} is {actual}, not {digits}: it is damaged, or another file. Fetch it again.")


def pin(path: Path) -> dict[str, Any]:
    """The hash and size that later downloads of a file without a published hash are checked against."""
    return {"hash": f"sha256:{file_hash(path)}", "size": size_of(path)}


def own_copy(source: Source, pinned: dict | None) -> Path:
    """The user's own copy of a file, verified."""
    path = Path(source.path)
    if not path.is_file():
        raise OrderlessError(f"{path}: no such file. Set '{source.key}' of '{source.name}' to your copy of it, or remove the key.")
    verify(path, source, pinned)
    return path


def fetch(source: Source, folder: Path, pinned: dict | None = None, lock: Path | None = None) -> Path:
    """The verified file: the user's own copy, the one in `folder`, or one fetched now from the first mirror that has it.

    pinned: `hash` and `size` of the first download, for a file without a published hash. lock: the file that records them.
    Raises OrderlessError with the answer of each mirror, or if the user's copy is wrong or the disk fails.
    """
    import pooch
    import requests

    if source.path:
        return own_copy(source, pinned)
    target = folder / source.name
    if target.exists():
        try:
            verify(target, source, pinned)
            return target
        except OrderlessError as error:
            print(f"{error} It is fetched again.")
            target.unlink()
    pooch.get_logger().setLevel(logging.WARNING)
    known = source.hash or (pinned or {}).get("hash")
    part = folder / f"{source.name}.part"
    resuming, reasons = Resuming(source.name, source.size, part, bool(known)), []
    for url in source.urls:
        downloader = by_ftp if url.startswith("ftp:") else resuming
        try:
            with writing(part, "The bytes received are kept. "):
                folder.mkdir(parents=True, exist_ok=True)
                pooch.retrieve(url, known, fname=source.name, path=folder, downloader=downloader)
            print(f"{source.name}: {size_of(target)} bytes from {url}")
            return target
        except requests.RequestException as error:
            reasons.append(f"  {url}: {error}")
        except ValueError as error:  # the hash differs
            changed = "" if source.hash else f" It was pinned in {lock}: if you trust the new file, delete its entry there."
            reasons.append(f"  {url}: refused: {error}{changed}")
        except DiskError:
            raise
        except OrderlessError as error:
            reasons.append(f"  {url}: refused: {error}")
    remedy = f"Run again later: the download resumes. Or get the file elsewhere and set its '{source.key}' to your copy."
    raise OrderlessError("\n".join([f"{source.name}: could not be fetched.", *reasons, remedy]))


def read_lock(path: Path) -> dict[str, dict]:
    """The pinned files of a lock file: name -> `hash` and `size`."""
    try:
        return json.loads(path.read_text()) if path.exists() else {}
    except ValueError as error:
        raise OrderlessError(f"{path}: is not JSON ({error}). Correct it, or delete it to pin its files anew.") from error


def write_lock(path: Path, pinned: dict[str, dict]) -> None:
    """Write a lock file; it appears under its name only when it is complete."""
    part = path.with_name(f"{path.name}.part")
    with writing(path):
        part.write_text(json.dumps(pinned, indent=2, sort_keys=True) + "\n")
        os.replace(part, path)
