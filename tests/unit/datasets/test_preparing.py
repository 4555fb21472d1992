"""The papers' data sets before they are listed: fetched once, pinned, or the user's own copy."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orderless.catalog.entries import load_catalog, merge
from orderless.datasets.official import check, index, prepare
from orderless.errors import OrderlessError
from orderless.files.downloads import read_lock
from tests.layouts import serve_all
from tests.server import digest, left, pack

JPEGS = {f"full/ukbench{i:05d}.jpg": b"picture %d" % i for i in range(8)}


def entry(server, name: str = "ukbench.zip", **file) -> dict:
    return {"kind": "ukbench", "task": "retrieval", "files": {name: {"urls": [server.url(name)]} | file}}


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


@pytest.mark.parametrize("fault", ["page", "hash", "member"])
def test_what_is_refused_is_said_and_the_next_try_completes(server, tmp_path, fault):
    name = "mit67" if fault == "member" else "scene15"
    catalog = load_catalog({})["datasets"]
    changed = serve_all(server, catalog, tmp_path)[name]
    published, data = merge(catalog[name], changed), tmp_path / "data"
    path = f"{name}/{next(iter(changed['files']))}"
    good = server.files[path]
    if fault == "page":
        server.faults[path], said = [("page", "text/html")], "the server sent an HTML page instead of the file"
    elif fault == "hash":
        server.files[path], said = good + b"x", "does not match the known hash"
    else:
        server.files[path] = pack("x.tar", {"Images/bar/1.jpg": b"", "../x": b""})
        said = "'../x' would be written outside the folder"
    with pytest.raises(OrderlessError, match=said):
        prepare(name, published, data)
    assert [Path(file).name for file in left(data)] == (["TestImages.txt", "TrainImages.txt"] if fault == "member" else [])
    server.files[path] = good
    rows, _ = index(name, published, prepare(name, published, data), 0, 1, "fail", tmp_path)
    assert len(rows) == 14
