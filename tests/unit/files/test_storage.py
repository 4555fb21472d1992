"""Files of tensors: what is saved comes back, what is damaged or of another kind is refused."""

import numpy as np
import pytest

from orderless.errors import OrderlessError
from orderless.files.storage import Tensors, TensorsInMemory, recipe, save


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "a.safetensors"
    save(path, {"x": np.arange(12, dtype=np.float32).reshape(4, 3), "n": np.int64(3)}, "descriptors", recipe="r1")
    return path


def test_what_is_saved_comes_back(stored):
    file = Tensors(stored, "descriptors", recipe="r1")
    assert file.names() == ["n", "x"]
    assert file["n"].shape == ()
    assert list(stored.parent.iterdir()) == [stored]


def test_tensors_are_read_from_memory_as_from_a_file(stored):
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    for source in (Tensors(stored, "descriptors"), TensorsInMemory({"x": x, "n": np.int64(3)}, {"recipe": "r1"})):
        assert source.names() == ["n", "x"]
        assert source.header["recipe"] == "r1"
        assert "x" in source
        assert "y" not in source
        assert source.shape("x") == (4, 3)
        np.testing.assert_array_equal(source["x"], x)
        np.testing.assert_array_equal(source.columns("x", 1, 2), [[1], [4], [7], [10]])
        np.testing.assert_array_equal(source.columns("x", 1, 9), [[1, 2], [4, 5], [7, 8], [10, 11]])


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "html", "missing"])
def test_damage_is_refused_by_name(stored, damage):
    data = bytearray(stored.read_bytes())
    if damage == "flip":
        data[-5] ^= 1
    new = {"flip": bytes(data), "truncate": bytes(data[:-7]), "empty": b"", "html": b"<html>" * 20}
    stored.unlink() if damage == "missing" else stored.write_bytes(new[damage])
    with pytest.raises(OrderlessError, match=r"a\.safetensors"):
        Tensors(stored, "descriptors")


def test_another_kind_or_recipe_is_refused(stored):
    with pytest.raises(OrderlessError, match="expected 'codebook'"):
        Tensors(stored, "codebook")
    with pytest.raises(OrderlessError, match="other settings"):
        Tensors(stored, "descriptors", recipe="r2")


def test_a_failed_write_leaves_nothing(tmp_path):
    (tmp_path / "folder").write_text("a file where a folder should be")
    with pytest.raises((OrderlessError, OSError)):
        save(tmp_path / "folder" / "a.safetensors", {"x": np.zeros(3)}, "descriptors")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_recipes_follow_their_parts():
    assert recipe({"a": 1, "b": 2}) == recipe({"b": 2, "a": 1}) != recipe({"a": 1, "b": 3})
