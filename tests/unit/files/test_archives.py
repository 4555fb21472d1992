"""Archives: what is damaged, leads outside or grows too large is refused by name, and the next run completes."""

import io
import stat
import tarfile
import zipfile

import pytest

from orderless.datasets.official import prepare
from orderless.errors import OrderlessError
from orderless.files import archives
from tests.server import left, pack

JPEGS = {f"full/ukbench{i:05d}.jpg": b"picture %d" % i for i in range(8)}


def entry(server, name: str = "ukbench.zip", **file) -> dict:
    return {"kind": "ukbench", "task": "retrieval", "files": {name: {"urls": [server.url(name)]} | file}}


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
