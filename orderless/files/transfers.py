"""How the bytes of one URL arrive: by HTTP, resumed after a dropped connection, or by FTP. Both are downloaders for pooch."""

import contextlib
import json
import os
import time
from itertools import chain
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError
from orderless.files.disk import FULL, size_of

TRIES, WAIT = (
    5,
    1.0,
)  # attempts in a row without a new byte before a mirror is given up; seconds before the second one, then doubled
TIMEOUT = 60  # seconds without a byte
CHUNK = 1 << 16  # bytes read at a time; a dropped connection loses at most these
HTML = "the server sent an HTML page instead of the file: the file has moved, or the server is out of order"


def is_page(head: bytes) -> bool:
    """Whether a file starts like an HTML page."""
    return head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


class Resuming:
    """A downloader for HTTP. The bytes received before a connection drops stay in the file `part`; only the rest is asked for.

    name: of the file. size: its bytes, or 0 if unknown. known: whether the hash of the whole file is known.
    A part is resumed if the hash is known, or if the server states (by ETag or date) that the file has not changed.
    """

    def __init__(self, name: str, size: int, part: Path, known: bool):
        self.name, self.size, self.part, self.known = name, size, part, known
        self.note = part.with_name(f"{part.name}.json")  # the URL of the part, and what the server said identifies the file

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Download a URL to output_file. After a dropped connection, try again as long as new bytes arrive."""
        import requests
        from urllib3.exceptions import HTTPError

        failures = 0
        while True:
            before = size_of(self.part)
            try:
                self.stream(url)
                break
            except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
                failures = 0 if size_of(self.part) > before else failures + 1
                if failures == TRIES:
                    raise requests.ConnectionError(f"no answer, or the connection was lost ({error})") from error
                time.sleep(WAIT * 2**failures)
        received = size_of(self.part)
        if self.size and received != self.size:
            self.discard()
            self.refuse_size(received)
        os.replace(self.part, output_file)
        self.discard()

    def refuse_size(self, size: int) -> None:
        """Raise the error for a file of another size than expected."""
        raise OrderlessError(f"the file has {size} bytes instead of {self.size}: it is truncated, or another file")

    def discard(self) -> None:
        """Delete the part and its note."""
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def request_headers(self, url: str) -> dict[str, str]:
        """The headers of a request: for the rest of the file if the part may be resumed, else for the whole file."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "orderless"}
        present, noted = size_of(self.part), {}
        with contextlib.suppress(OSError, ValueError):  # there is no note, or a full disk truncated it
            noted = json.loads(self.note.read_text())
        if present and (self.known or (noted.get("url") == url and noted.get("same"))):
            headers["Range"] = f"bytes={present}-"
            if not self.known:
                headers["If-Range"] = noted["same"]
        return headers

    def stream(self, url: str) -> None:
        """Send one request and append its answer to the part."""
        import requests
        from tqdm import tqdm

        with requests.get(url, headers=self.request_headers(url), stream=True, timeout=TIMEOUT) as answer:
            if self.is_complete(answer):
                return
            present = size_of(self.part) if answer.status_code == 206 else 0
            total = present + int(answer.headers["Content-Length"]) if "Content-Length" in answer.headers else None
            # Not decoded: some servers declare a .tgz to be a .tar that was compressed for the transfer.
            chunks = answer.raw.stream(CHUNK, decode_content=False)
            head = next(chunks, b"")
            if not present and is_page(head):
                raise OrderlessError(HTML)
            if total and self.size and total != self.size:
                self.refuse_size(total)
            etag = answer.headers.get("ETag", "")
            same = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
            self.note.write_text(json.dumps({"url": url, "same": same}))
            bar = tqdm(total=total, initial=present, unit="B", unit_scale=True, desc=self.name, leave=False, disable=None)
            with open(self.part, "ab" if present else "wb") as file, bar:
                for chunk in chain([head], chunks):
                    file.write(chunk)
                    bar.update(len(chunk))

    def is_complete(self, answer: Any) -> bool:
        """Whether the server says that the part is already the whole file. Raises for answers that are not the file."""
        import requests

        if answer.status_code == 416:  # no bytes exist beyond the part: it is the whole file, or a part of another file
            if answer.headers.get("Content-Range", "").rpartition("/")[2] == str(size_of(self.part)):
                return True
            self.discard()
            raise requests.ConnectionError("the part on disk belongs to another file; the download starts again")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise requests.ConnectionError(f"{answer.status_code} {answer.reason}")
        answer.raise_for_status()
        if answer.headers.get("Content-Type", "").startswith("text/html") and not self.name.endswith(".html"):
            raise OrderlessError(HTML)
        return False


def by_ftp(url: str, output_file: str, _: Any) -> None:
    """A downloader for FTP: pooch's own, which does not resume. Errors of the server become requests' ConnectionError."""
    import ftplib

    import pooch
    import requests

    try:
        pooch.FTPDownloader()(url, output_file, None)
    except ftplib.all_errors as error:
        if getattr(error, "errno", None) in FULL:
            raise
        raise requests.ConnectionError(f"no answer, or the connection was lost ({error})") from error
