"""What an index knows of the files of a folder, so that only what is new in it is read again."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError
from orderless.files.images import image_files, unreadable
from orderless.files.storage import file_hash

RECENT = 2 * 10**9  # nanoseconds; a file may change again within them and keep its times
SHOWN = 10  # files that a message names at most


@dataclass
class Listing:
    """The image files of a folder.

    files: one [name, sha256, size, time of its content, time of its entry] a file, names relative to the folder and sorted, times
    in nanoseconds, zero where they are too recent to tell a change. unreadable: sha256 -> why the image cannot be read.
    """

    files: list[list] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def images(self) -> list[str]:
        """The names of the files that can be read."""
        return [name for name, digest, *_ in self.files if digest not in self.unreadable]

    @property
    def hashes(self) -> list[str]:
        """Their sha256, in the same order."""
        return [digest for _, digest, *_ in self.files if digest not in self.unreadable]

    @property
    def skipped(self) -> dict[str, str]:
        """The files that cannot be read: name -> why."""
        return {name: self.unreadable[digest] for name, digest, *_ in self.files if digest in self.unreadable}

    def header(self) -> dict[str, Any]:
        """What a file keeps of it; `Listing(**header)` is it again."""
        return {"files": self.files, "unreadable": self.unreadable}

    def now(self, folder: str | Path, strict: bool = False) -> "Listing":
        """The folder as it is now. A file is read if its size or its times differ, an image is decoded if its content is new.

        strict: refuse images that cannot be read, instead of leaving them out. Raises OrderlessError, then and where none can.
        """
        folder, began = Path(folder), time.time_ns()
        paths = {path.relative_to(folder).as_posix(): path for path in image_files(folder)}
        known = {name: (facts, digest) for name, digest, *facts in self.files}
        found = Listing(unreadable=self.unreadable)
        for name, path in paths.items():
            stat = path.stat()
            times = [stat.st_mtime_ns, stat.st_ctime_ns]
            facts = [stat.st_size, *(times if max(times) < began - RECENT else (0, 0))]
            same = facts[1] and known.get(name, ([],))[0] == facts
            found.files.append([name, known[name][1] if same else file_hash(path), *facts])
        old = {digest for _, digest, *_ in self.files}
        new = {digest: name for name, digest, *_ in found.files if digest not in old}
        problems = unreadable(paths[name] for name in new.values())
        found.unreadable = found.unreadable | {
            digest: problems[str(paths[name])] for digest, name in new.items() if str(paths[name]) in problems
        }
        found.unreadable = {digest: why for _, digest, *_ in found.files if (why := found.unreadable.get(digest))}
        if found.skipped and (strict or not found.images):
            raise OrderlessError(said_of_unreadable(folder, found.skipped, len(paths)))
        return found


def said_of_unreadable(folder: str | Path, problems: dict[str, str], count: int) -> str:
    """A message that names the images of a folder that cannot be read. problems: name -> why. count: of all images."""
    lines = [f"{Path(folder) / name}: {why}" for name, why in problems.items()]
    lines = [*lines[:SHOWN], f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else lines
    return "\n".join([*lines, f"{len(problems)} of {count} images cannot be read."])
