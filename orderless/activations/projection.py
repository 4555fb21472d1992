"""Projection: principal components of descriptors, fitted on training images only."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from orderless.errors import OrderlessError
from orderless.files.storage import TensorSource
from orderless.representations.normalisation import l2

BLOCK = 8192  # descriptors that are converted to float32 and projected at a time


def fit_pca(
    blocks: Iterable[np.ndarray], dim: int, centre: bool = True, whiten: bool = False, name: str = ""
) -> dict[str, np.ndarray]:
    """Principal components by the eigenvectors of the covariance, accumulated block by block in float64.

    blocks: (n, d) arrays; dim: the number of components, at most n and d. centre: subtract the mean (VLFeat's recognition
    application, as paper B); if False, components are those of the second moment about zero (paper A's code), and the mean is zero.
    whiten: divide each component by its standard deviation.
    Returns mean (d,), basis (d, dim) and variance (dim,), float32: x projects to (x - mean) @ basis.
    The largest entry of each component is positive, so that signs do not depend on the solver.
    """
    count, total, second = 0, np.zeros(1), np.zeros(1)
    for block in blocks:
        x = np.asarray(block, np.float64)
        count, total, second = count + len(x), total + x.sum(0), second + x.T @ x
    if count < 2:
        raise OrderlessError(f"projection {name}: {count} descriptors sampled, at least two are needed. Raise sample.images.")
    mean = total / count if centre else np.zeros_like(total)
    variance, basis = np.linalg.eigh(second / count - np.outer(mean, mean))
    dim = min(dim, basis.shape[0], count)
    variance, basis = np.maximum(variance[::-1][:dim], 0), basis[:, ::-1][:, :dim]
    basis = basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(dim)])
    if whiten:
        # A component without variance is rounding noise, which division by its deviation would blow up: it keeps its scale.
        basis = basis / np.sqrt(np.where(variance > variance[0] * 1e-10, variance, 1.0))
    return {"mean": mean.astype(np.float32), "basis": basis.astype(np.float32), "variance": variance.astype(np.float32)}


def project(x: np.ndarray, pca: dict[str, np.ndarray]) -> np.ndarray:
    """Descriptors (n, d) projected by the arrays of `fit_pca`: (n, dim) float32."""
    return (np.asarray(x, np.float32) - pca["mean"]) @ pca["basis"]


def fit_projection(x: np.ndarray, choice: dict[str, Any], name: str = "") -> dict[str, np.ndarray]:
    """The principal components of descriptors (n, d) that an entry of the catalog asks for.

    choice: {pca: components, centre: true, whiten: false, unit: false}; unit: scale each descriptor to unit length first.
    name: of the descriptor set, for an error. Returns the arrays of `fit_pca`.
    """
    return fit_pca(unit_blocks(x, choice), choice["pca"], choice.get("centre", True), choice.get("whiten", False), name)


def apply_projection(x: np.ndarray, choice: dict[str, Any], pca: dict[str, np.ndarray]) -> np.ndarray:
    """Descriptors (n, d) projected by the components that `fit_projection` returned for the same choice: (n, dim) float32."""
    return np.concatenate([project(block, pca) for block in unit_blocks(x, choice)])


def unit_blocks(x: np.ndarray, choice: dict[str, Any]) -> Iterator[np.ndarray]:
    """Descriptors block by block, at unit length where the choice says so; at least one block, which may be empty."""
    for first in range(0, max(len(x), 1), BLOCK):
        block = x[first : first + BLOCK]
        yield l2(block.astype(np.float32)) if choice.get("unit") else block


def fit_projections(
    sample: TensorSource, sets: dict[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """The projections of all descriptor sets, fitted on a sample, and the sample projected, for the codebooks.

    sample: set id -> raw descriptors (n, d). sets: set id -> {projection: a choice of `fit_projection`, or None}. Returns
    set id -> arrays of `fit_pca` for the sets that have a projection, and set id -> descriptors for all sets of the sample.
    """
    projections, projected = {}, {}
    for name in sample.names():
        x, choice = sample[name], sets[name]["projection"]
        if choice is None:
            projected[name] = x
            continue
        projections[name] = fit_projection(x, choice, name)
        projected[name] = apply_projection(x, choice, projections[name])
    return projections, projected


def by_set(projections: TensorSource) -> dict[str, dict[str, np.ndarray]]:
    """Set id -> PCA arrays, from tensors `<set>/mean`, `<set>/basis` and `<set>/variance`."""
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for name in projections.names():
        set_id, key = name.rsplit("/", 1)
        arrays.setdefault(set_id, {})[key] = projections[name]
    return arrays
