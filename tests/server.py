"""A web server on 127.0.0.1 with the faults of real ones, and archives made on the fly."""

import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from orderless.files.downloads import Source
from orderless.files.transfers import CHUNK

CONTENT = np.random.default_rng(0).bytes(5 * CHUNK + 123)
PAGE = b"<!DOCTYPE html><html><body>This page has moved.</body></html>"


class Server:
    """files: path -> content. faults: path -> what the next requests for it meet, in order: ("drop", bytes sent before the
    connection breaks), ("page", content type), ("status", code), ("cut", bytes of a file that ends too early, in good faith).
    sent: path -> (first byte, bytes sent) of each answer.
    """

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[tuple]] = {}
        self.sent: dict[str, list[tuple[int, int]]] = {}
        self.headers: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                outer.answer(self, self.path.lstrip("/"))

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/{path}"

    def reply(self, handler, status: int, headers: dict[str, str], body: bytes, promised: int | None = None) -> None:
        handler.send_response(status)
        for key, value in ({"Content-Type": "application/octet-stream"} | headers | self.headers).items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(body) if promised is None else promised))
        handler.end_headers()
        handler.wfile.write(body)

    def answer(self, handler, path: str) -> None:
        kind, value = self.faults[path].pop(0) if self.faults.get(path) else (None, None)
        if kind == "status" or path not in self.files:
            self.reply(handler, value or 404, {}, b"")
            return
        if kind == "page":
            self.reply(handler, 200, {"Content-Type": value}, PAGE)
            return
        whole = self.files[path][:value] if kind == "cut" else self.files[path]
        tag = f'"{hashlib.md5(whole).hexdigest()}"'
        asked, first = handler.headers.get("Range", ""), 0
        if asked and handler.headers.get("If-Range", tag) == tag:
            first = int(asked.removeprefix("bytes=").rstrip("-"))
            if first >= len(whole):
                self.reply(handler, 416, {"Content-Range": f"bytes */{len(whole)}"}, b"")
                return
        body = whole[first : first + value] if kind == "drop" else whole[first:]
        self.sent.setdefault(path, []).append((first, len(body)))
        span = {"Content-Range": f"bytes {first}-{len(whole) - 1}/{len(whole)}"} if first else {}
        self.reply(handler, 206 if first else 200, {"ETag": tag} | span, body, len(whole) - first)
        if kind == "drop":
            handler.close_connection = True

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def pack(name: str, members: dict[str, bytes]) -> bytes:
    """An archive of files, of the kind that its name says."""
    buffer = io.BytesIO()
    if name.endswith(".zip"):
        with zipfile.ZipFile(buffer, "w") as packed:
            for path, content in members.items():
                packed.writestr(path, content)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode="w" if name.endswith(".tar") else "w:gz") as tape:
        for path, content in members.items():
            item = tarfile.TarInfo(path)
            item.size = len(content)
            tape.addfile(item, io.BytesIO(content))
    return buffer.getvalue()


def digest(content: bytes, kind: str = "sha256") -> str:
    """A hash as the catalog writes it."""
    return f"{kind}:{hashlib.new(kind, content).hexdigest()}"


def source(server: Server, **over) -> Source:
    """What to fetch: file.bin, which the server has from now on."""
    server.files.setdefault("file.bin", CONTENT)
    return Source(**({"name": "file.bin", "urls": (server.url("file.bin"),), "hash": digest(CONTENT)} | over))


def left(folder: Path) -> list[str]:
    """Every file below a folder but the lock of a process."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
