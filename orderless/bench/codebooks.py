"""Topic: EM and k-means from the same start on real descriptors, beside VLFeat, scikit-learn and faiss."""

import warnings

import numpy as np
import torch

from orderless.backends.mixtures import Gmm, start_from_centres, variance_floor
from orderless.backends.torch.centres import kmeans, lloyd, plus_plus
from orderless.backends.torch.gaussians import em
from orderless.backends.torch.products import affine
from orderless.bench.descriptors import sift
from orderless.bench.measure import comparison, paired

WORDS, EM_ROWS, EM_STEPS, LLOYD_ROWS, LLOYD_STEPS = 256, 80_000, 10, 100_000, 20


def mean_log_likelihood(x: np.ndarray, mixture: Gmm) -> float:
    """The mean log-likelihood of descriptors (n, d) under a mixture, computed by scikit-learn."""
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(len(mixture["priors"]), covariance_type="diag")
    model.means_, model.covariances_ = mixture["means"].astype(float), mixture["covariances"].astype(float)
    model.weights_ = mixture["priors"].astype(float) / mixture["priors"].sum(dtype=float)
    model.precisions_cholesky_ = 1 / np.sqrt(model.covariances_)
    return float(model.score(x))


def product(x: torch.Tensor, weights: torch.Tensor) -> float:
    """The seconds of x @ weights.T, by the faster one of torch's two implementations."""
    zero = torch.zeros(len(weights))
    return min(paired({"mkl": lambda: x @ weights.T, "onednn": lambda: affine(zero, x, weights)}, repeats=5).values())


def measure() -> list[dict]:
    """256 words: 10 steps of EM on 80,000 x 128 descriptors, 20 steps of Lloyd's algorithm on 100,000 x 128."""
    return [*expectation_maximisation(sift(EM_ROWS)), *k_means(sift(LLOYD_ROWS))]


def expectation_maximisation(x: np.ndarray) -> list[dict]:
    """EM of both backends and of scikit-learn."""
    from sklearn.mixture import GaussianMixture

    from orderless.backends import vlfeat

    floor = variance_floor(x)
    start = start_from_centres(x, kmeans(x[:30_000], WORDS, 10, 0), floor)

    def sklearn_em() -> Gmm:
        priors = start["priors"].astype(float)
        initial = {"weights_init": priors / priors.sum(), "means_init": start["means"], "precisions_init": 1 / start["covariances"]}
        common = {"covariance_type": "diag", "tol": 0, "max_iter": EM_STEPS, "reg_covar": float(floor[0])}
        model = GaussianMixture(WORDS, **common, **initial)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x)
        return {"means": model.means_, "covariances": model.covariances_, "priors": model.weights_}

    calls = {
        "ours": lambda: em(x, start, EM_STEPS, floor),
        "cyvlfeat gmm": lambda: vlfeat.em(x, start, EM_STEPS, floor),
        "scikit-learn": sklearn_em,
    }
    times = paired(calls, repeats=3)
    limit = 2 * EM_STEPS * product(torch.ones(EM_ROWS, 2 * x.shape[1]), torch.ones(WORDS, 2 * x.shape[1]))
    likelihood = {name: mean_log_likelihood(x, call()) for name, call in calls.items()}
    figure = f"GMM, {EM_ROWS:,} x {x.shape[1]}, {WORDS} Gaussians, {EM_STEPS} EM steps"
    return [
        comparison(figure, peer, times["ours"], times[peer], limit, wanted=wanted,
            log_likelihood=likelihood["ours"], peer_log_likelihood=likelihood[peer])
        for peer, wanted in (("cyvlfeat gmm", 4), ("scikit-learn", 2))
    ]  # fmt: skip


def k_means(x: np.ndarray) -> list[dict]:
    """k-means of both backends, scikit-learn and faiss."""
    import faiss
    from sklearn.cluster import KMeans

    start = np.ascontiguousarray(plus_plus(torch.from_numpy(x), WORDS, 0).numpy())

    def of_faiss() -> np.ndarray:
        model = faiss.Kmeans(x.shape[1], WORDS, niter=LLOYD_STEPS, max_points_per_centroid=len(x))
        model.train(x, init_centroids=start)
        return np.array(model.centroids)

    def of_sklearn() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = KMeans(WORDS, init=start, n_init=1, max_iter=LLOYD_STEPS, tol=0, algorithm="lloyd").fit(x)
        return model.cluster_centers_

    def of_vlfeat() -> np.ndarray:
        from cyvlfeat.kmeans import kmeans as vl_kmeans

        return vl_kmeans(x, WORDS, algorithm="LLOYD", max_num_iterations=LLOYD_STEPS)

    data, first = torch.from_numpy(x), torch.from_numpy(start)
    calls = {
        "ours": lambda: lloyd(data, first, LLOYD_STEPS).numpy(),
        "faiss": of_faiss, "scikit-learn": of_sklearn, "cyvlfeat kmeans, random start": of_vlfeat,
    }  # fmt: skip
    times = paired(calls, repeats=3)
    limit = LLOYD_STEPS * product(data, first)
    centres_of = {name: np.ascontiguousarray(call(), np.float32) for name, call in calls.items()}
    inertia = {name: float(faiss.knn(x, centres, 1)[0].sum(dtype=float)) for name, centres in centres_of.items()}
    figure = f"k-means, {len(x):,} x {x.shape[1]}, {WORDS} centres, {LLOYD_STEPS} steps"
    peers = [name for name in calls if name != "ours"]
    ours = {"inertia": inertia["ours"], "wanted": 1}
    return [comparison(figure, peer, times["ours"], times[peer], limit, peer_inertia=inertia[peer], **ours) for peer in peers]
