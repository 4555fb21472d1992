"""What of the results exists, and what must be made for those that are asked for."""

import os
import re
import time
from collections.abc import Iterable

from orderless.catalog.results import Result

EVERY = 3.0  # seconds between two looks at how far a stage is
PART = re.compile(r"\.part\d+$")  # of a file that is not complete


class Shelf:
    """Which parts of a result are missing on disk: every folder is listed once.

    told: stem -> missing parts, as the main process of a run found them before it began; everything else exists, whatever the disk
    holds by now. whole: nothing exists, so that everything is planned (for a report, which draws all steps).
    """

    def __init__(self, told: dict[str, list[int]] | None = None, whole: bool = False):
        self.told, self.whole = told, whole
        self.listed: dict[str, frozenset[str]] = {}

    def names(self, folder: str) -> frozenset[str]:
        """What lies in a folder."""
        if folder not in self.listed:
            try:
                self.listed[folder] = frozenset(os.listdir(folder))
            except (FileNotFoundError, NotADirectoryError):
                self.listed[folder] = frozenset()
        return self.listed[folder]

    def has(self, path: str) -> bool:
        """Whether a file exists."""
        folder, _, name = path.rpartition("/")
        return name in self.names(folder)

    def missing(self, result: Result, files: tuple[str, ...] = ()) -> set[int]:
        """The parts of a result of which a file is missing; files: those that matter, where not all of them do."""
        if self.whole:
            return set(result.parts())
        if self.told is not None:
            return set(self.told.get(result.stem, []))
        return {part for part in result.parts() if not all(self.has(result.path(file, part)) for file in files or result.files)}


class Work:
    """What must be made for some results: those that are missing, and of what these are made from that which is missing too.

    asked: results, or (result, its files that are asked for): the seconds that extraction took outlive the descriptors.
    """

    def __init__(self, asked: Iterable[Result | tuple[Result, tuple[str, ...]]], shelf: Shelf):
        self.shelf = shelf
        self.parts: dict[Result, set[int]] = {}
        self.used: dict[Result, None] = {}
        for each in asked:
            result, files = each if isinstance(each, tuple) else (each, ())
            self.use(result)
            self.need(result, set(result.parts()), files)

    def use(self, result: Result) -> None:
        """Note a result and all that it is made from, whether or not it exists."""
        if result not in self.used:
            self.used[result] = None
            for inputs in result.inputs.values():
                for source in inputs:
                    self.use(source)

    def need(self, result: Result, parts: set[int], files: tuple[str, ...] = ()) -> None:
        """Add a result, and what the missing ones of its parts are made from. A part is made from the like parts of its inputs."""
        news = (parts & self.shelf.missing(result, files)) - self.parts.get(result, set())
        if not news:
            return
        self.parts.setdefault(result, set()).update(news)
        for inputs in result.inputs.values():
            for source in inputs:
                aligned = source.shards and source.shards == result.shards
                self.need(source, news if aligned else set(source.parts()))

    def told(self) -> dict[str, list[int]]:
        """The missing parts by stem, as `Shelf` takes them."""
        return {result.stem: sorted(parts) for result, parts in self.parts.items()}

    def sweep(self) -> None:
        """Remove what a job that was killed began to write of what is missing."""
        folders = {result.path(part=0).rpartition("/")[0] for result in self.parts}
        for folder in folders:
            for name in self.shelf.names(folder):
                if PART.search(name):
                    os.unlink(f"{folder}/{name}")

    def of(self, *kinds: str) -> list[Result]:
        """The results of some kinds that must be made, by their paths."""
        return sorted((result for result in self.parts if result.kind in kinds), key=lambda result: result.stem)

    def groups(self, results: list[Result]) -> list[tuple[list[Result], list[int]]]:
        """Results in parts, grouped by what a part lacks: (results, the parts that lack just these), the largest group first."""
        lacking: dict[int, list[Result]] = {}
        for result in results:
            for part in self.parts[result]:
                lacking.setdefault(part, []).append(result)
        groups: dict[tuple[Result, ...], list[int]] = {}
        for part in sorted(lacking):
            groups.setdefault(tuple(lacking[part]), []).append(part)
        return sorted(((list(results), parts) for results, parts in groups.items()), key=lambda group: -len(group[1]))

    def pace(self, kind: str) -> "Pace":
        """How far the parts of some results are."""
        results = {
            (result.folder, part): result.path(result.files[-1], part) for result in self.of(kind) for part in self.parts[result]
        }
        return Pace(list(results.values()))


class Pace:
    """How far a stage is, for the messages of its jobs: `12 of 40 shards done, about 5 min left`. paths: what it will have made."""

    def __init__(self, paths: list[str]):
        self.left, self.count = set(paths), len(paths)
        self.begin = self.looked = 0.0

    def __str__(self) -> str:
        now = time.monotonic()
        self.begin = self.begin or now
        if now - self.looked > EVERY:  # thousands of jobs, each of which asks
            self.left, self.looked = {path for path in self.left if not os.path.exists(path)}, now
        done = self.count - len(self.left)
        rest = (now - self.begin) * len(self.left) / done if done else 0
        return f"{done:,} of {self.count:,} shards done" + (f", about {rest / 60:,.0f} min left" if rest >= 60 else "")
