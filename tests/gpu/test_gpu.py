"""The same numbers on a GPU as on the CPU, to a stated tolerance; skipped, loudly, where there is none."""

import numpy as np
import pytest
import torch

from orderless import backends
from orderless.activations.extraction import Extractor
from orderless.backbones.dense import DenseNetwork
from orderless.backbones.networks import architecture, pick_device
from orderless.bench.extraction import CAFFENET, noise
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import make_plan
from tests.conftest import NEEDS_VLFEAT

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="NO GPU HERE: nothing of the suite was run on one")
TOLERANCE = 2e-3  # relative: the libraries of a GPU add in another order


def apart(one, other):
    return np.linalg.norm(one - other) / np.linalg.norm(other)


@NEEDS_VLFEAT
def test_backends(real_descriptors):
    gpu, cpu = backends.get("torch"), backends.get("vlfeat")
    mixture = cpu.gmm(real_descriptors, 8, 20, 0)
    assert apart(gpu.fisher_vector(real_descriptors, mixture), cpu.fisher_vector(real_descriptors, mixture)) < TOLERANCE
    centres = gpu.kmeans(real_descriptors, 10, 20, 0)
    assert apart(gpu.vlad(real_descriptors, centres, 5, 10.0), cpu.vlad(real_descriptors, centres, 5, 10.0)) < TOLERANCE
    again = gpu.gmm(real_descriptors, 8, 20, 0)
    assert all(np.isfinite(part).all() for part in again.values())


def test_extraction():
    catalog = load_catalog({"backbones": {"alex": CAFFENET}})
    plan = make_plan(DEFAULTS | {"representations": ["global", "window-mean"]}, catalog, "alex")
    found = {}
    for device in map(pick_device, ("cpu", "cuda")):
        torch.manual_seed(0)
        network = DenseNetwork(architecture(CAFFENET, "alex"), CAFFENET["layers"], 227, "alex")
        network.module.to(device).requires_grad_(False)
        found[device] = Extractor(network, CAFFENET, plan["sets"], {}, device).describe(noise(300))
    for name, descriptors in found["cpu"].items():
        assert apart(found["cuda"][name].x, descriptors.x) < TOLERANCE
