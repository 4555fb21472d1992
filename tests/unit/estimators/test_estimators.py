"""The scikit-learn estimators: scikit-learn's own checks, the encoders' peers, and explicit loops."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import orderless
from orderless import backends, encoders
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError
from orderless.estimators import (
    POOLINGS,
    VLAD,
    BagOfWords,
    CrossLayerPooling,
    FisherVector,
    MultiscalePyramid,
    OrderlessPooling,
    SparseFisherVector,
)
from orderless.representations import encoding as representations
from orderless.representations.bags import Bag
from orderless.representations.encoding import encode_bag, encode_shard
from tests.conftest import NEEDS_VLFEAT

NAMED = [FisherVector, VLAD, SparseFisherVector, BagOfWords, CrossLayerPooling, MultiscalePyramid]


def checked(backend):
    """An estimator of every kind, small enough for the twenty rows of scikit-learn's checks."""
    fisher = {"words": 3, "iterations": 5, "backend": backend}
    return [
        FisherVector(**fisher),
        FisherVector(projection=2, **fisher),
        *(MultiscalePyramid(pooling=pooling, **fisher) for pooling in POOLINGS),
        VLAD(words=3, nearest=2, sigma=1.0, backend=backend),
        OrderlessPooling(encoder="max", backend=backend),
    ]


ALIKE = [SparseFisherVector(words=3, iterations=3), BagOfWords(words=3), CrossLayerPooling(channels=1)]
# Check -> reason, of those that an estimator is expected to fail. Rows of a 2-D array being images of one descriptor, none is.
EXCEPTIONS: dict[str, str] = {}


@parametrize_with_checks(
    [*checked("torch"), *(checked("vlfeat") if backends.has_vlfeat() else []), *ALIKE],
    expected_failed_checks=lambda estimator: EXCEPTIONS,
    xfail_strict=True,
)
def test_scikit_learn_finds_nothing_amiss(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def bags():
    """Thirty bags of different sizes of real digits' rows: (n_i, 8) each, and each digit's class."""
    digits = load_digits()
    rows = digits.images[:30].astype(np.float32)
    return [image[image.sum(1) > 12 + number % 3 * 8] for number, image in enumerate(rows)], digits.target[:30]


def close(found, expected, tolerance=1e-4):
    assert found.shape == expected.shape
    assert np.linalg.norm(found - expected) < tolerance * np.linalg.norm(expected)


def improved(x):
    """Signed square roots at unit length, a row at a time."""
    x = np.sign(x) * np.abs(x) ** 0.5
    return np.stack([row / (np.sqrt((row**2).sum()) or 1) for row in x])


@NEEDS_VLFEAT
@pytest.mark.parametrize("backend", ["torch", "vlfeat"])
def test_fisher_vectors_are_vlfeats(bags, backend):
    from cyvlfeat.fisher import fisher

    model = FisherVector(words=6, iterations=20, backend=backend).fit(bags[0][:20])
    book = [model.codebook_[key] for key in ("means", "covariances", "priors")]
    expected = np.stack([fisher(np.ascontiguousarray(bag), *book) for bag in bags[0]])
    close(model.set_params(normalisation=()).transform(bags[0]), expected)
    close(model.set_params(normalisation=("signed_sqrt", "l2")).transform(bags[0]), improved(expected), 1e-3)


def test_fisher_vectors_are_scikit_images(bags):
    """Theirs begins with the weights' part, which ours leaves out, and has the opposite sign in the deviations'."""
    from skimage.feature import fisher_vector
    from sklearn.mixture import GaussianMixture

    ours = FisherVector(words=4, iterations=20, normalisation=()).fit(bags[0])
    mixture = GaussianMixture(4, covariance_type="diag")
    mixture.weights_, mixture.means_, mixture.covariances_ = (
        ours.codebook_[k].astype(float) for k in ("priors", "means", "covariances")
    )
    mixture.precisions_cholesky_ = 1 / np.sqrt(mixture.covariances_)
    for bag, vector in zip(bags[0], ours.transform(bags[0]), strict=True):
        means, deviations = fisher_vector(bag.astype(float), mixture, improved=False)[4:].reshape(2, -1)
        close(vector, np.concatenate([means, -deviations]), 1e-3)


@NEEDS_VLFEAT
@pytest.mark.parametrize("backend", ["torch", "vlfeat"])
def test_vlad_is_vlfeats_on_scikit_learns_words(bags, backend):
    from cyvlfeat.vlad import vlad

    model = VLAD(words=5, nearest=1, backend=backend, iterations=100, normalisation=()).fit(bags[0])
    peer = KMeans(5, init=model.codebook_["centres"], n_init=1).fit(np.concatenate(bags[0]))
    close(model.codebook_["centres"], peer.cluster_centers_.astype(np.float32), 1e-3)
    expected = []
    for bag in bags[0]:
        words = np.eye(5, dtype=np.float32)[((bag[:, None] - model.codebook_["centres"]) ** 2).sum(2).argmin(1)]
        expected.append(vlad(np.ascontiguousarray(bag), model.codebook_["centres"], words, unnormalized=True))
    close(model.transform(bags[0]), np.stack(expected))


def test_sparse_fisher_vectors_are_of_scikit_learns_lasso(bags):
    model = SparseFisherVector(words=10, iterations=5, normalisation=()).fit(bags[0])
    atoms, penalty = (model.codebook_[key].astype(float) for key in ("atoms", "penalty"))
    lasso = Lasso(alpha=penalty[0] / 2 / atoms.shape[1], fit_intercept=False, tol=1e-10, max_iter=100_000)
    expected = np.zeros((len(bags[0]), *atoms.shape))
    for place, bag in enumerate(bags[0]):
        for row in bag.astype(float):
            code = lasso.fit(atoms.T, row).coef_
            expected[place] += np.outer(code, row - code @ atoms)
    close(model.transform(bags[0]), expected.reshape(len(bags[0]), -1), 2e-3)


def test_cross_layer_pooling_is_a_sum_over_units(bags, rng):
    pairs = [(bag, rng.uniform(size=(len(bag), 3)).astype(np.float32)) for bag in bags[0]]
    expected = np.zeros((len(pairs), 3, 8))
    for place, (x, guide) in enumerate(pairs):
        for unit in range(len(x)):
            for k in range(3):
                expected[place, k] += guide[unit, k] * x[unit]
    expected = expected.reshape(len(pairs), -1)
    close(CrossLayerPooling(normalisation=()).fit_transform(pairs), expected)
    close(CrossLayerPooling(normalisation=(), channels=3).fit_transform([np.hstack(pair) for pair in pairs]), expected)
    signs = CrossLayerPooling(normalisation=("sign", "l2")).fit_transform(pairs)
    close(signs, np.sign(expected) / np.sqrt((expected != 0).sum(1, keepdims=True)))


def test_bags_of_words_are_counted_and_weighed(bags):
    model = BagOfWords(words=12, nearest=1, normalisation=("idf", "l2")).fit(bags[0][:20])
    nearest = [((bag[:, None] - model.codebook_["centres"]) ** 2).sum(2).argmin(1) for bag in bags[0]]
    counts = np.stack([np.bincount(words, minlength=12) for words in nearest])
    idf = np.log(20 / np.maximum((counts[:20] > 0).sum(0), 1))
    expected = counts * idf
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-12)
    close(model.transform(bags[0]), expected)
    found = model.set_params(sparse_output=True).transform(bags[0])
    assert sparse.issparse(found)
    close(found.toarray(), expected)


