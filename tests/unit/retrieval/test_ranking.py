"""Retrieval protocols against rankings worked out by hand and against the definitions written out anew."""

import numpy as np
import pandas as pd
import pytest

from orderless.errors import OrderlessError
from orderless.retrieval.ranking import (
    FIGURES,
    ITSELF,
    JUNK,
    MATCH,
    OTHER,
    average_precision,
    average_precision_trapezoid,
    protocol,
    query_groups,
    ranked,
    values,
)

BY_HAND = np.array([OTHER, MATCH, OTHER, MATCH])


def holidays(relevance: np.ndarray) -> float:
    """eval_holidays' definition, position by position."""
    total, seen, matches = 0.0, 0, int((relevance == MATCH).sum())
    for rank, item in enumerate(relevance):
        if item == MATCH:
            left = 1.0 if rank == 0 else seen / rank
            seen += 1
            total += (left + seen / (rank + 1)) / (2 * matches)
    return total


def test_average_precision_by_hand():
    assert average_precision(BY_HAND) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert average_precision_trapezoid(BY_HAND) == pytest.approx(((0 + 1 / 2) / 2 + (1 / 3 + 2 / 4) / 2) / 2)
    assert FIGURES["p1"](BY_HAND) == 0
    assert FIGURES["ns"](BY_HAND) == 0.5


def test_average_precision_is_scikit_learns(rng):
    from sklearn.metrics import average_precision_score

    scores, relevance = rng.normal(size=60), np.where(rng.random(60) < 0.2, MATCH, OTHER)
    found = average_precision(ranked(scores, relevance))
    assert found == pytest.approx(average_precision_score(relevance == MATCH, scores))


def test_holidays_of_random_rankings(rng):
    for _ in range(50):
        relevance = np.where(rng.random(40) < 0.1, MATCH, OTHER)
        relevance[rng.integers(40)] = MATCH
        assert average_precision_trapezoid(relevance) == pytest.approx(holidays(relevance))


def test_perfect_rankings():
    relevance = np.array([ITSELF, MATCH, MATCH, MATCH, OTHER, OTHER])
    for metric in ("map", "map_trapezoid", "ns", "p1"):
        assert FIGURES[metric](relevance) == 1, metric


def test_the_query_is_taken_out_but_for_n_s():
    """The query found second: UKBench counts it, the others do not see it."""
    relevance = np.array([MATCH, ITSELF, OTHER, OTHER, MATCH])
    assert FIGURES["map"](relevance) == pytest.approx((1 + 2 / 4) / 2)
    assert FIGURES["ns"](relevance) == 0.5


def test_junk_does_not_count():
    relevance = np.array([JUNK, MATCH, JUNK, OTHER, MATCH])
    assert average_precision(relevance) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision_trapezoid(relevance) == pytest.approx(holidays(np.array([MATCH, OTHER, MATCH])))


def test_ties_rank_in_the_order_of_the_index():
    relevance = np.array([OTHER, MATCH, MATCH])
    np.testing.assert_array_equal(ranked(np.array([0.5, 0.5, 0.9]), relevance), [MATCH, OTHER, MATCH])
    np.testing.assert_allclose(values(np.zeros((1, 3)), relevance[None], "p1"), [0])


def table(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    """An index of (group, search, ignored)."""
    return pd.DataFrame(rows, columns=["group", "search", "ignored"]).assign(image=[f"i{n}" for n in range(len(rows))])


def test_a_protocol_from_an_index():
    rows = [("a", "both", ""), ("a", "database", ""), ("", "database", "a"), ("b;a", "database", ""), ("c", "", "")]
    found = protocol(table(rows))
    assert found.queries.tolist() == [0]
    assert found.images.tolist() == [0, 1, 2, 3]
    assert found.relevance.tolist() == [[ITSELF, MATCH, JUNK, MATCH]]


def test_a_group_of_one_image_is_refused():
    with pytest.raises(OrderlessError, match=r"i1.*'b' has no other image"):
        protocol(table([("a", "both", ""), ("b", "both", ""), ("a", "both", "")]))
    with pytest.raises(OrderlessError, match="no query"):
        protocol(table([("a", "database", "")]))


def test_queries_that_share_a_match_are_of_one_group():
    """UKBench: all four of a group ask. Oxford: five queries of a landmark, not in the database. Holidays: one query a group."""
    ukbench = protocol(table([(str(n // 4), "both", "") for n in range(12)]))
    assert query_groups(ukbench.relevance).tolist() == [0] * 4 + [1] * 4 + [2] * 4
    pairs = protocol(table([(str(n // 2), "both", "") for n in range(4)]))  # each matches the other alone
    assert query_groups(pairs.relevance).tolist() == [0, 0, 1, 1]
    oxford = np.array([[1, 1, 0, -1], [0, 1, 0, 0], [0, 0, 1, -1]], np.int8)
    assert query_groups(oxford).tolist() == [0, 0, 1]
    holidays = protocol(table([(str(n // 3), "query" if n % 3 == 0 else "database", "") for n in range(9)]))
    assert query_groups(holidays.relevance).tolist() == [0, 1, 2]
