"""Downloads: fetched once, resumed where a connection drops, verified. A layer on pooch.

pooch picks the protocol, checks the hash and moves a file to its name only when it is right; what it lacks is here: resuming,
mirrors, files whose host publishes no hash (pinned when they first come whole, refused where they differ later), pages that
stand in a file's place.
"""

import contextlib
import errno
import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError
from orderless.files.storage import file_hash

TRIES, WAIT = 5, 1.0  # attempts in a row that bring nothing, before a mirror is given up; seconds before the second, then doubled
TIMEOUT = 60  # seconds without a byte
CHUNK = 1 << 16  # bytes; no more than these are lost with a connection
FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskError(OrderlessError):
    """A disk that is full or refuses."""


@dataclass(frozen=True)
class Source:
    """A file on the network. name: what it is called here. urls: the mirrors, best first. hash: `md5:`, `sha1:` or `sha256:` and
    the digits, or empty where nobody publishes one. size: bytes, or 0. path: the user's own copy, or empty. key: of the
    configuration, by which that copy is named.
    """

    name: str
    urls: tuple[str, ...] = ()
    hash: str = ""
    size: int = 0
    path: str = ""
    key: str = "path"


def length(path: Path) -> int:
    """The bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def is_page(head: bytes) -> bool:
    """Whether a file begins as an HTML page does."""
    return head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


class Resuming:
    """A downloader for pooch: what came before the connection dropped stays in `part`, and only the rest is asked for.

    A part is gone on with where the whole file's hash is known, or where the host vouches (ETag, date) that the file is the same.
    """

    def __init__(self, source: Source, part: Path, known: bool):
        self.source, self.part, self.known = source, part, known
        self.note = part.with_name(f"{part.name}.json")  # where the part came from

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download a URL to output_file, trying again while each attempt brings something."""
        import requests
        from urllib3.exceptions import HTTPError

        failures = 0
        while True:
            begin = length(self.part)
            try:
                self.stream(url)
                break
            except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
                failures = 0 if length(self.part) > begin else failures + 1
                if failures == TRIES:
                    raise requests.ConnectionError(f"no answer, or it broke off ({error})") from error
                time.sleep(WAIT * 2**failures)
        if self.source.size and length(self.part) != self.source.size:
            found = length(self.part)
            self.discard()
            raise OrderlessError(f"the file is of {found} bytes, not of {self.source.size}: truncated, or another file")
        os.replace(self.part, output_file)
        self.discard()

    def discard(self) -> None:
        """Forget the part."""
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def asked(self, url: str) -> dict[str, str]:
        """The headers of a request: for the rest where a part may be gone on with, else for the whole."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "orderless"}
        have, noted = length(self.part), {}
        with contextlib.suppress(OSError, ValueError):  # none, or one that a full disk cut short
            noted = json.loads(self.note.read_text())
        if have and (self.known or (noted.get("url") == url and noted.get("same"))):
            headers["Range"] = f"bytes={have}-"
            if not self.known:
                headers["If-Range"] = noted["same"]
        return headers

    def stream(self, url: str) -> None:
        """One request, its answer appended to the part."""
        import requests
        from tqdm import tqdm

        headers = self.asked(url)
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == 416:  # nothing lies beyond the part: it is whole, or of another file
                if answer.headers.get("Content-Range", "").rpartition("/")[2] == str(length(self.part)):
                    return
                self.discard()
                raise requests.ConnectionError("the part here is of another file; begun anew")
            if answer.status_code == 429 or answer.status_code >= 500:
                raise requests.ConnectionError(f"{answer.status_code} {answer.reason}")
            answer.raise_for_status()
            if answer.headers.get("Content-Type", "").startswith("text/html") and not self.source.name.endswith(".html"):
                raise OrderlessError("an HTML page came in the file's place: it has moved, or the host is out of order")
            have = length(self.part) if answer.status_code == 206 else 0
            total = have + int(answer.headers["Content-Length"]) if "Content-Length" in answer.headers else None
            # Not decoded: some hosts label a .tgz as a compressed transfer of a .tar.
            chunks = answer.raw.stream(CHUNK, decode_content=False)
            head = next(chunks, b"")
            if not have and is_page(head):
                raise OrderlessError("an HTML page came in the file's place: it has moved, or the host is out of order")
            if total and self.source.size and total != self.source.size:
                raise OrderlessError(f"the file is of {total} bytes, not of {self.source.size}: truncated, or another file")
            etag = answer.headers.get("ETag", "")
            same = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
            self.note.write_text(json.dumps({"url": url, "same": same}))
            bar = tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=self.source.name, leave=False, disable=None)
            with open(self.part, "ab" if have else "wb") as file, bar:
                for chunk in chain([head], chunks):
                    file.write(chunk)
                    bar.update(len(chunk))


def by_ftp(url: str, output_file: str, _: Any) -> None:
    """A downloader for pooch: its own for FTP, which does not resume, its errors told as those of a host."""
    import ftplib

    import pooch
    import requests

    try:
        pooch.FTPDownloader()(url, output_file, None)
    except ftplib.all_errors as error:
        if getattr(error, "errno", None) in FULL:
            raise
        raise requests.ConnectionError(f"no answer, or it broke off ({error})") from error


@contextlib.contextmanager
def writing(path: Path, kept: str = "") -> Iterator[None]:
    """A disk that fails is an error to be read; one of requests' own passes through."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        what = "the disk is full" if error.errno in FULL else str(error)
        raise DiskError(f"{path}: could not be written: {what}. {kept}Make room or mend the folder, then run again.") from error


