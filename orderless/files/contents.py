"""What files hold, as short digests: code without its comments, a file, a folder of images. An unchanged file is read once."""

import ast
import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from orderless.files.storage import file_hash, write_text

ROOT = Path(__file__).resolve().parents[2]
# They say what goes wrong, carry bytes to and from a disk, or decide what a recipe says in full: none of them computes a figure.
ASIDE = {"errors"} | {f"files.{name}" for name in ("archives", "contents", "disk", "downloads", "jobs", "results", "storage")}
# Only some entries of the catalog use them (a network's kind, a transformer's patches, dense SIFT): who does names them.
CHOSEN = {"activations.sift", "backbones.caffe", "backbones.caffenet", "backbones.tinyalex", "backbones.tokens"}
LENGTH = 10  # hex digits of a digest


def digest(*parts: object) -> str:
    """A short hash of JSON-able parts: equal parts, equal digest."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:LENGTH]


class Contents:
    """Digests of what lies on disk.

    cache: a JSON file that keeps the hash of each file with its size and time stamp. told: digests that somebody else worked out
    (the main process of a run, for its jobs) and that stand, whatever the disk holds by now.
    """

    def __init__(self, cache: Path | None = None, told: dict[str, str] | None = None):
        self.cache, self.told, self.pinned = cache, dict(told or {}), told is not None
        self.hashes: dict[str, list] = {}
        self.modules: dict[str, tuple[str, list[str]]] = {}
        if cache and cache.is_file():
            try:
                self.hashes = json.loads(cache.read_text())
            except (OSError, ValueError):  # it saves time and nothing else
                self.hashes = {}
        self.changed = False

    def keep(self) -> None:
        """Write the cache, if it has news."""
        if self.cache and self.changed and not self.pinned:
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            write_text(self.cache, json.dumps(self.hashes))
            self.changed = False

    def once(self, key: str, work) -> str:
        """A digest by its name, worked out where nobody told it."""
        if key not in self.told:
            self.told[key] = work()
        return self.told[key]

    def file(self, path: str | Path) -> str:
        """Of a file; of one that is missing, a word that says so."""
        path = Path(path)
        return self.once(f"file {path}", lambda: digest(self.hashed([path])) if path.is_file() else "missing")

    def images(self, root: str | Path) -> str:
        """Of the image files of a folder: their names and their bytes."""
        from orderless.files.images import find_images

        def work() -> str:
            files = find_images(Path(root))
            names = [path.relative_to(root).as_posix() for path in files]
            return digest(list(zip(names, self.hashed(files), strict=True)))

        return self.once(f"images {root}", work)

    def code(self, files: Iterable[str]) -> str:
        """Of the code in some files of the suite, and in all of its modules that they import."""
        starts = sorted(files)
        return self.once(
            f"code {' '.join(starts)}", lambda: digest([[name, self.read_code(name)[0]] for name in sorted(self.closure(starts))])
        )

    def read_code(self, name: str) -> tuple[str, list[str]]:
        """The digest of a file's code, and the files of the library that it imports from."""
        if name not in self.modules:
            path = ROOT / name
            stat = path.stat()
            mark, key = [stat.st_size, stat.st_mtime_ns], f"code {path}"
            if self.hashes.get(key, [None])[:2] != mark:
                tree = ast.parse(path.read_text())
                self.hashes[key], self.changed = [*mark, skeleton(tree), sorted(imports(tree))], True
            self.modules[name] = tuple(self.hashes[key][2:])
        return self.modules[name]

    def closure(self, starts: Iterable[str]) -> set[str]:
        """Some files and all that they import, but for what computes nothing (`ASIDE`, the catalog) and what an entry chooses."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            name = waiting.pop()
            found.add(name)
            modules = {file: module_name(file) for file in self.read_code(name)[1] if file not in found}
            waiting += [
                file for file, module in modules.items() if module not in ASIDE | CHOSEN and not module.startswith("catalog")
            ]
        return found

    def hashed(self, files: list[Path]) -> list[str]:
        """The hash of each file; those that changed since the last time are read."""
        stats = [path.stat() for path in files]
        marks = [[stat.st_size, stat.st_mtime_ns] for stat in stats]
        news = [place for place, path in enumerate(files) if self.hashes.get(str(path), [None])[:2] != marks[place]]
        with ThreadPoolExecutor() as pool:
            for place, found in zip(news, pool.map(file_hash, [files[place] for place in news]), strict=True):
                self.hashes[str(files[place])] = [*marks[place], found[:16]]
        self.changed |= bool(news)
        return [self.hashes[str(path)][2] for path in files]


def skeleton(tree: ast.Module) -> str:
    """A digest of code without comments, docstrings and layout."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and body and ast.get_docstring(node):
            node.body = body[1:]
    return digest(ast.dump(tree))


def imports(tree: ast.Module) -> set[str]:
    """The files of the library that some code imports from, inside its functions too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "orderless":
            for alias in node.names:
                file = module_file(f"{node.module}.{alias.name}") or module_file(str(node.module))
                found |= {file} if file else set()
        elif isinstance(node, ast.Import):
            found |= {file for alias in node.names if alias.name.startswith("orderless.") and (file := module_file(alias.name))}
    return found


@cache
def module_file(name: str) -> str:
    """The file of a module of the library; empty where there is no such module."""
    path = name.replace(".", "/")
    return next((file for file in (f"{path}.py", f"{path}/__init__.py") if (ROOT / file).is_file()), "")


def module_name(file: str) -> str:
    """A file of the library as a module's name without the package's: `files.storage`."""
    return file.removeprefix("orderless/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
