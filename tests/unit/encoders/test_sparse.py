"""Sparse coding, dictionary learning and SCFV vectors, against scikit-learn and explicit loops."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.decomposition import DictionaryLearning, MiniBatchDictionaryLearning
from sklearn.linear_model import Lasso

from orderless import encoders
from orderless.encoders import sparse
from orderless.encoders.sparse import Encoder, learn_dictionary, sparse_codes, unit
from orderless.errors import OrderlessError


def objectives(x, atoms, codes, penalty):
    """(n,): ||x_i - B u_i||^2 + penalty |u_i|_1, written out."""
    return np.array(
        [((row - atoms.T.astype(float) @ u) ** 2).sum() + penalty * np.abs(u).sum() for row, u in zip(x, codes, strict=True)]
    )


def lasso(x, atoms, penalty):
    """The codes by scikit-learn, whose objective is ||y - Xw||^2 / (2 d) + alpha |w|_1."""
    model = Lasso(alpha=penalty / (2 * x.shape[1]), fit_intercept=False, tol=1e-10, max_iter=100_000)
    return np.array([model.fit(atoms.T.astype(float), row.astype(float)).coef_ for row in x])


def converged(x, atoms, penalty):
    return sparse_codes(x, atoms, penalty, 20_000)


def loss(x, atoms, penalty):
    return objectives(x, atoms, sparse_codes(x, atoms, penalty, 1000), penalty).mean()


def length(x):
    return float(np.linalg.norm(x, axis=1).mean())


@pytest.fixture(params=["random", "random, correlated", "digits, their rows", "digits, learned"])
def problem(request, rng, real_descriptors):
    """Descriptors (25, d) and atoms of unit length (K, d); the correlated ones have cosines of 0.8 to one another."""
    if request.param.startswith("digits"):
        x, training = real_descriptors[:25], real_descriptors[100:600]
        learned = learn_dictionary(training, 40, 0.2 * length(training), 3, 0) if "learned" in request.param else None
        return x, unit(training[:100].astype(float)).astype(np.float32) if learned is None else learned
    shift = 2 if "correlated" in request.param else 0
    x = (rng.normal(size=(25, 48)) + shift).astype(np.float32)
    return x, unit(rng.normal(size=(70, 48)) + shift).astype(np.float32)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_codes_reach_the_objective_of_scikit_learns_lasso(problem, share):
    x, atoms = problem
    penalty = share * length(x)
    ours, reference = (objectives(x, atoms, code(x, atoms, penalty), penalty) for code in (converged, lasso))
    np.testing.assert_allclose(ours, reference, rtol=1e-5)


def test_default_sweeps_are_enough_for_the_objective(problem):
    x, atoms = problem
    penalty = Encoder.penalty * length(x)
    codes = sparse_codes(x, atoms, penalty, Encoder.sweeps)
    np.testing.assert_allclose(objectives(x, atoms, codes, penalty), objectives(x, atoms, lasso(x, atoms, penalty), penalty), 1e-4)
    assert 1 < (codes != 0).sum(1).mean() < len(atoms) / 2


def test_codes_fulfil_the_optimality_conditions(problem):
    """2 b'(x - Bu) is penalty * sign(u) where u is not zero, and within the penalty where it is."""
    x, atoms = problem
    penalty = 0.2 * length(x)
    codes = converged(x, atoms, penalty)
    slopes = 2 * (x - codes @ atoms) @ atoms.T / penalty
    assert np.abs(slopes).max() < 1 + 1e-4
    np.testing.assert_allclose(slopes[codes != 0], np.sign(codes[codes != 0]), atol=1e-4)
    assert 0 < (codes == 0).mean() < 1


def test_orthonormal_atoms_give_the_soft_threshold(rng):
    atoms = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    x = rng.normal(size=(9, 12))
    products = x @ atoms.T
    expected = np.sign(products) * np.clip(np.abs(products) - 0.35, 0, None)
    np.testing.assert_allclose(sparse_codes(x, atoms, 0.7, 5), expected, atol=1e-12)


def test_equal_atoms_share_the_code_of_one_and_zero_atoms_have_none(rng):
    x, atoms = rng.normal(size=(20, 16)), unit(rng.normal(size=(10, 16)))
    more = np.concatenate([atoms, np.zeros((2, 16)), atoms[:4]])
    plain, codes = converged(x, atoms, 0.5), converged(x, more, 0.5)
    assert not codes[:, 10:12].any()
    codes[:, :4] += codes[:, 12:]
    np.testing.assert_allclose(codes[:, :10], plain, atol=1e-4)
    np.testing.assert_allclose(objectives(x, atoms, codes[:, :10], 0.5), objectives(x, atoms, plain, 0.5), rtol=1e-8)


