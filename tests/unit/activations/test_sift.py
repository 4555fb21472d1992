"""Dense SIFT beside VLFeat's."""

import numpy as np
from PIL import Image

from orderless.activations.sift import dense_sift
from orderless.activations.views import cut, whole
from tests.conftest import NEEDS_VLFEAT


@NEEDS_VLFEAT
def test_dense_sift_is_vlfeats(rng):
    from cyvlfeat.sift import dsift

    image = Image.fromarray(rng.integers(0, 256, (300, 400, 3), dtype=np.uint8))
    pixels = cut(image, whole(96))[0]
    found, windows = dense_sift(pixels, 4, 6)
    grey = pixels.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
    frames, expected = dsift(grey, step=4, size=6, fast=True, float_descriptors=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(windows[:, :2] + windows[:, 2:] / 2, frames[:, ::-1][:, :2][:, [0, 1]], atol=1e-4)
    assert (windows[:, 2:] == 24).all()
