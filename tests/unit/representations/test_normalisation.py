"""Normalisation of vectors, and signs in two bits."""

import numpy as np
import pytest
import yaml

from orderless.classification.kernel import gram
from orderless.representations.normalisation import STEPS, PackedSigns, l2, pack_signs, signed_sqrt, unpack_signs
from orderless.representations.words import STEPS as WORD_STEPS
from tests.conftest import ROOT


def test_normalisations():
    np.testing.assert_allclose(signed_sqrt(np.array([-4.0, 0, 9])), [-2, 0, 3])
    np.testing.assert_allclose(l2(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]])


def test_the_schema_names_every_step():
    schema = yaml.safe_load((ROOT / "workflow/schemas/catalog.schema.yaml").read_text())

    def steps(node):
        """All enumerations of steps in the schema."""
        if isinstance(node, dict):
            if "normalisation" in node and "enum" in node["normalisation"].get("items", {}):
                yield set(node["normalisation"]["items"]["enum"])
            for value in node.values():
                yield from steps(value)

    found = list(steps(schema))
    assert found
    assert all(names == {*STEPS, *WORD_STEPS} for names in found)


@pytest.mark.parametrize("dimensions", [1, 4, 5, 1003])
def test_packed_signs_come_back_in_a_sixteenth_of_the_bytes(dimensions, rng):
    signs = rng.integers(-1, 2, (20, dimensions)).astype(np.float32)
    packed = pack_signs(signs)
    assert packed.nbytes == 20 * -(-dimensions // 4)
    np.testing.assert_array_equal(unpack_signs(packed, dimensions), signs)


def test_packed_sign_products_equal_unpacked_ones(rng):
    signs = rng.integers(-1, 2, (30, 20_003)).astype(np.float32)
    signs[4] = 0
    packed = PackedSigns(pack_signs(signs), 20_003)
    unit = l2(signs)
    np.testing.assert_allclose(packed.dense(), unit, atol=1e-6)
    np.testing.assert_allclose(packed[np.arange(30) > 20].dense(), unit[21:], atol=1e-6)
    np.testing.assert_allclose(gram(packed, packed), unit.astype(float) @ unit.T, atol=1e-5)
