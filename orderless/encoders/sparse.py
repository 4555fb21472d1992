"""Sparse-coding based Fisher vectors, SCFV (Liu et al., NIPS 2014, arXiv 1411.6406)."""

from dataclasses import dataclass

import numpy as np

from orderless.backends.mixtures import check_enough

BLOCK = 1024  # rows that are coded together, so that their codes stay in the processor's cache
LEARNING_ROWS = 20_000  # rows that a dictionary is learned from at most, for the time it takes
LEARNING_SWEEPS = 10  # of a learning step, which starts from the codes of the step before
TOLERANCE = 1e-6  # largest change of a code in the last sweep, relative to the row's largest code


def descend(
    gram: np.ndarray, products: np.ndarray, threshold: float, codes: np.ndarray, sweeps: int, tolerance: float
) -> np.ndarray:
    """Cyclic coordinate descent on min_u u'Gu - 2 u'p + 2 threshold |u|_1, for all columns p of `products` at once.

    gram: G (K, K). products: (K, n). codes: (K, n), to start from. sweeps: over all atoms, at most. All float64. Returns codes (K,
    n).
    """
    result, rows, codes = codes.copy(), np.arange(codes.shape[1]), codes.copy()
    used = np.flatnonzero(gram.diagonal() > 0)
    for _ in range(sweeps):
        change = np.zeros(len(rows))
        for k in used:
            # The best code of atom k for the other codes, soft-thresholded.
            single = products[k] - gram[k] @ codes + gram[k, k] * codes[k]
            new = (single - np.minimum(np.maximum(single, -threshold), threshold)) / gram[k, k]
            np.maximum(change, np.abs(new - codes[k]), out=change)
            codes[k] = new
        # A column that has converged is not changed again, so that its code does not depend on the columns beside it.
        result[:, rows] = codes
        moving = change > tolerance * np.abs(codes).max(0)
        if not moving.any():
            break
        rows, codes, products = rows[moving], codes[:, moving], products[:, moving]
    return result


def sparse_codes(
    x: np.ndarray,
    atoms: np.ndarray,
    penalty: float,
    sweeps: int,
    tolerance: float = TOLERANCE,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """u_i = argmin_u ||x_i - B u||^2 + penalty |u|_1 for every row of x: (n, d), B's columns being the rows of atoms: (K, d).

    start: (n, K), codes to start from; zeros if None. A row has converged when a sweep over all atoms changes no code by more than
    `tolerance` times the row's largest. Equal atoms share one code, and zero atoms have the code zero. Returns (n, K) float64.
    """
    atoms = atoms.astype(np.float64)
    gram = atoms @ atoms.T
    codes = np.zeros((len(x), len(atoms))) if start is None else start.copy()
    for first in range(0, len(x), BLOCK):
        block = slice(first, first + BLOCK)
        products = atoms @ x[block].astype(np.float64).T
        codes[block] = descend(gram, products, penalty / 2, codes[block].T, sweeps, tolerance).T
    return codes


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length. A zero row stays zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def update_atoms(x: np.ndarray, codes: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """Replace each atom in turn by the best one of unit length for the codes (n, K) and the other atoms. All float64.

    An atom that no row uses is replaced by a row of x (n, d) that is reconstructed worst.
    """
    atoms, gram, products = atoms.copy(), codes.T @ codes, codes.T @ x
    for k in np.flatnonzero(gram.diagonal() > 0):
        direction = products[k] - gram[k] @ atoms + gram[k, k] * atoms[k]
        atoms[k] = unit(direction) if direction.any() else atoms[k]
    unused = np.flatnonzero(gram.diagonal() == 0)
    if len(unused):
        errors = ((x - codes @ atoms) ** 2).sum(1)
        atoms[unused] = unit(x[np.argsort(-errors, kind="stable")[: len(unused)]])
    return atoms


def learn_dictionary(x: np.ndarray, words: int, penalty: float, iterations: int, seed: int) -> np.ndarray:
    """Minimise sum_i ||x_i - B u_i||^2 + penalty |u_i|_1 over codes u_i and atoms of unit length, the columns of B.

    x: (n, d), of which a random draw of LEARNING_ROWS rows serves. The first atoms are rows drawn at random. Each iteration
    computes all codes, then updates all atoms (Mairal et al., ICML 2009, but on all rows at once); none raises the objective.
    Returns atoms (words, d) float32.
    """
    check_enough(x, words)
    order = np.random.default_rng(seed).permutation(len(x))[: max(LEARNING_ROWS, words)]
    x = x[order].astype(np.float64)
    atoms, codes = unit(x[:words]), None
    for _ in range(iterations):
        codes = sparse_codes(x, atoms, penalty, LEARNING_SWEEPS, start=codes)
        atoms = update_atoms(x, codes, atoms)
    return atoms.astype(np.float32)


@dataclass(frozen=True)
class Encoder:
    """words: atoms of the dictionary. penalty: of the L1 norm, in units of the training descriptors' mean length. iterations: of
    dictionary learning. sweeps: of coordinate descent, at most.

    The abstracts, and the papers that use the method, do not give the penalty: the default is our choice.
    """

    words: int = 100
    penalty: float = 0.2
    iterations: int = 20
    sweeps: int = 1000

    mean_type = False
    learned = True

    def fit(self, x: np.ndarray, backend, seed: int) -> dict[str, np.ndarray]:
        """The dictionary of training descriptors x (n, d): atoms (K, d), and penalty (1,), in the units of the descriptors."""
        penalty = self.penalty * float(np.linalg.norm(x.astype(np.float64), axis=1).mean())
        atoms = learn_dictionary(x, self.words, penalty, self.iterations, seed)
        return {"atoms": atoms, "penalty": np.array([penalty], np.float32)}

    def encode(self, x: np.ndarray, guide: np.ndarray | None, codebook: dict[str, np.ndarray], backend) -> np.ndarray:
        """Descriptors (n, d) -> (K d,), atom by atom: sum_i (x_i - B u_i) u_i', u_i the sparse code of x_i; not normalised."""
        atoms = codebook["atoms"].astype(np.float64)
        codes = sparse_codes(x, atoms, float(codebook["penalty"][0]), self.sweeps)
        return (codes.T @ (x - codes @ atoms)).astype(np.float32).reshape(-1)