def test_a_code_does_not_depend_on_the_rows_it_is_coded_with(problem, monkeypatch):
    """Loosely converged on purpose: rows that stopped together would differ from rows that stop alone."""
    x, atoms = problem
    penalty = 0.2 * length(x)
    together = sparse_codes(x, atoms, penalty, 200, tolerance=0.02)
    alone = [sparse_codes(x[i : i + 1], atoms, penalty, 200, tolerance=0.02) for i in range(len(x))]
    np.testing.assert_allclose(np.concatenate(alone), together, atol=1e-8 * length(x))
    monkeypatch.setattr(sparse, "BLOCK", 7)
    blocks = sparse_codes(x, atoms, penalty, 200, tolerance=0.02)
    np.testing.assert_allclose(blocks, together, atol=1e-8 * length(x))


def test_the_vector_is_the_sum_over_descriptors_of_residual_times_code(problem):
    x, atoms = problem
    codebook = {"atoms": atoms, "penalty": np.array([0.2 * length(x)], np.float32)}
    expected = np.zeros((len(atoms), x.shape[1]))
    for row, code in zip(x, lasso(x, atoms, float(codebook["penalty"][0])), strict=True):
        residual = row.astype(float)
        for k, value in enumerate(code):
            residual = residual - value * atoms[k].astype(float)
        for k, value in enumerate(code):
            expected[k] += value * residual
    found = Encoder().encode(x, None, codebook, None)
    assert found.shape == (atoms.size,)
    assert found.dtype == np.float32
    assert np.linalg.norm(found - expected.ravel()) < 1e-3 * np.linalg.norm(expected)


def test_order_of_descriptors_does_not_matter_and_two_bags_add_up(real_descriptors, rng):
    encoder = Encoder(words=20, iterations=3)
    codebook = encoder.fit(real_descriptors[:500], None, 0)
    x = real_descriptors[500:600]
    whole, shuffled, first, second = (
        encoder.encode(part, None, codebook, None) for part in (x, x[rng.permutation(100)], x[:30], x[30:])
    )
    for other in (shuffled, first + second):
        assert np.linalg.norm(whole - other) < 1e-6 * np.linalg.norm(whole)


@pytest.mark.parametrize("centred", [False, True])
def test_the_dictionary_is_as_good_as_scikit_learns_and_better_than_random_rows(real_descriptors, rng, centred):
    x = real_descriptors[:300] - (real_descriptors[:300].mean(0) if centred else 0)
    penalty = 0.2 * length(x)
    ours = loss(x, learn_dictionary(x, 16, penalty, 20, 0), penalty)
    rows = [loss(x, unit(x[rng.permutation(300)[:16]]), penalty) for _ in range(5)]
    assert ours < 0.9 * min(rows)
    # scikit-learn's objective is half of ours.
    settings = {"n_components": 16, "alpha": penalty / 2, "fit_algorithm": "cd", "random_state": 0}
    peers = [DictionaryLearning(max_iter=30, **settings), MiniBatchDictionaryLearning(max_iter=10, **settings)]
    reference = [loss(x, peer.fit(x.astype(float)).components_, penalty) for peer in peers]
    assert ours < 1.05 * min(reference)


def test_more_steps_of_learning_are_never_worse(real_descriptors):
    x = real_descriptors[:300]
    penalty = 0.2 * length(x)
    found = [loss(x, learn_dictionary(x, 12, penalty, steps, 3), penalty) for steps in range(0, 16, 3)]
    assert all(later <= earlier * (1 + 1e-6) for earlier, later in pairwise(found))
    assert found[-1] < 0.9 * found[0]


def test_atoms_have_length_one_and_are_all_used(real_descriptors):
    x = np.concatenate([np.zeros((50, 64), np.float32), np.repeat(real_descriptors[:1], 100, 0), real_descriptors[:400]])
    penalty = 0.2 * length(x)
    atoms = learn_dictionary(x, 24, penalty, 20, 0)
    assert atoms.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-6)
    assert sparse_codes(x, atoms, penalty, 1000).any(0).all()


def test_each_atom_becomes_the_best_for_what_the_others_leave(rng):
    x, codes, atoms = rng.normal(size=(40, 9)), rng.normal(size=(40, 5)), unit(rng.normal(size=(5, 9)))
    expected = atoms.copy()
    for k in range(5):
        left = x - sum(np.outer(codes[:, j], expected[j]) for j in range(5) if j != k)
        direction = left.T @ codes[:, k]
        expected[k] = direction / np.sqrt((direction**2).sum())
    np.testing.assert_allclose(sparse.update_atoms(x, codes, atoms), expected, atol=1e-12)


