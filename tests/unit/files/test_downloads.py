"""Downloads against a server with faults: what is right arrives, what is not is refused by name, and the next run completes."""

import errno
import hashlib
import io
import os
import stat
import subprocess
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from orderless.datasets.official import check, prepare
from orderless.errors import OrderlessError
from orderless.files import archives, transfers
from orderless.files.downloads import Source, fetch, read_lock
from orderless.files.transfers import CHUNK
from tests.server import Server, pack

CONTENT = np.random.default_rng(0).bytes(5 * CHUNK + 123)
JPEGS = {f"full/ukbench{i:05d}.jpg": b"picture %d" % i for i in range(8)}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfers, "WAIT", 0.0)
    found = Server()
    found.files["file.bin"] = CONTENT
    yield found
    found.close()


def digest(content: bytes, kind: str = "sha256") -> str:
    return f"{kind}:{hashlib.new(kind, content).hexdigest()}"


def source(server, **over) -> Source:
    return Source(**({"name": "file.bin", "urls": (server.url("file.bin"),), "hash": digest(CONTENT)} | over))


def entry(server, name: str = "ukbench.zip", **file) -> dict:
    return {"kind": "ukbench", "task": "retrieval", "files": {name: {"urls": [server.url(name)]} | file}}


def left(folder) -> list[str]:
    """Every file below a folder but the lock of a process."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != ".lock")


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_a_file_arrives_and_is_not_fetched_twice(server, tmp_path, kind):
    wanted = source(server, hash=digest(CONTENT, kind), size=len(CONTENT))
    for _ in range(2):
        assert fetch(wanted, tmp_path).read_bytes() == CONTENT
    assert server.sent["file.bin"] == [(0, len(CONTENT))]
    assert left(tmp_path) == ["file.bin"]


def test_a_file_that_was_damaged_here_is_fetched_again(server, tmp_path):
    fetch(source(server), tmp_path).write_bytes(b"damaged")
    assert fetch(source(server), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("known", [True, False])
def test_dropped_connections_resume(server, tmp_path, known):
    server.faults["file.bin"] = [("drop", 2 * CHUNK + 7), ("drop", CHUNK + 1), ("drop", 10)]
    assert fetch(source(server, hash=digest(CONTENT) if known else ""), tmp_path).read_bytes() == CONTENT
    starts, counts = zip(*server.sent["file.bin"], strict=True)
    assert starts[0] == 0
    assert starts[1] >= CHUNK
    assert list(starts) == sorted(starts)
    assert 0 <= sum(counts) - len(CONTENT) <= 3 * CHUNK  # of each connection at most a chunk is sent again
    assert left(tmp_path) == ["file.bin"]


def test_the_next_run_goes_on_where_the_last_stopped(server, tmp_path):
    server.faults["file.bin"] = [("drop", 3 * CHUNK)] + [("status", 503)] * transfers.TRIES
    with pytest.raises(OrderlessError, match=r"file.bin: could not be fetched.(.|\n)*503(.|\n)*the download resumes"):
        fetch(source(server), tmp_path)
    part = tmp_path / "file.bin.part"
    assert part.read_bytes() == CONTENT[: part.stat().st_size]
    assert part.stat().st_size >= 2 * CHUNK
    begun = part.stat().st_size
    part.with_name(f"{part.name}.json").write_text("")  # as a full disk may leave it
    assert fetch(source(server), tmp_path).read_bytes() == CONTENT
    assert server.sent["file.bin"][-1] == (begun, len(CONTENT) - begun)
    assert left(tmp_path) == ["file.bin"]


def test_a_part_of_an_older_file_is_not_gone_on_with(server, tmp_path):
    server.faults["file.bin"] = [("drop", 3 * CHUNK)] + [("status", 503)] * transfers.TRIES
    with pytest.raises(OrderlessError):
        fetch(source(server, hash=""), tmp_path)
    server.files["file.bin"] = CONTENT[::-1]
    assert fetch(source(server, hash=""), tmp_path).read_bytes() == CONTENT[::-1]


def test_a_host_that_always_breaks_off_is_given_up(server, tmp_path):
    server.faults["file.bin"] = [("drop", 0)] * 20
    with pytest.raises(OrderlessError, match="the connection was lost"):
        fetch(source(server), tmp_path)
    assert len(server.sent["file.bin"]) == transfers.TRIES


def test_mirrors_in_order(server, tmp_path):
    server.files |= {"second/file.bin": b"another", "third/file.bin": CONTENT, "fourth/file.bin": CONTENT}
    gone = ["http://127.0.0.1:9/file.bin", "ftp://127.0.0.1:9/file.bin", server.url("gone/file.bin")]
    urls = [server.url(f"{place}/file.bin") for place in ("second", "third", "fourth")]
    assert fetch(source(server, urls=(*gone, *urls)), tmp_path).read_bytes() == CONTENT
    assert "second/file.bin" in server.sent
    assert "fourth/file.bin" not in server.sent


def test_a_compressed_file_stays_as_it_is(server, tmp_path):
    """Some hosts send a .tgz as a compressed transfer of a .tar; its bytes must arrive as they are."""
    content = pack("x.tgz", JPEGS)
    server.files["x.tgz"], server.headers = content, {"Content-Encoding": "x-gzip"}
    assert fetch(Source("x.tgz", (server.url("x.tgz"),), digest(content)), tmp_path).read_bytes() == content


@pytest.mark.parametrize(
    ("fault", "size", "message"),
    [
        (("page", "text/html; charset=utf-8"), 0, "file.bin: refused: the server sent an HTML page instead of the file"),
        (("page", "application/octet-stream"), 0, "file.bin: refused: the server sent an HTML page instead of the file"),
        (("page", "application/octet-stream"), len(CONTENT), "file.bin: refused: the server sent an HTML page instead of the file"),
        (("cut", 1000), 0, "file.bin: refused: .*does not match the known hash"),
        (("cut", 1000), len(CONTENT), f"has 1000 bytes instead of {len(CONTENT)}: it is truncated"),
    ],
)
def test_what_is_not_the_file_is_refused(server, tmp_path, fault, size, message):
    server.faults["file.bin"] = [fault]
    wanted = source(server, size=size)
    with pytest.raises(OrderlessError, match=message) as caught:
        fetch(wanted, tmp_path)
    assert server.url("file.bin") in str(caught.value)
    assert "'path'" in str(caught.value)
    assert left(tmp_path) == []
    assert fetch(wanted, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_a_wrong_hash_is_refused(server, tmp_path, kind):
    server.files["file.bin"] = b"another file"
    wanted = source(server, hash=digest(CONTENT, kind))
    with pytest.raises(OrderlessError, match=r"file.bin: refused: .*does not match the known hash"):
        fetch(wanted, tmp_path)
    assert left(tmp_path) == []
    server.files["file.bin"] = CONTENT
    assert fetch(wanted, tmp_path).read_bytes() == CONTENT


def filling(monkeypatch, room: int):
    """Files that the two modules open to write have room for so many bytes."""

    class Full(io.BufferedWriter):
        def write(self, content):
            nonlocal room
            fits = super().write(content[:room])
            room -= fits
            if fits < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return fits

    def opened(path, mode="r"):
        return Full(io.FileIO(path, mode.replace("b", ""))) if mode in ("wb", "ab") else open(path, mode)

    for module in (transfers, archives):
        monkeypatch.setattr(module, "open", opened, raising=False)


def test_a_full_disk_keeps_what_came(server, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        filling(patched, 2 * CHUNK)
        with pytest.raises(
            OrderlessError, match=r"file.bin.part: could not be written: the disk is full. The bytes received are kept. Make room"
        ):
            fetch(source(server), tmp_path)
    assert set(left(tmp_path)) <= {"file.bin.part", "file.bin.part.json"}
    assert fetch(source(server), tmp_path).read_bytes() == CONTENT
    assert server.sent["file.bin"][-1][0] == 2 * CHUNK


@pytest.mark.parametrize("name", ["ukbench.zip", "ukbench.tgz"])
def test_a_full_disk_leaves_nothing_half_unpacked(server, tmp_path, monkeypatch, name):
    content = pack(name, JPEGS)
    server.files[name] = content
    with monkeypatch.context() as patched:
        filling(patched, len(content) + 20)
        with pytest.raises(OrderlessError, match="unpacked: could not be written: the disk is full"):
            prepare("mine", entry(server, name), tmp_path)
    assert left(tmp_path) == [f"ukbench/archives/{name}"]
    assert len(left(prepare("mine", entry(server, name), tmp_path))) == 1 + len(JPEGS)
    assert len(server.sent[name]) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system: root alone may")
def test_a_disk_that_is_really_full(server, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)], check=False, capture_output=True
    ).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        with pytest.raises(OrderlessError, match=r"the disk is full. The bytes received are kept"):
            fetch(source(server), small / "archives")
        assert "file.bin" not in left(small / "archives")
        subprocess.run(["mount", "-o", "remount,size=4m", str(small)], check=True)
        assert fetch(source(server), small / "archives").read_bytes() == CONTENT
        assert server.sent["file.bin"][-1][0] > 0
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_file_without_a_published_hash_is_pinned(server, tmp_path):
    server.files["ukbench.zip"] = first = pack("ukbench.zip", JPEGS)
    root = prepare("mine", entry(server), tmp_path)
    lock = tmp_path / "ukbench.lock.json"
    assert read_lock(lock) == {"ukbench.zip": {"hash": digest(first), "size": len(first)}}
    (tmp_path / "ukbench/archives/ukbench.zip").unlink()
    assert prepare("mine", entry(server), tmp_path) == root  # the archive may be deleted
    assert len(server.sent["ukbench.zip"]) == 1
    server.files["ukbench.zip"] = other = pack("ukbench.zip", JPEGS | {"full/ukbench00009.jpg": b"new"})
    (root / ".orderless.json").unlink()
    with pytest.raises(
        OrderlessError, match=r"does not match(.|\n)*pinned in .*ukbench.lock.json: if you trust the new file, delete"
    ):
        prepare("mine", entry(server), tmp_path)
    assert "ukbench/archives/ukbench.zip" not in left(tmp_path)
    lock.unlink()
    assert (prepare("mine", entry(server), tmp_path) / "full/ukbench00009.jpg").read_bytes() == b"new"
    assert read_lock(lock)["ukbench.zip"]["hash"] == digest(other)


def test_two_jobs_of_one_data_set_fetch_it_once(server, tmp_path):
    """The draws of 15-Scene, say: entries of one kind, in one run."""
    server.files["ukbench.zip"] = pack("ukbench.zip", JPEGS)
    with ThreadPoolExecutor(4) as pool:
        roots = list(pool.map(lambda name: prepare(name, entry(server), tmp_path), ["a", "b", "c", "d"]))
    assert roots == [tmp_path / "ukbench/unpacked"] * 4
    assert len(server.sent["ukbench.zip"]) == 1


def test_an_own_copy_is_verified_and_used(server, tmp_path):
    content = pack("ukbench.zip", JPEGS)
    own = tmp_path / "copy of mine.zip"
    asked = entry(server, path=str(own), hash=digest(content))
    with pytest.raises(OrderlessError, match=r"copy of mine.zip: no such file. Set 'path' of 'ukbench.zip'"):
        prepare("mine", asked, tmp_path / "data")
    own.write_bytes(content + b" ")
    with pytest.raises(OrderlessError, match=r"copy of mine.zip: its sha256 is"):
        prepare("mine", asked, tmp_path / "data")
    own.write_bytes(content)
    root = prepare("mine", asked, tmp_path / "data")
    assert (root / "full/ukbench00000.jpg").read_bytes() == JPEGS["full/ukbench00000.jpg"]
    assert server.sent == {}
    assert own.read_bytes() == content
    (root / "full/ukbench00003.jpg").unlink()
    with pytest.raises(OrderlessError, match="images: 7 found, 8 published"):
        check("mine", asked | {"expected": {"images": 8}}, tmp_path / "data")


def odd_tape(**what) -> bytes:
    """A .tar with good members and one odd."""
    buffer = io.BytesIO(pack("x.tar", JPEGS))
    with tarfile.open(fileobj=buffer, mode="a") as tape:
        item = tarfile.TarInfo(what.pop("name", "full/odd"))
        for key, value in what.items():
            setattr(item, key, value)
        tape.addfile(item)
    return buffer.getvalue()


def odd_zip() -> bytes:
    """A .zip with a symbolic link."""
    buffer = io.BytesIO(pack("x.zip", JPEGS))
    with zipfile.ZipFile(buffer, "a") as packed:
        item = zipfile.ZipInfo("full/link")
        item.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(item, "/etc/passwd")
    return buffer.getvalue()


ODD = {
    "outside": ("u.tar", lambda: pack("u.tar", JPEGS | {"../x": b"evil"}), "'../x' would be written outside"),
    "further outside": ("u.tgz", lambda: pack("u.tgz", JPEGS | {"full/../../x": b"evil"}), "would be written outside"),
    "absolute": ("u.tar", lambda: pack("u.tar", JPEGS | {"/tmp/orderless-evil": b"evil"}), "would be written outside"),
    "outside, zip": ("u.zip", lambda: pack("u.zip", JPEGS | {"../x": b"evil"}), "'../x' would be written outside"),
    "symbolic link": ("u.tar", lambda: odd_tape(type=tarfile.SYMTYPE, linkname="/etc"), "'full/odd' is a link or a device"),
    "hard link": ("u.tar", lambda: odd_tape(type=tarfile.LNKTYPE, linkname="full/ukbench00000.jpg"), "is a link or a device"),
    "device": ("u.tar", lambda: odd_tape(type=tarfile.CHRTYPE), "is a link or a device"),
    "symbolic link, zip": ("u.zip", odd_zip, "'full/link' is a link or a device"),
    "truncated tape": ("u.tar", lambda: pack("u.tar", JPEGS)[:-5000], "truncated, damaged"),
    "tape cut between members": ("u.tar", lambda: pack("u.tar", JPEGS)[: 4 * 1024], "truncated, damaged"),
    "truncated tgz": ("u.tgz", lambda: pack("u.tgz", JPEGS)[:-40], "truncated, damaged"),
    "truncated zip": ("u.zip", lambda: pack("u.zip", JPEGS)[:-40], "truncated, damaged"),
    "no archive": ("u.tar.gz", lambda: b"404: no such file", "truncated, damaged, or not an archive"),
    "a bomb": ("u.tgz", lambda: pack("u.tgz", JPEGS | {"full/large.jpg": bytes(100_000)}), "would unpack to more than"),
}


@pytest.mark.parametrize("case", list(ODD))
def test_a_bad_archive_is_refused_and_the_next_run_completes(server, tmp_path, monkeypatch, case):
    monkeypatch.setattr(archives, "SMALL", 50_000)
    monkeypatch.setattr(archives, "MOST_TIMES", 5)
    name, make, message = ODD[case]
    data = tmp_path / "deep/data"
    server.files[name] = make()
    with pytest.raises(OrderlessError, match=rf"{name}: .*{message}(.|\n)*run again to fetch it anew"):
        prepare("mine", entry(server, name), data)
    assert left(tmp_path) == []  # neither inside nor outside, and no pin
    server.files[name] = pack(name, JPEGS)
    root = prepare("mine", entry(server, name), data)
    assert {f"full/{p.name}": p.read_bytes() for p in root.glob("full/*")} == JPEGS


def test_too_many_members_are_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 7)
    server.files["ukbench.zip"] = pack("ukbench.zip", JPEGS)
    with pytest.raises(OrderlessError, match="more than 7 members"):
        prepare("mine", entry(server), tmp_path)
    assert left(tmp_path) == []
