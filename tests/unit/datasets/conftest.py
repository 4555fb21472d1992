"""What the tests of data sets share: the papers' data sets as miniatures, and a user's folder of images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from orderless.catalog.entries import load_catalog, merge
from orderless.datasets.index import read_index, write_index
from orderless.datasets.official import index, prepare
from tests.layouts import serve_all
from tests.server import Server


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The entries of the data sets as miniatures, prepared: name -> (entry, its folder)."""
    server, folder = Server(), tmp_path_factory.mktemp("data")
    catalog = load_catalog({})["datasets"]
    over = serve_all(server, catalog, folder)
    found = {}
    for name, changes in over.items():
        entry = merge(catalog[name], changes)
        found[name] = (entry, prepare(name, entry, folder))
    server.close()
    return found


@pytest.fixture
def indexed(small) -> Callable[..., tuple[pd.DataFrame, list[str]]]:
    """The index of a miniature as it is read back, and what was skipped: indexed(name, folder to write to, fraction)."""

    def make(name: str, folder: Path, fraction: float = 1) -> tuple[pd.DataFrame, list[str]]:
        entry, root = small[name]
        rows, skipped = index(name, entry, root, 0, fraction, "fail", folder / "images")
        write_index(rows, folder / "index.csv")
        return read_index(folder / "index.csv"), skipped

    return make


@pytest.fixture
def folder(tmp_path, rng) -> Path:
    """Two classes, three training and two test images each."""
    for split, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (16, 20, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / split / name / f"{number}.png")
    return tmp_path
