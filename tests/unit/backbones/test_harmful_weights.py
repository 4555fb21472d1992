"""Files made to do harm, given as weights or as features: each is refused by name, and nothing in it is run."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from orderless.backbones.tinyalex import tinyalex
from orderless.backbones.weights import fetch_model
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError
from orderless.files.storage import Tensors
from orderless.representations.precomputed import read_precomputed


class Bomb:
    """An object whose unpickling makes a file."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return (open, (str(self.mark), "w"))


def saved(content: object, **options) -> bytes:
    """What torch.save writes of something."""
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    return stream.getvalue()


def archive(name: str, data: bytes) -> bytes:
    """A zip file with one member, stored as it is."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(name, data)
    return stream.getvalue()


def npz(content: object) -> bytes:
    """What numpy writes of an array of objects: a pickle inside."""
    stream = io.BytesIO()
    np.savez(stream, weights=np.array([content], dtype=object))
    return stream.getvalue()


def script() -> bytes:
    """A TorchScript archive, whose code is part of the file."""
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), stream)
    return stream.getvalue()


def safetensors(header: bytes, length: int | None = None, data: bytes = b"") -> bytes:
    """A safetensors file with any header, whose stated length may lie."""
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def matlab(rows: int, columns: int) -> bytes:
    """A MATLAB 5 file with a matrix that says it has rows x columns doubles and holds one."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    matrix = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", rows, columns))
    matrix += element(1, b"layers") + element(9, struct.pack("<d", 1.0))
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + element(14, matrix)


def field(number: int, data: bytes) -> bytes:
    """A field of a protocol buffer, of fewer than 128 bytes."""
    key = number << 3 | 2
    return (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])) + bytes([len(data)]) + data


def caffemodel(side: int) -> bytes:
    """A .caffemodel whose conv1 has two blobs that say side x side and hold nothing."""
    digits = [side >> shift & 127 for shift in range(0, side.bit_length(), 7)]
    dims = bytes([*(digit | 128 for digit in digits[:-1]), digits[-1]]) * 2
    layer = field(1, b"conv1") + field(2, b"Convolution") + field(7, field(7, field(1, dims))) * 2
    return field(100, layer)


TENSOR = {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}
FILES = {
    "pickle.pth": lambda bomb: pickle.dumps(bomb),
    "protocol-0.pth": lambda bomb: pickle.dumps(bomb, protocol=0),
    "torch-save.pth": lambda bomb: saved(bomb),
    "in-a-state-dict.pth": lambda bomb: saved(tinyalex().state_dict() | {"extra": bomb}),
    "before-2020.pth": lambda bomb: saved({"a": bomb}, _use_new_zipfile_serialization=False),
    "a-zip-of-a-pickle.pth": lambda bomb: archive("archive/data.pkl", pickle.dumps(bomb)),
    "a-whole-model.pth": lambda bomb: saved(tinyalex()),
    "torchscript.pt": lambda bomb: script(),
    "numbers.pth": lambda bomb: saved({"conv1.weight": 3, 5: "x"}),
    "a-list.pth": lambda bomb: saved([torch.zeros(2)]),
    "a-list-inside.pth": lambda bomb: saved({"state_dict": [1, 2]}),
    "npz.npz": npz,
    "npz.pth": npz,
    "npz.mat": npz,
    "pickle.npy": lambda bomb: pickle.dumps(bomb),
    "pickle.safetensors": lambda bomb: pickle.dumps(bomb),
    "a-header-of-8-EiB.safetensors": lambda bomb: safetensors(b"{}", 2**63),
    "a-tensor-beyond-the-end.safetensors": lambda bomb: safetensors(json.dumps({"a": TENSOR}).encode(), data=bytes(4)),
    "a-header-of-brackets.safetensors": lambda bomb: safetensors(b"[" * 100_000),
    "pickle.mat": lambda bomb: pickle.dumps(bomb),
    "a-matrix-of-petabytes.mat": lambda bomb: matlab(2**30, 2**30),
    "a-negative-matrix.mat": lambda bomb: matlab(-1, -1),
    "hdf5.mat": lambda bomb: b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack("<H", 0x0200) + b"IM" + bytes(512),
    "pickle.caffemodel": lambda bomb: pickle.dumps(bomb),
    "a-field-beyond-the-end.caffemodel": lambda bomb: b"\xa2\x06" + b"\xff" * 8 + b"\x7f" + b"x",
    "an-endless-number.caffemodel": lambda bomb: b"\xff" * 64,
    "a-blob-of-yottabytes.caffemodel": lambda bomb: caffemodel(2**40),
}  # fmt: skip


@pytest.fixture
def bomb(tmp_path):
    return Bomb(tmp_path / "it-ran")


def test_the_bomb_goes_off_where_a_pickle_is_trusted(bomb):
    pickle.loads(pickle.dumps(bomb)).close()
    assert bomb.mark.exists()


@pytest.mark.parametrize("name", FILES)
def test_a_harmful_file_is_refused_by_name_and_not_run(tmp_path, bomb, name):
    path = tmp_path / name
    path.write_bytes(FILES[name](bomb))
    backbone = "caffenet" if path.suffix in (".mat", ".caffemodel") else "tinyalex"
    entry = load_catalog({})["backbones"][backbone] | {"weights": str(path)}
    with pytest.raises(OrderlessError) as refused:
        fetch_model(entry, backbone)
    assert name in str(refused.value)
    assert not bomb.mark.exists()


@pytest.mark.parametrize("name", ["features.csv", "index.safetensors"])
def test_a_pickle_in_place_of_features_or_an_index_is_refused(tmp_path, bomb, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(bomb))
    with pytest.raises(OrderlessError, match=name):
        read_precomputed(path, ["a.jpg"]) if path.suffix == ".csv" else Tensors(path, "collection")
    assert not bomb.mark.exists()
