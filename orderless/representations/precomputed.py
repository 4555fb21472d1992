"""Precomputed features: vectors that another program made, to be stacked with the suite's (paper B, Table 3: DSFL)."""

from pathlib import Path

import numpy as np
import pandas as pd

from orderless.errors import OrderlessError


def read_precomputed(path: str | Path, images: list[str]) -> np.ndarray:
    """The vectors of the named images from a CSV file with the column `image` and one column for each dimension.

    Returns (images, d) float32. Raises OrderlessError if an image is missing or listed twice, or if a value is not a finite number.
    """
    try:
        table = pd.read_csv(path, dtype={"image": str}).set_index("image")
    except (OSError, ValueError, KeyError) as error:
        raise OrderlessError(
            f"{path}: cannot be read as precomputed features ({error}). A CSV with a column 'image' is needed."
        ) from error
    twice = table.index[table.index.duplicated()]
    if len(twice):
        raise OrderlessError(f"{path}: image '{twice[0]}' is listed {int((table.index == twice[0]).sum())} times. Leave one row.")
    missing = [name for name in images if name not in table.index]
    if missing:
        raise OrderlessError(f"{path}: has no row for image '{missing[0]}' ({len(missing)} missing). Add it.")
    try:
        vectors = table.loc[images].to_numpy(np.float32)
    except ValueError as error:
        raise OrderlessError(f"{path}: holds values that are not numbers ({error}).") from error
    if not np.isfinite(vectors).all():
        row = images[int(np.flatnonzero(~np.isfinite(vectors).all(1))[0])]
        raise OrderlessError(f"{path}: the row of image '{row}' holds values that are not finite.")
    return vectors
