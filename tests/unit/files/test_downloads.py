"""Downloads against a server with faults: what is right arrives, what is not is refused by name, and the next run completes."""

import pytest

from orderless.errors import OrderlessError
from orderless.files import transfers
from orderless.files.downloads import Source, fetch
from orderless.files.transfers import CHUNK
from tests.server import CONTENT, digest, left, pack, source

JPEGS = {f"full/ukbench{i:05d}.jpg": b"picture %d" % i for i in range(8)}


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