@NEEDS_VLFEAT
@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_pyramid_is_paper_bs_sum_over_scales(bags, pooling):
    """MPP: Eq. 1; NFK: Eq. 2, all activations in one bag; CSF: one scale after another. Each of the Fisher vectors of cyvlfeat."""
    from cyvlfeat.fisher import fisher

    pyramids = [[bags[0][i], bags[0][i + 1], bags[0][i + 2]] for i in range(20)]
    model = MultiscalePyramid(words=4, iterations=10, pooling=pooling).fit(pyramids)
    book = [model.codebook_[key] for key in ("means", "covariances", "priors")]
    expected = []
    for scales in pyramids:
        vectors = [fisher(np.ascontiguousarray(scale), *book) for scale in scales]
        lengths = [np.linalg.norm(vector) for vector in vectors]
        if pooling == "mpp":
            expected.append(sum(vector / length for vector, length in zip(vectors, lengths, strict=True)) / 3)
        elif pooling == "csf":
            expected.append(np.concatenate([vector / length for vector, length in zip(vectors, lengths, strict=True)]))
        else:
            expected.append(fisher(np.concatenate(scales), *book))
    close(model.transform(pyramids), improved(np.stack(expected)), 1e-3)
    assert load_catalog({})["representations"][pooling]["pooling"] == POOLINGS[pooling]


def test_a_projection_is_scikit_learns_pca(bags):
    from sklearn.decomposition import PCA

    model = OrderlessPooling(encoder="mean", projection=3, normalisation=()).fit(bags[0])
    peer = PCA(3).fit(np.concatenate(bags[0]))
    expected = np.stack([peer.transform(bag).mean(0) for bag in bags[0]])
    found = model.transform(bags[0])
    close(found * np.sign((found * expected).sum(0)), expected, 1e-3)


