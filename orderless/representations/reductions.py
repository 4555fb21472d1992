"""Second projections (paper A): principal directions of finished vectors, fitted on training images."""

import numpy as np

from orderless.files.seeds import generator
from orderless.representations.vectors import Representations

MOST_ROWS = 5000  # training vectors that serve at most, as in paper A's code
ALL_ROWS = slice(None)


def fit_reductions(
    finished: Representations, seed: int, dataset: str, train: np.ndarray | slice = ALL_ROWS
) -> dict[str, np.ndarray]:
    """The second projections of the representations that have one: id -> basis (D, dimensions) float32.

    finished: the representations without their second projections. train: which images serve. seed, dataset: name the random draw.
    """
    dimensions = {name: row["reduce"] for name, row in finished.plan["representations"].items() if "reduce" in row}
    return {
        name: fit_reduction(finished.matrix(name)[train], dim, MOST_ROWS, generator(seed, dataset, "reduction", name))
        for name, dim in dimensions.items()
    }


def fit_reduction(x: np.ndarray, dim: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Principal directions of training vectors about zero: orthonormal, not whitened, the largest entry of each positive.

    x: (n, D) float32, of which a random draw of at most `most` rows serves. As D may be 50,000, the eigenvectors of the (n, n)
    matrix of inner products are found instead of those of the (D, D) covariance. Returns (D, min(dim, rank)) float32.
    """
    if len(x) > most:
        x = x[np.sort(rng.permutation(len(x))[:most])]
    values, vectors = np.linalg.eigh((x @ x.T).astype(np.float64))
    values, vectors = values[::-1][:dim], vectors[:, ::-1][:, :dim]
    nonzero = values > values[0] * 1e-7
    basis = x.T @ (vectors[:, nonzero] / np.sqrt(values[nonzero])).astype(np.float32)
    return np.ascontiguousarray(basis * np.sign(basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])]))