def test_an_unused_atom_becomes_the_worst_reconstructed_row():
    x = np.array([[4.0, 0, 0], [3, 0, 0], [0, 2, 0], [0, 0, 1]])
    codes = np.array([[3.9, 0, 0], [2.9, 0, 0], [0, 0, 0], [0, 0, 0]])
    atoms = np.array([[0.6, 0.8, 0], [0, 0.6, 0.8], [0, 0.6, 0.8]])
    np.testing.assert_allclose(sparse.update_atoms(x, codes, atoms), np.eye(3))


def test_same_seed_same_bytes(real_descriptors):
    encoder = Encoder(words=10, iterations=4)
    one, same, other = (encoder.fit(real_descriptors[:400], None, seed) for seed in (5, 5, 6))
    assert all(one[name].tobytes() == same[name].tobytes() for name in ("atoms", "penalty"))
    assert one["atoms"].tobytes() != other["atoms"].tobytes()
    x = real_descriptors[:40]
    assert encoder.encode(x, None, one, None).tobytes() == encoder.encode(x, None, same, None).tobytes()


def test_the_datas_scale_changes_the_vector_alone(real_descriptors):
    """A power of two, by which floating-point numbers scale exactly: the same atoms, the square of it in the vector."""
    encoder, x = Encoder(words=10, iterations=4), real_descriptors[:200]
    small, large = encoder.fit(x, None, 0), encoder.fit(x * 1024, None, 0)
    np.testing.assert_array_equal(small["atoms"], large["atoms"])
    one, other = encoder.encode(x, None, small, None), encoder.encode(x * 1024, None, large, None)
    np.testing.assert_array_equal(one * 1024**2, other)


def test_learning_uses_a_seeded_draw_of_many_rows_and_goes_on_from_its_codes(real_descriptors, monkeypatch):
    rows, starts = [], []

    def spy(x, *settings, start=None):
        rows.append(x)
        starts.append(start)
        return sparse_codes(x, *settings, start=start)

    monkeypatch.setattr(sparse, "LEARNING_ROWS", 50)
    monkeypatch.setattr(sparse, "sparse_codes", spy)
    learn_dictionary(real_descriptors, 8, 10.0, 2, 0)
    learn_dictionary(real_descriptors, 8, 10.0, 1, 1)
    assert [len(x) for x in rows] == [50, 50, 50]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert len(np.unique(rows[0], axis=0)) == 50
    assert not np.array_equal(rows[0], rows[2])
    assert [start is None for start in starts] == [True, False, True]


def test_coding_goes_on_from_given_codes(problem):
    x, atoms = problem
    penalty = 0.2 * length(x)
    done = converged(x, atoms, penalty)
    np.testing.assert_allclose(sparse_codes(x, atoms, penalty, 1, start=done), done, atol=1e-4 * length(x))
    assert np.abs(sparse_codes(x, atoms, penalty, 1) - done).max() > 1e-2 * length(x)


@pytest.mark.parametrize("value", [0.0, 1e-30, 3.0, 1e15])
def test_zero_and_equal_descriptors_give_finite_vectors(value, real_descriptors):
    encoder = Encoder(words=8, iterations=4)
    x = np.full((30, 64), value, np.float32)
    codebook = encoder.fit(x, None, 0)
    for other in (x, real_descriptors[:10], np.zeros((3, 64), np.float32), np.zeros((0, 64), np.float32)):
        vector = encoder.encode(other, None, codebook, None)
        assert vector.shape == (8 * 64,)
        assert np.isfinite(vector).all()
    assert all(np.isfinite(part).all() for part in codebook.values())


def test_too_few_descriptors_are_refused(real_descriptors):
    with pytest.raises(OrderlessError, match=r"9 descriptors cannot make 10 words.*lower the encoder's 'words'"):
        encoders.make({"kind": "sparse", "words": 10}).fit(real_descriptors[:9], None, 0)
    assert Encoder(words=10, iterations=1).fit(real_descriptors[:10], None, 0)["atoms"].shape == (10, 64)


def test_the_catalog_knows_it():
    assert "sparse" in encoders.kinds()
    made = encoders.make({"kind": "sparse", "words": 3, "penalty": 0.1, "iterations": 2, "sweeps": 9})
    assert made == Encoder(3, 0.1, 2, 9)
    assert made.learned
    assert not made.mean_type
