"""Seeds from names."""

from orderless.files.seeds import seed


def test_seeds_follow_their_parts():
    assert seed(0, "a", "b") == seed(0, "a", "b") != seed(0, "b", "a")
