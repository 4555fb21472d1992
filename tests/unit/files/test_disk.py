"""Full disks: the message says so, what came is kept, nothing is left half done."""

import errno
import io
import os
import subprocess

import pytest

from orderless.datasets.official import prepare
from orderless.errors import OrderlessError
from orderless.files import archives, transfers
from orderless.files.downloads import fetch
from orderless.files.transfers import CHUNK
from tests.server import CONTENT, left, pack, source

JPEGS = {f"full/ukbench{i:05d}.jpg": b"picture %d" % i for i in range(8)}


def entry(server, name: str = "ukbench.zip", **file) -> dict:
    return {"kind": "ukbench", "task": "retrieval", "files": {name: {"urls": [server.url(name)]} | file}}


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