def test_learned_and_encoded_as_the_workflow_does(bags, monkeypatch):
    """Same seed, same sample: the codebook of rule train_codebooks, and the rows of rule encode_representations, to the byte."""
    monkeypatch.setattr(representations, "bags", lambda shard, name: shard)
    model = FisherVector(words=4, iterations=10, random_state=11).fit(bags[0])
    entry, backend = {"kind": "fisher", "words": 4, "iterations": 10}, backends.get("torch")
    codebook = encoders.make(entry).fit(np.concatenate(bags[0]), backend, 11)
    for key, array in codebook.items():
        np.testing.assert_array_equal(model.codebook_[key], array)
    images = [Bag(x, None, np.zeros((len(x), 4)), np.zeros(len(x), int), np.array([len(x)], float)) for x in bags[0]]
    row = {"set": "s", "codebook": "c", "pooling": ["mean"], "normalisation": ["signed_sqrt", "l2"]}
    plan = {"codebooks": {"c": {"set": "s", "encoder": entry}}, "representations": {"r": row}}
    names = [str(number) for number in range(len(images))]
    tensors, _, _ = encode_shard(images, names, plan, {"c": codebook}, backend)
    np.testing.assert_array_equal(model.transform(bags[0]), tensors["r"])


def test_parameters_and_defaults_are_the_encoders():
    for named in NAMED:
        kind, own = encoders.find(named._kind), named().get_params()
        for field in dataclasses.fields(kind):
            if named is not BagOfWords or field.name in own:
                assert own[field.name] == field.default, (named, field.name)


def test_in_a_pipeline_and_a_grid(bags):
    images, labels = bags[0], bags[1] % 2
    grid = GridSearchCV(
        make_pipeline(FisherVector(words=2, iterations=5), LogisticRegression(max_iter=1000)),
        {"fishervector__words": np.arange(2, 4), "fishervector__projection": [None, 4]},
        cv=3,
        error_score="raise",
        n_jobs=2,
    ).fit(images, labels)
    assert grid.best_estimator_.predict(images).shape == (30,)
    assert grid.score(images, labels) > 0.7
    for step, data in (
        (MultiscalePyramid(words=2), [[bag, bag[:3]] for bag in images]),
        (CrossLayerPooling(projection=2), [(bag, bag[:, :2]) for bag in images]),
        (BagOfWords(words=5, sparse_output=True), images),
        (OrderlessPooling(encoder={"kind": "guided", "channels": 4, "epochs": 2}), images),
    ):
        classifier = make_pipeline(step, LogisticRegression(max_iter=1000))
        assert set(classifier.fit(data, labels).predict(data)) <= {0, 1}


def test_names_of_columns_and_data_frames(bags):
    model = FisherVector(words=2, iterations=3).set_output(transform="pandas")
    table = model.fit_transform(bags[0])
    assert list(table.columns) == list(model.get_feature_names_out()) == [f"fishervector{i}" for i in range(32)]
    assert set(table.dtypes.astype(str)) == {"float32"}


def test_shapes_of_input(bags):
    model = FisherVector(words=3, iterations=5).fit(bags[0])
    cube = np.stack([bag[:3] for bag in bags[0]])
    np.testing.assert_array_equal(model.transform(cube), model.transform(list(cube)))
    held = np.empty(2, object)
    held[:] = bags[0][:2]
    np.testing.assert_array_equal(model.transform(held), model.transform(bags[0][:2]))
    np.testing.assert_array_equal(model.transform(bags[0][0]), model.transform([row[None] for row in bags[0][0]]))
    for one in (model, BagOfWords(words=3).fit(bags[0]), OrderlessPooling(encoder="max").fit(bags[0])):
        found = one.transform([np.zeros((0, 8)), bags[0][0]])
        assert not found[0].any()
        assert found[1].any()
        assert not one.transform([np.zeros((0, 8))]).any()


