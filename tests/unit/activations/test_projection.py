"""PCA beside scikit-learn's."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from orderless.activations.projection import BLOCK, apply_projection, fit_pca, fit_projection, fit_projections, project
from orderless.files.storage import TensorsInMemory


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


def test_a_projection_of_unit_descriptors_in_blocks_is_scikit_learns(real_descriptors):
    x = np.tile(real_descriptors, (BLOCK // len(real_descriptors) + 2, 1)).astype(np.float16)
    assert len(x) > BLOCK
    choice = {"pca": 10, "unit": True}
    found = apply_projection(x, choice, fit_projection(x, choice))
    unit = normalize(x.astype(float))
    reference = PCA(10, svd_solver="full").fit_transform(unit)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.abs((found * reference).sum(0)), (reference**2).sum(0), rtol=2e-3)
    np.testing.assert_allclose((found**2).sum(0), (reference**2).sum(0), rtol=2e-3)


def test_sets_of_a_sample_are_projected_or_left_as_they_are(real_descriptors):
    sample = TensorsInMemory({"raw": real_descriptors, "small": real_descriptors, "wide": real_descriptors})
    sets = {"raw": {"projection": None}, "small": {"projection": {"pca": 5}}, "wide": {"projection": {"pca": 10_000}}}
    projections, projected = fit_projections(sample, sets)
    assert projections.keys() == {"small", "wide"}
    np.testing.assert_array_equal(projected["raw"], real_descriptors)
    assert projected["small"].shape == (len(real_descriptors), 5)
    # All components together are a rotation: distances to the mean remain.
    distances = np.linalg.norm(real_descriptors - real_descriptors.mean(0), axis=1)
    np.testing.assert_allclose(np.linalg.norm(projected["wide"], axis=1), distances, rtol=1e-3, atol=1e-3)
