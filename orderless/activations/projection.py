"""Projection: principal components of descriptors, fitted on training images only."""

from collections.abc import Iterable

import numpy as np

from orderless.errors import OrderlessError
from orderless.files.storage import Tensors


def fit_pca(
    blocks: Iterable[np.ndarray], dim: int, centre: bool = True, whiten: bool = False, name: str = ""
) -> dict[str, np.ndarray]:
    """Principal components by the eigenvectors of the covariance, accumulated block by block in float64.

    blocks: (n, d) arrays; dim: components kept, cut to what n and d allow. centre: subtract the mean (VLFeat's recognition
    application, as paper B); False keeps the second moment about zero and projects without a mean (paper A's code).
    whiten: divide each component by its deviation.
    Returns mean (d,), basis (d, dim) and variance (dim,), float32: x projects to (x - mean) @ basis.
    The sign of each component is fixed, its largest entry positive, so that the result does not depend on the solver.
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
        # A direction without variance carries nothing: it is left out of the scaling instead of being blown up.
        basis = basis / np.sqrt(np.where(variance > variance[0] * 1e-10, variance, 1.0))
    return {"mean": mean.astype(np.float32), "basis": basis.astype(np.float32), "variance": variance.astype(np.float32)}


def project(x: np.ndarray, pca: dict[str, np.ndarray]) -> np.ndarray:
    """(n, d) -> (n, dim) float32."""
    return (np.asarray(x, np.float32) - pca["mean"]) @ pca["basis"]


def by_set(projections: Tensors) -> dict[str, dict[str, np.ndarray]]:
    """Set id -> PCA arrays, from a file of projections (tensors `<set>/mean`, `<set>/basis`, `<set>/variance`)."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name in projections.names():
        set_id, key = name.rsplit("/", 1)
        found.setdefault(set_id, {})[key] = projections[name]
    return found
