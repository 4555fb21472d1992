"""Dense search: whitening, expansion and augmentation beside scikit-learn and explicit loops; references of adaptive fusion."""

import numpy as np
import pandas as pd
import pytest

from orderless.errors import OrderlessError
from orderless.files.storage import TensorsInMemory
from orderless.representations.normalisation import l2
from orderless.representations.vectors import Representations
from orderless.retrieval.ranking import protocol
from orderless.retrieval.search import Search, augment, dense_similarities, expand, principal


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


def search_in_groups(groups: list[str], learn: list[int], rng) -> Search:
    """A search of images by vectors that are nearly equal within a group; they fuse two representations of this kind."""
    axis = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    matrices = {}
    for name in ("a", "b"):
        x = 0.1 * rng.random((len(groups), len(axis)))
        x[np.arange(len(groups)), [axis[group] for group in groups]] += 1
        matrices[name] = l2(x.astype(np.float32))
    rows = {"a": {"normalisation": ["l2"]}, "b": {"normalisation": ["l2"]}, "both": {"fuse": ["a", "b"], "rule": "adaptive"}}
    finished = Representations(
        [TensorsInMemory(matrices, {"dimensions": dict.fromkeys(matrices, len(axis))})], {"representations": rows}
    )
    index = pd.DataFrame({"image": [str(row) for row in range(len(groups))], "group": groups, "ignored": "", "search": "both"})
    return Search(finished, protocol(index), np.array(learn), {})


def test_reference_searches_have_no_match(rng):
    """Every image of the database is one to learn on, as on UKBench: the curves hold none of the three matches of a query."""
    groups = [str(row // 4) for row in range(20)]
    search = search_in_groups(groups, list(range(20)), rng)
    similarities = search.similarities("a")
    references = search.irrelevant("a")
    assert len(references) == 20
    for row, reference in enumerate(references):
        expected = [similarities[row, other] for other in range(20) if groups[other] != groups[row]]
        np.testing.assert_allclose(np.sort(reference), np.sort(expected), atol=1e-6)
    assert search.similarities("both").shape == (20, 20)


def test_without_strangers_there_is_no_reference(rng):
    search = search_in_groups(["one"] * 6, [0, 1, 2], rng)
    with pytest.raises(OrderlessError, match=r"rule 'adaptive': every image to learn on matches the whole database"):
        search.similarities("both")
