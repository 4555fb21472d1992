"""Archives (.tar, .tgz, .zip) from the network, unpacked so that they can do no harm: files and folders below one folder alone."""

import json
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from orderless.errors import OrderlessError
from orderless.files.downloads import CHUNK, length, writing

ARCHIVES = (".tar", ".tgz", ".tar.gz", ".zip")
MOST_MEMBERS = 2_000_000  # of an archive
MOST_TIMES, SMALL = 50, 1 << 30  # an archive may unpack to 50 times its bytes, or to 1 GiB


class BadArchive(OrderlessError):
    """An archive that is damaged or must not be unpacked. path: its file."""

    def __init__(self, path: Path, what: str):
        super().__init__(f"{path}: {what}.")
        self.path = path


# name, bytes, whether it is a folder, whether it is neither folder nor file, its content
Member = tuple[str, int, bool, bool, Callable[[], IO[bytes] | None]]


def members(archive: Path) -> Iterator[Member]:
    """What an archive holds."""
    if archive.name.endswith(".zip") or zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for info in packed.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                special = kind not in (0, stat.S_IFREG, stat.S_IFDIR)
                yield info.filename, info.file_size, info.is_dir(), special, lambda info=info: packed.open(info)  # type: ignore[misc]
        return
    with tarfile.open(archive) as tape:
        for item in tape:
            special = not (item.isreg() or item.isdir())
            yield item.name, item.size, item.isdir(), special, lambda item=item: tape.extractfile(item)  # type: ignore[misc]
    if archive.suffix == ".tar":
        with open(archive, "rb") as file:  # a tape that is cut between two members reads as a whole one
            file.seek(-512, os.SEEK_END)
            if any(file.read()):
                raise EOFError("its end is missing")


def place(folder: Path, name: str) -> Path:
    """Where a member goes, below the folder."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\\" in name:
        raise ValueError(f"its member '{name}' would be written outside the folder")
    return folder.joinpath(*parts)


def unpack_into(archive: Path, folder: Path) -> None:
    """Write an archive's folders and files; nothing else is let in. Raises BadArchive."""
    bound, count, total = max(SMALL, MOST_TIMES * length(archive)), 0, 0
    try:
        for name, size, is_folder, special, content in members(archive):
            count, total = count + 1, total + size
            if PurePosixPath(name).parts == ():  # './', the archive's own folder
                continue
            target = place(folder, name)
            if special:
                raise ValueError(f"its member '{name}' is a link or a device")
            if count > MOST_MEMBERS or total > bound:
                raise ValueError(f"it would unpack to more than {MOST_MEMBERS} members or {bound} bytes")
            (target if is_folder else target.parent).mkdir(parents=True, exist_ok=True)
            if not is_folder:
                with content() as packed, open(target, "wb") as file:  # type: ignore[union-attr]
                    shutil.copyfileobj(packed, file, CHUNK)
    except ValueError as error:
        raise BadArchive(archive, f"refused: {error}") from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(archive, f"truncated, damaged, or no archive ({error})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise BadArchive(archive, f"truncated, damaged, or no archive ({error})") from error


def unpack(files: list[Path], folder: Path, record: dict) -> None:
    """Unpack archives side by side, and copy other files beside them, into a folder that appears only when it is whole.

    record: what is written into it as `.orderless.json`. An older folder of the name is replaced.
    Raises BadArchive for one that is damaged, would write outside, holds links, or is too large; OrderlessError for a full disk.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with writing(folder):
            part.mkdir(parents=True)
            for file in files:
                if file.name.endswith(ARCHIVES):
                    unpack_into(file, part)
                else:
                    shutil.copyfile(file, part / file.name)
            (part / ".orderless.json").write_text(json.dumps(record, indent=2) + "\n")
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
