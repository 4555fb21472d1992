"""Views: the papers' pyramids, patches, crops and blocks, and the windows that activations see."""

import numpy as np
import pytest
from PIL import Image

from orderless.activations.views import blocks, crops, cut, levels, patches, pyramid_sides, windows
from orderless.catalog.entries import load_catalog


def test_pyramid_sides_of_paper_b():
    assert pyramid_sides(227, 7) == [227, 322, 454, 643, 908, 1285, 1816]
    assert pyramid_sides(224, 3) == [224, 317, 448]


@pytest.mark.parametrize(
    ("patch", "stride", "edge", "count"),
    [(128, 32, False, 25), (64, 32, False, 49), (128, 30, True, 36), (64, 30, True, 64), (256, 32, False, 1)],
)
def test_patch_grids_of_paper_a(patch, stride, edge, count):
    level = patches(patch, stride, edge, 227, 256)
    assert len(level.boxes) == count
    assert all(x >= 0 and y >= 0 and x + w <= 256 and y + h <= 256 for x, y, w, h, _ in level.boxes)


def test_released_grid_of_paper_a():
    assert sorted({box[0] for box in patches(128, 30, True, 227, 256).boxes}) == [0, 30, 60, 90, 120, 128]


@pytest.mark.parametrize("count", [1, 10, 50])
def test_crops(count):
    level = crops(count, 227, 256)
    assert len(set(level.boxes)) == count
    assert max(box[0] for box in level.boxes) == (14 if count == 1 else 29)
    assert sum(box[4] for box in level.boxes) == (0 if count == 1 else count // 2)


def test_cut_crops_exactly_and_mirrors(rng):
    picture = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    inputs = cut(Image.fromarray(picture), crops(10, 227, 256))
    np.testing.assert_array_equal(inputs[0], picture[:227, :227])
    np.testing.assert_array_equal(inputs[3], picture[29:, 29:])
    np.testing.assert_array_equal(inputs[5], picture[:227, :227][:, ::-1])


def test_blocks_tile_the_image(rng):
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    inputs = cut(Image.fromarray(picture), blocks(2, 2, 32))
    np.testing.assert_array_equal(np.block([[[inputs[0]], [inputs[1]]], [[inputs[2]], [inputs[3]]]]), picture)


def test_windows_of_the_dense_grid():
    """Window (i, j) of fc7 covers pixels 32 i to 32 i + 226 of the scaled image (paper B's geometry)."""
    level = levels({"kind": "pyramid", "scales": 3}, 227, 256, (500, 400))[2]
    where = windows(level, (8, 8), 113, 32, 227).reshape(8, 8, 4) * 454
    np.testing.assert_allclose(where[0, :, 0], 32 * np.arange(8), atol=1e-3)
    np.testing.assert_allclose(where[..., 2:], 227, atol=1e-3)
    assert where.min() >= 0
    assert (where[..., :2] + where[..., 2:]).max() <= 454.001


def test_mirrored_windows_are_where_the_pixels_were():
    level = crops(10, 32, 36)
    where = windows(level, (1, 2), None, 16, 16).reshape(10, 2, 4)
    np.testing.assert_allclose(where[0, 0], where[5, 1], atol=1e-6)
    where = windows(level, (1, 3), 3, 4, 4).reshape(10, 3, 4)  # units 1.5 pixels from the left edge
    np.testing.assert_allclose(where[5, :, 0] * 36, [32 - 1.5 - 4 - 4 * k for k in range(3)], atol=1e-5)


def test_aspect_is_kept_where_asked():
    view = {"kind": "pyramid", "scales": 2, "aspect": "keep"}
    assert [level.size for level in levels(view, 100, 110, (300, 200))] == [(150, 100), (213, 142)]


def test_patches_of_paper_a_in_the_catalog():
    views = load_catalog({})["views"]
    count = {name: [len(level.boxes) for level in levels(view, 227, 256, (9, 9))] for name, view in views.items()}
    assert (count["patches-128"], count["patches-64"], count["patches-all"]) == ([25], [49], [1, 25, 49])
    assert (count["patches-128-released"], count["patches-64-released"]) == ([36], [64])
