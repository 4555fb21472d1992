"""Fisher vectors, VLAD, k-means and GMM against VLFeat itself, scikit-learn and scikit-image."""

import numpy as np
import pytest

from orderless import backends
from orderless.encoders.vlad import Encoder as Vlad
from orderless.errors import OrderlessError
from tests.conftest import BACKENDS, NEEDS_VLFEAT


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    return backends.get(request.param)


@pytest.fixture(params=["random", "real", "far"])
def x(request, real_descriptors):
    if request.param == "real":
        return real_descriptors
    rng = np.random.default_rng(0)
    scale, shift = (1, 0) if request.param == "random" else (5, 1000)
    return (rng.normal(size=(1500, 24)) * scale + shift).astype(np.float32)


def relative(a, b):
    return np.linalg.norm(a.astype(np.float64) - b) / np.linalg.norm(b)


@NEEDS_VLFEAT
def test_fisher_agrees_with_vl_fisher(backend, x):
    from cyvlfeat.fisher import fisher

    mixture = backends.get("vlfeat").gmm(x, 12, 30, 1)
    for rows in (x[:1], x[:7], x[:700]):
        reference = fisher(rows, mixture["means"], mixture["covariances"], mixture["priors"])
        assert relative(backend.fisher_vector(rows, mixture), reference) < 1e-4


def test_fisher_is_the_gradient_of_the_log_likelihood(backend, real_descriptors):
    """Numerical derivatives of scikit-learn's log-likelihood, scaled by the Fisher information of Perronnin et al. 2010."""
    from sklearn.mixture import GaussianMixture

    x = real_descriptors[:200, 20:28] + np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    mixture = backend.gmm(x, 3, 20, 0)
    vector = backend.fisher_vector(x[:50], mixture)

    def likelihood(means, deviations):
        model = GaussianMixture(3, covariance_type="diag")
        model.weights_ = mixture["priors"].astype(float)
        model.means_, model.precisions_cholesky_ = means, 1 / deviations
        return model.score(x[:50].astype(float))

    means, deviations = mixture["means"].astype(float), np.sqrt(mixture["covariances"].astype(float))
    for k in range(3):
        for d in (0, 5):
            step = 1e-4 * deviations[k, d]
            for part, parameter in ((0, "means"), (1, "deviations")):
                up, down = [{"means": means.copy(), "deviations": deviations.copy()} for _ in range(2)]
                up[parameter][k, d] += step
                down[parameter][k, d] -= step
                gradient = (likelihood(**up) - likelihood(**down)) / (2 * step)
                expected = gradient * deviations[k, d] / np.sqrt((1 + part) * float(mixture["priors"][k]))
                assert vector[part * 24 + k * 8 + d] == pytest.approx(expected, rel=2e-2, abs=2e-4)


def test_fisher_agrees_with_scikit_image(backend, real_descriptors):
    """scikit-image's Fisher vector: the means' part is ours, that of the deviations has the opposite sign (VLFeat's is ours)."""
    from skimage.feature import fisher_vector
    from sklearn.mixture import GaussianMixture

    x = real_descriptors[:300]
    mixture = backend.gmm(x, 5, 30, 1)
    model = GaussianMixture(5, covariance_type="diag")
    model.weights_, model.means_, model.covariances_ = (mixture[key].astype(float) for key in ("priors", "means", "covariances"))
    model.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)
    theirs = fisher_vector(x, model, improved=False)[5:]
    ours = backend.fisher_vector(x, mixture).astype(np.float64)
    half = len(ours) // 2
    assert relative(ours[:half], theirs[:half]) < 1e-3
    assert relative(ours[half:], -theirs[half:]) < 1e-3


@NEEDS_VLFEAT
def test_vlad_agrees_with_vl_vlad_and_the_double_loop(backend, x, rng):
    from cyvlfeat.vlad import vlad

    from orderless.backends.vlfeat import kernel_weights

    x, centres = x[:200], x[300:310].copy()
    weights = kernel_weights(x, centres, 5, 10.0)
    explicit = np.zeros((10, x.shape[1]))
    for row, share in zip(x.astype(float), weights, strict=True):
        for k in range(10):
            explicit[k] += share[k] * (row - centres[k])
    found = backend.vlad(x, centres, 5, 10.0)
    assert relative(found, vlad(x, centres, weights, unnormalized=True)) < 1e-4
    assert relative(found, explicit.ravel()) < 1e-4