def verify(path: Path, source: Source, pinned: dict | None = None) -> None:
    """Hold a file against its size and hash, published or pinned. Raises OrderlessError where it differs."""
    import pooch

    expected = source.hash or (pinned or {}).get("hash", "")
    size = source.size or (pinned or {}).get("size", 0)
    if size and length(path) != size:
        raise OrderlessError(f"{path}: is of {length(path)} bytes, not of {size}: truncated, or another file. Fetch it again.")
    if expected:
        kind, _, digits = expected.rpartition(":")
        found = pooch.file_hash(str(path), alg=kind)
        if found != digits.lower():
            raise OrderlessError(f"{path}: its {kind} is {found}, not {digits}: damaged, or another file. Fetch it again.")


def pin(path: Path) -> dict[str, Any]:
    """What a file without a published hash is held against from now on."""
    return {"hash": f"sha256:{file_hash(path)}", "size": length(path)}


def fetch(source: Source, folder: Path, pinned: dict | None = None, lock: Path | None = None) -> Path:
    """The verified file: the user's own copy, the one fetched before, or one fetched now from the first mirror that has it.

    folder: where it is kept. pinned: its `hash` and `size` when it first came, for a file whose hash nobody publishes.
    lock: the file that says so. Raises OrderlessError with what each mirror answered, and where a copy or the disk is at fault.
    """
    import pooch
    import requests

    if source.path:
        own = Path(source.path)
        if not own.is_file():
            raise OrderlessError(f"{own}: no such file. Set '{source.key}' of '{source.name}' to your copy of it, or leave it out.")
        verify(own, source, pinned)
        return own
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
    resuming, reasons = Resuming(source, part, bool(known)), []
    for url in source.urls:
        downloader = by_ftp if url.startswith("ftp:") else resuming
        try:
            with writing(part, "What came is kept. "):
                folder.mkdir(parents=True, exist_ok=True)
                found = pooch.retrieve(url, known, fname=source.name, path=folder, downloader=downloader)
            print(f"{source.name}: {length(target)} bytes from {url}")
            return Path(found)
        except requests.RequestException as error:
            reasons.append(f"  {url}: {error}")
        except ValueError as error:
            changed = "" if source.hash else f" It was pinned in {lock}: if you trust the new file, delete its entry there."
            reasons.append(f"  {url}: refused: {error}{changed}")
        except DiskError:
            raise
        except OrderlessError as error:
            reasons.append(f"  {url}: refused: {error}")
    remedy = f"Run again later: what came is kept and gone on with. Or get the file elsewhere and name it as its '{source.key}'."
    raise OrderlessError("\n".join([f"{source.name}: could not be fetched.", *reasons, remedy]))


def read_lock(path: Path) -> dict[str, dict]:
    """The pinned files of a lock file: name -> `hash` and `size`."""
    try:
        return json.loads(path.read_text()) if path.exists() else {}
    except ValueError as error:
        raise OrderlessError(f"{path}: is not JSON ({error}). Mend it, or delete it to pin its files anew.") from error


def write_lock(path: Path, pinned: dict[str, dict]) -> None:
    """Write a lock file whole."""
    part = path.with_name(f"{path.name}.part")
    with writing(path):
        part.write_text(json.dumps(pinned, indent=2, sort_keys=True) + "\n")
        os.replace(part, path)
