"""Dense search: whitening, expansion and augmentation beside scikit-learn and explicit loops."""

import numpy as np

from orderless.representations.normalisation import l2
from orderless.retrieval.search import augment, dense_similarities, expand, principal


def test_whitening_is_scikit_learns(rng):
    from sklearn.decomposition import PCA

    for n, d in ((80, 30), (30, 80)):
        x = (rng.normal(size=(n, d)) * np.linspace(3, 0.3, d) + 1).astype(np.float32)
        mean, basis = principal(x, 10, whiten=True)
        ours, theirs = (x - mean) @ basis, PCA(10, whiten=True, svd_solver="full").fit(x).transform(x)
        np.testing.assert_allclose(np.abs(ours), np.abs(theirs) * np.sqrt(n / (n - 1)), rtol=2e-2, atol=2e-3)


def test_expansion_and_augmentation_written_out(rng):
    x = l2(rng.normal(size=(20, 6)).astype(np.float32))
    asked = l2(rng.normal(size=(2, 6)).astype(np.float32))
    best = np.argsort(-(asked @ x.T), axis=1)[:, :3]
    expected = [asked[i] + x[best[i]].sum(0) for i in range(2)]
    np.testing.assert_allclose(expand(asked, x, 3), l2(np.array(expected)), atol=1e-6)
    near = np.argsort(-(x @ x.T), axis=1)[:, :3]
    expected = [x[near[i][0]] + 2 / 3 * x[near[i][1]] + 1 / 3 * x[near[i][2]] for i in range(20)]
    np.testing.assert_allclose(augment(x, 2), l2(np.array(expected)), atol=1e-6)
    np.testing.assert_allclose(dense_similarities(asked, x, {}, x), asked @ x.T)