def test_random_state(bags):
    def centres(state):
        return FisherVector(words=3, iterations=1, descriptors=40, random_state=state).fit(bags[0]).codebook_["means"]

    np.testing.assert_array_equal(centres(5), centres(5))
    np.testing.assert_array_equal(centres(np.random.RandomState(5)), centres(np.random.RandomState(5)))
    assert (centres(5) != centres(6)).any()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (FisherVector(words=0), "FisherVector: 'words' is 0; a number above 0"),
        (VLAD(words=2.5), "VLAD: 'words' is 2.5; a whole number"),
        (FisherVector(words=10_000), "at least 10000 are needed"),
        (FisherVector(words=2, backend="vlfet"), "backend 'vlfet' does not exist. Did you mean 'vlfeat'"),
        (FisherVector(normalisation=("sqrt",)), "'sqrt' does not exist. Valid: l2, sign, signed_sqrt"),
        (FisherVector(normalisation=("idf",)), "'idf' does not exist"),
        (FisherVector(words=2, projection={"pcs": 3}), "unknown key 'pcs'.* Did you mean 'pca'"),
        (FisherVector(words=2, projection=0), "projection.pca"),
        (MultiscalePyramid(words=2, pooling="mmp"), "'mmp' does not exist. Did you mean 'mpp'"),
        (OrderlessPooling(encoder="fischer"), "'fischer' does not exist. Did you mean 'fisher'"),
        (OrderlessPooling(encoder="crosslayer"), "Take BagOfWords or CrossLayerPooling"),
        (OrderlessPooling(encoder="guided"), "requires y"),
        (CrossLayerPooling(), r"X\[0\]: is not a pair"),
        (CrossLayerPooling(channels=8), "none is left"),
    ],
)
def test_bad_parameters_are_named(bags, model, message):
    with pytest.raises((OrderlessError, ValueError), match=message):
        clone(model).fit(bags[0])


def test_bad_descriptors_are_named(bags):
    model = FisherVector(words=2, iterations=3).fit(bags[0])
    for item, message in ((np.ones((3, 5)), r"X\[1\] has 5 features"), (np.full((2, 8), np.nan), r"X\[1\] contains NaN")):
        with pytest.raises(ValueError, match=message):
            model.transform([bags[0][0], item])
    with pytest.raises(OrderlessError, match=r"X\[0\]: 3 descriptors and a guide of 2 rows"):
        CrossLayerPooling().fit([(np.ones((3, 4)), np.ones((2, 4)))])
    with pytest.raises(OrderlessError, match=r"X\[1\]: 1 scales, others have 2"):
        MultiscalePyramid(words=2, pooling="csf").fit([[bags[0][0], bags[0][1]], [bags[0][2]]])


GEM = '''
"""Generalised mean (Radenovic et al. 2018)."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Encoder:
    power: float = 3.0

    mean_type = False
    learned = False

    def fit(self, x, backend, seed):
        return {}

    def encode(self, x, guide, codebook, backend):
        return (np.abs(x) ** self.power).mean(0) ** (1 / self.power)
'''


def test_a_new_encoder_is_one_file(bags, tmp_path, monkeypatch):
    """The catalog, the plan, the workflow's encoding and the estimators take it from its file alone."""
    from orderless.catalog.plans import make_plan

    monkeypatch.setattr(encoders, "__path__", [*encoders.__path__, str(tmp_path)])
    (tmp_path / "gem.py").write_text(GEM)
    (tmp_path / "empty.py").write_text("")
    row = {"title": "G", "views": "whole", "layer": "conv5", "encoder": "gem", "pooling": ["mean"], "normalisation": ["l2"]}
    over = {"encoders": {"gem": {"kind": "gem", "power": 2}}, "representations": {"gem-conv5": row}}
    config = {"representations": ["gem-conv5"], "searched": [], "analyses": []}
    plan = make_plan(config, load_catalog(over), "tinyalex")
    (book,) = plan["codebooks"].values()
    expected = np.stack([np.sqrt((bag.astype(float) ** 2).mean(0)) for bag in bags[0]])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    bag = Bag(bags[0][0], None, np.zeros((len(bags[0][0]), 4)), np.zeros(len(bags[0][0]), int), np.ones(1))
    close(encode_bag(bag, plan["representations"], encoders.make(book["encoder"]), {}, None)["gem-conv5"], expected[0])
    close(OrderlessPooling(encoder={"kind": "gem", "power": 2}, normalisation=("l2",)).fit_transform(bags[0]), expected)
    with pytest.raises(OrderlessError, match=r"empty.py: has no Encoder with 'learned'"):
        encoders.make({"kind": "empty"})


def test_the_package_is_light_until_it_is_used():
    import subprocess
    import sys

    heavy = ["torch", "sklearn", "pandas", "PIL", "numpy"]
    code = f"import sys, orderless; assert 'describe' in dir(orderless); print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    assert {named.__name__ for named in NAMED} < set(orderless.__all__)
    assert all(getattr(orderless, name).__name__ == name for name in orderless.__all__)
    assert orderless.FisherVector is FisherVector
    with pytest.raises(AttributeError, match="no attribute 'FischerVector'"):
        orderless.FischerVector  # noqa: B018


def test_an_encoder_may_be_named_alone():
    assert orderless.OrderlessPooling("max").get_params()["encoder"] == "max"
    assert clone(orderless.OrderlessPooling("fisher", "torch", projection=4)).get_params()["projection"] == 4
