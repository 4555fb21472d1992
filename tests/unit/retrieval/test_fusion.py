"""Fusion of rankings, by hand."""

import numpy as np

from orderless.retrieval.fusion import RULES, area


def test_fusion_rules_by_hand():
    one, two = np.array([[4.0, 2.0, 0.0]]), np.array([[10.0, 0.0, 5.0]])
    own = np.zeros((1, 3), bool)
    np.testing.assert_allclose(RULES["sum"]([one, two], own, []), [[2, 0.5, 0.5]])
    np.testing.assert_allclose(RULES["product"]([one, two], own, []), [[1, 0, 0]])
    np.testing.assert_allclose(RULES["rank"]([one, two], own, []), [[2 / 61, 1 / 62 + 1 / 63, 1 / 63 + 1 / 62]])


def test_adaptive_fusion_trusts_the_list_that_falls_steeply(rng):
    noise = -np.sort(-rng.random((30, 100)), axis=1) * 0.1 + 0.3
    steep, flat = noise[0].copy(), noise[1].copy()
    steep[:3] = 1.0
    assert area(steep, noise[2:]) < area(flat, noise[2:])
    good, bad = np.roll(steep, 50)[None], rng.permutation(flat)[None]
    fused = RULES["adaptive"]([good, bad], np.zeros((1, 100), bool), [noise[2:], noise[2:]])
    assert set(np.argsort(-fused[0])[:3]) == {50, 51, 52}
