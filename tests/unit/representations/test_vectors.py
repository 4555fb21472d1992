"""The second projection, of finished vectors."""

import numpy as np

from orderless.representations.reductions import fit_reduction


def test_reduction_is_orthonormal_and_keeps_training_products(rng):
    x = rng.normal(size=(30, 200)).astype(np.float32)
    basis = fit_reduction(x, 100, 5000, rng)
    assert basis.shape == (200, 30)
    np.testing.assert_allclose(basis.T @ basis, np.eye(30), atol=1e-4)
    np.testing.assert_allclose((x @ basis) @ (x @ basis).T, x @ x.T, rtol=1e-3, atol=1e-2)
    assert fit_reduction(x, 10, 5000, rng).shape == (200, 10)
