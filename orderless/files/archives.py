"""Archives (.tar, .tgz, .zip) from the network, unpacked safely: only plain files and folders, only below one folder."""

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
from orderless.files.disk import size_of, writing
from orderless.files.transfers import CHUNK

ARCHIVES = (".tar", ".tgz", ".tar.gz", ".zip")
MOST_MEMBERS = 2_000_000  # files and folders in an archive
MOST_TIMES, SMALL = 50, 1 << 30  # an archive may grow to 50 times its size, or to 1 GiB if that is more


class BadArchive(OrderlessError):
    """An archive that is damaged, or unsafe to unpack. path: its file."""

    def __init__(self, path: Path, reason: str):
        super().__init__(f"{path}: {reason}.")
        self.path = path


# name, size in bytes, whether it is a folder, whether it is neither folder nor file, a function that opens it
Member = tuple[str, int, bool, bool, Callable[[], IO[bytes] | None]]


def members(archive: Path) -> Iterator[Member]:
    """The members of an archive, in its order."""
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
        with open(
            archive, "rb"
        ) as file:  # a .tar that ends between two members reads without an error; a complete one ends in zeros
            file.seek(-512, os.SEEK_END)
            if any(file.read()):
                raise EOFError("the end is missing")


def place(folder: Path, name: str) -> Path:
    """The path of a member, below the folder. Raises ValueError for a name that leads out of it."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\\" in name:
        raise ValueError(f"member '{name}' would be written outside the folder")
    return folder.joinpath(*parts)


def unpack_into(archive: Path, folder: Path) -> None:
    """Write the files and folders of an archive into a folder. Raises BadArchive if it is damaged or holds anything else."""
    limit, count, total = max(SMALL, MOST_TIMES * size_of(archive)), 0, 0
    try:
        for name, size, is_folder, special, content in members(archive):
            count, total = count + 1, total + size
            if PurePosixPath(name).parts == ():  # './', the top folder of the archive
                continue
            target = place(folder, name)
            if special:
                raise ValueError(f"member '{name}' is a link or a device")
            if count > MOST_MEMBERS or total > limit:
                raise ValueError(f"it would unpack to more than {MOST_MEMBERS} members or {limit} bytes")
            (target if is_folder else target.parent).mkdir(parents=True, exist_ok=True)
            if not is_folder:
                with content() as packed, open(target, "wb") as file:  # type: ignore[union-attr]
                    shutil.copyfileobj(packed, file, CHUNK)
    except ValueError as error:
        raise BadArchive(archive, f"refused: {error}") from error
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(archive, f"it is truncated, damaged, or not an archive ({error})") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise BadArchive(archive, f"it is truncated, damaged, or not an archive ({error})") from error


def unpack(files: list[Path], folder: Path, record: dict) -> None:
    """Unpack archives, and copy files that are not archives, into one folder; it appears only when it is complete.

    record: written into the folder as `.orderless.json`. An existing folder is replaced.
    Raises BadArchive for an archive that is damaged, leads out of the folder, holds links, or is too large; DiskError if the disk
    is full.
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
