"""PCA beside scikit-learn's."""

import numpy as np
from sklearn.decomposition import PCA

from orderless.activations.projection import fit_pca, project


def test_pca_agrees_with_scikit_learn(real_descriptors):
    for whiten in (False, True):
        pca = fit_pca(np.array_split(real_descriptors, 7), 20, whiten=whiten)
        reference = PCA(20, whiten=whiten, svd_solver="full").fit_transform(real_descriptors.astype(float))
        found = project(real_descriptors, pca)
        np.testing.assert_allclose(np.abs((found * reference).sum(0)), (reference**2).sum(0), rtol=2e-3)


def test_uncentred_pca_keeps_the_zero(real_descriptors):
    pca = fit_pca([real_descriptors], 64, centre=False)
    assert not pca["mean"].any()
    np.testing.assert_allclose(pca["basis"].T @ pca["basis"], np.eye(64), atol=1e-5)
    values = np.linalg.svd(real_descriptors.astype(float), compute_uv=False) ** 2 / len(real_descriptors)
    np.testing.assert_allclose(pca["variance"], values, rtol=1e-3, atol=1e-4)
