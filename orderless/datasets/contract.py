"""What the modules of official data sets share.

A module `orderless/datasets/<kind>.py` has one function, `rows(root, entry, seed)`: the index rows (see `orderless.datasets`) of
the data set whose archives lie unpacked, side by side, in `root`. A row may have a key more, `box` (x, y, width, height in
pixels): what its image is cut to where the entry says `crop`. Images are listed, not opened.
"""

from pathlib import Path

import numpy as np

from orderless.errors import OrderlessError
from orderless.files.images import find_images


def inside(root: Path, path: str) -> Path:
    """The file or folder `path` of an official layout, wherever the user's root begins: in it, or some levels deeper."""
    parts = path.split("/")
    for first in range(len(parts)):
        found = root.joinpath(*parts[first:])
        if found.exists():
            return found
    raise OrderlessError(f"{root}: has no '{path}'. Give the folder in which the official archives lie unpacked, as they come.")


def lines(path: Path) -> list[list[str]]:
    """The lines of a text file, each split at blanks; empty ones left out."""
    if not path.is_file():
        raise OrderlessError(f"{path}: no such file. Give the folder in which the official archives lie unpacked, as they come.")
    return [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]


def by_stem(root: Path) -> dict[str, Path]:
    """Image name without its suffix -> file, of all images below a folder."""
    return {path.stem: path for path in find_images(root)}


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a MATLAB file."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return loadmat(path)
    except (OSError, ValueError, NotImplementedError, MatReadError) as error:
        raise OrderlessError(f"{path}: cannot be read as a MATLAB file ({error}). Fetch it again.") from error
