"""What the modules of official data sets share: finding their files, reading lists and MATLAB files.

A module `orderless/datasets/<kind>.py` has one function, `index_rows(root, entry, seed)`. It returns the rows of the index (see
`orderless.datasets.index`) of the data set whose archives are unpacked side by side in `root`. A row may also have the key `box`
(x, y, width, height in pixels): its image is cut to that box if the entry has `crop`. The function lists images without opening
them.
"""

from pathlib import Path

import numpy as np

from orderless.errors import OrderlessError
from orderless.files.images import find_images


def inside(root: Path, path: str) -> Path:
    """The file or folder `path` of an official layout. The user's root may be any of the folders along that path."""
    parts = path.split("/")
    for first in range(len(parts)):
        candidate = root.joinpath(*parts[first:])
        if candidate.exists():
            return candidate
    raise OrderlessError(f"{root}: has no '{path}'. Give the folder where the official archives are unpacked, without changes.")


def lines(path: Path) -> list[list[str]]:
    """The lines of a text file, each split at blanks. Empty lines are left out."""
    if not path.is_file():
        raise OrderlessError(f"{path}: no such file. Give the folder where the official archives are unpacked, without changes.")
    return [line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]


def by_stem(root: Path) -> dict[str, Path]:
    """Image name without suffix -> file, for all images below a folder."""
    return {path.stem: path for path in find_images(root)}


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a MATLAB file."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return loadmat(path)
    except (OSError, ValueError, NotImplementedError, MatReadError) as error:
        raise OrderlessError(f"{path}: cannot be read as a MATLAB file ({error}). Fetch it again.") from error
