"""Matrix products by way of convolutions, against numpy's in float64."""

import numpy as np
import pytest
import torch

from orderless.backends.torch.products import affine, weighted_sums


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("n", "d", "k"), [(0, 5, 3), (1, 1, 1), (1, 7, 5), (50, 128, 1), (3000, 33, 70), (5, 4096, 100)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_products_are_numpys(n, d, k, dtype, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    rng = np.random.default_rng(n + d + k)
    x, weights, shares, offsets = (torch.tensor(rng.normal(size=size), dtype=dtype) for size in ((n, d), (k, d), (n, k), (k,)))
    wide = torch.cat([shares, x], 1)[:, k:]  # not contiguous
    try:
        for given in (x, wide):
            for found, wanted in (
                (affine(offsets, given, weights), offsets.double() + x.double() @ weights.double().T),
                (weighted_sums(shares, given), shares.double().T @ x.double()),
            ):
                assert found.shape == wanted.shape
                assert found.dtype == dtype
                tolerance = 1e-3 if dtype == torch.float32 else 1e-10  # of sums of up to 4,096 products
                np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=0, atol=tolerance)
    finally:
        torch.set_num_threads(before)
