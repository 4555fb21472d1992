"""Intermediate files: safetensors with a header that records how they were made. A file is written completely or not at all.

The header's `orderless` entry is a JSON object: `kind` (e.g. "descriptors"), `recipe` (a hash of everything the content
depends on), `tensors` (CRC-32, type and shape of each), `seal` (CRC-32 of the header itself) and whatever else the writer adds.
A reader names the kind and the entries of the header that it knows. A file that is damaged or differs is refused.
"""

import hashlib
import json
import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from orderless.errors import OrderlessError

MAKERS = {  # kind of a file -> the rules that make it
    "weights": "train_tinyalex or verify_weights",
    "sample": "sample_activations",
    "projection": "fit_projections",
    "projected sample": "fit_projections",
    "codebook": "train_codebooks or train_guidance",
    "descriptors": "extract_activations",
    "representations": "encode_representations",
    "reduction": "fit_reductions",
    "classifier": "classify",
    "scores": "classify",
    "similarities": "search",
    "confidence": "map_confidence",
}


def recipe(*parts: Any) -> str:
    """A short hash of parts that JSON can hold: equal parts give an equal recipe."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def checksum(array: np.ndarray) -> int:
    """CRC-32 of an array's bytes in C order."""
    return zlib.crc32(np.asarray(array, order="C").data)


def facts(array: np.ndarray) -> list:
    """What the header records of a tensor: CRC-32, type, shape."""
    return [checksum(array), str(array.dtype), list(array.shape)]


def file_hash(path: str | Path) -> str:
    """The sha256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_text(path: str | Path, text: str) -> None:
    """Write a text file; it appears under its name only when it is complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        part.write_text(text)
        os.replace(part, path)
    except OSError as error:
        raise OrderlessError(f"{path}: could not be written ({error}). Make room or mend the folder, then run again.") from error
    finally:
        part.unlink(missing_ok=True)


def save(path: str | Path, tensors: dict[str, np.ndarray], kind: str, **header: Any) -> None:
    """Write tensors and header to `path`. The file appears under its name only when it is complete.

    The keys of the header are sorted: use a list for anything whose order matters.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    header |= {"kind": kind, "tensors": {name: facts(array) for name, array in arrays.items()}}
    header["seal"] = zlib.crc32(json.dumps(header, sort_keys=True).encode())
    part = path.with_name(f"{path.name}.part{os.getpid()}")
    try:
        part.touch()  # with the permissions that the user's umask gives; safetensors would create a private file
        permissions = part.stat().st_mode
        save_file(arrays, part, metadata={"orderless": json.dumps(header, sort_keys=True)})
        part.chmod(permissions)
        os.replace(part, path)
    except (OSError, SafetensorError) as error:
        raise OrderlessError(f"{path}: could not be written ({error}). Make room or repair the folder, then run again.") from error
    finally:
        part.unlink(missing_ok=True)


def read_header(path: str | Path) -> dict[str, Any]:
    """What a file's header says, without a look at its tensors; empty where it is not a file of this suite."""
    try:
        with safe_open(path, framework="numpy") as file:
            return json.loads((file.metadata() or {}).get("orderless", "{}"))
    except (SafetensorError, ValueError, OSError):
        return {}


class TensorSource(Protocol):
    """Named tensors with a header, wherever they are: in a file (`Tensors`) or in memory (`TensorsInMemory`)."""

    header: dict[str, Any]

    def __getitem__(self, name: str) -> np.ndarray: ...

    def __contains__(self, name: str) -> bool: ...

    def names(self) -> list[str]:
        """The names of all tensors, sorted."""

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape."""

    def columns(self, name: str, first: int, last: int) -> np.ndarray:
        """Columns [first, last) of a tensor with two axes; `last` may lie beyond the end."""


@dataclass
class TensorsInMemory:
    """Tensors that were not written to a file, and what their file's header would say of them."""

    tensors: dict[str, np.ndarray]
    header: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.tensors[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def names(self) -> list[str]:
        return sorted(self.tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def columns(self, name: str, first: int, last: int) -> np.ndarray:
        return self.tensors[name][:, first:last]


class Tensors:
    """A file of tensors, opened and checked. Tensors are read from disk when they are asked for.

    kind: what the file must hold. expected: entries that its header must have, such as `recipe`.
    Raises OrderlessError with the file's name and the remedy if it is missing, damaged, or was made from something else.
    """

    def __init__(self, path: str | Path, kind: str, **expected: Any):
        self.path = Path(path)
        maker = f"rule {MAKERS[kind]} makes" if kind in MAKERS else "the command that made it makes"
        remedy = f"Delete it and run again: {maker} it anew."
        try:
            self._file = safe_open(self.path, framework="numpy")
            self.header = json.loads((self._file.metadata() or {})["orderless"])
            seal = self.header.pop("seal")
            if seal != zlib.crc32(json.dumps(self.header, sort_keys=True).encode()):
                raise ValueError("the checksum of its header differs")
            if set(self._file.keys()) != set(self.header["tensors"]):
                raise ValueError("its tensors are not those that its header lists")
            for name, recorded in self.header["tensors"].items():
                if facts(self[name]) != recorded:
                    raise ValueError(f"the checksum of tensor '{name}' differs")
        except FileNotFoundError as error:
            raise OrderlessError(f"{self.path}: no such file. Run again: {maker} it.") from error
        except (SafetensorError, KeyError, ValueError, OSError, TypeError, AttributeError) as error:
            raise OrderlessError(f"{self.path}: is not a file of this suite, or is damaged ({error}). {remedy}") from error
        if self.header.get("kind") != kind:
            raise OrderlessError(f"{self.path}: holds '{self.header.get('kind')}', expected '{kind}'. {remedy}")
        for key, value in expected.items():
            if self.header.get(key) != value:
                difference = f"{key} {self.header.get(key)}, expected {value}"
                raise OrderlessError(f"{self.path}: was made from other settings or images ({difference}). {remedy}")

    def __getitem__(self, name: str) -> np.ndarray:
        return self._file.get_tensor(name)

    def __contains__(self, name: str) -> bool:
        return name in self.header["tensors"]

    def names(self) -> list[str]:
        """The names of the tensors, sorted."""
        return sorted(self.header["tensors"])

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape."""
        return tuple(self.header["tensors"][name][2])

    def columns(self, name: str, first: int, last: int) -> np.ndarray:
        """Columns [first, last) of a tensor, without reading the rest."""
        return self._file.get_slice(name)[:, first : min(last, self.shape(name)[1])]