@NEEDS_VLFEAT
def test_kernel_weights_sum_to_one_with_far_off_centres(rng):
    from orderless.backends.vlfeat import kernel_weights

    x = rng.normal(size=(50, 8)).astype(np.float32)
    weights = kernel_weights(x, x[:9] + 1e4, 5, 10.0)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
    assert ((weights > 0).sum(1) <= 5).all()
    near = kernel_weights(x, x[:9], 3, 10.0)
    distance = ((x[:, None] - x[None, :9]) ** 2).sum(-1)
    expected = np.exp(-distance / 200) * (distance <= np.sort(distance, 1)[:, 2:3])
    np.testing.assert_allclose(near, expected / expected.sum(1, keepdims=True), rtol=1e-3, atol=1e-6)


def test_hard_assignment_is_plain_vlad(backend, real_descriptors):
    x, centres = real_descriptors[:300], real_descriptors[400:408]
    nearest = ((x[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
    expected = np.stack([(x[nearest == k] - centres[k]).sum(0) for k in range(8)])
    found = Vlad(words=8, nearest=1).encode(x, None, {"centres": centres}, backend)
    assert relative(found, expected.ravel()) < 1e-4


def test_kmeans_is_as_good_as_scikit_learn(backend, x):
    from sklearn.cluster import KMeans

    def inertia(centres):
        return ((x[:, None].astype(float) - centres[None]) ** 2).sum(-1).min(1).sum()

    centres = backend.kmeans(x, 10, 50, 3)
    assert centres.shape == (10, x.shape[1])
    assert inertia(centres) < 1.08 * KMeans(10, n_init=3, random_state=0).fit(x).inertia_
    np.testing.assert_array_equal(centres, backend.kmeans(x, 10, 50, 3))


def test_gmm_is_as_likely_as_scikit_learn(backend, x):
    from sklearn.mixture import GaussianMixture

    mixture = backend.gmm(x, 6, 60, 3)
    assert mixture["priors"].sum() == pytest.approx(1, abs=1e-4)
    model = GaussianMixture(6, covariance_type="diag", reg_covar=float(x.var(0).max() * 1e-4), random_state=0).fit(x)
    reference = model.score(x)
    model.weights_, model.means_, model.covariances_ = (mixture[key].astype(float) for key in ("priors", "means", "covariances"))
    model.weights_ /= model.weights_.sum()
    model.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)
    assert model.score(x) > reference - 0.05 * abs(reference)
    again = backend.gmm(x, 6, 60, 3)
    assert all(np.array_equal(mixture[key], again[key]) for key in mixture)


@pytest.mark.parametrize("kind", ["equal", "two points", "one dimension"])
def test_hard_data_gives_finite_words(backend, kind, rng):
    x = {
        "equal": np.ones((100, 4)),
        "two points": np.repeat([[0.0, 1.0], [5.0, 2.0]], 50, 0),
        "one dimension": np.c_[rng.normal(size=200), np.zeros(200)],
    }[kind].astype(np.float32)
    mixture = backend.gmm(x, 4, 20, 0)
    assert np.isfinite(backend.fisher_vector(x[:9], mixture)).all()
    assert np.isfinite(backend.kmeans(x, 4, 20, 0)).all()


def test_fewer_descriptors_than_words_is_an_error(backend):
    with pytest.raises(OrderlessError, match="3 descriptors cannot make 4 words"):
        backend.kmeans(np.zeros((3, 2), np.float32), 4, 5, 0)


def test_a_backend_that_is_not_installed_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "orderless.backends.vlfeat", None)
    with pytest.raises(OrderlessError, match=r"encoding\.backend: torch"):
        backends.get("vlfeat")
