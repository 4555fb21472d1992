"""Today's networks, with random weights: every representation that the demo makes, or the reason why not."""

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from sklearn.decomposition import PCA

from orderless import backends, encoders
from orderless.activations.extraction import Extractor, extract
from orderless.backbones.networks import architecture, densify
from orderless.catalog.configuration import load_config
from orderless.catalog.entries import WORKFLOW, load_catalog
from orderless.catalog.plans import CLASSIFIED, SEARCHED, make_plan
from orderless.datasets.digits import compose_dataset, write_thumbnails
from orderless.errors import OrderlessError
from orderless.files.images import read_image
from orderless.files.jobs import progress
from orderless.files.storage import TensorsInMemory
from orderless.representations.bags import bags
from orderless.representations.encoding import encode_shard
from orderless.representations.reductions import fit_reduction
from orderless.representations.vectors import Representations
from orderless.retrieval.ranking import protocol
from orderless.retrieval.search import Search
from tests.conftest import IN_CI

# As in tinyalex's `adapt`: patches, grids and codebooks for maps of 4 x 4 and for 4 images.
SMALL = {
    "views": {
        "pyramid": {"scales": 3},
        "patches-128": {"canvas": 64, "patch": 32, "stride": 32},
        "patches-64": {"canvas": 64, "patch": 16, "stride": 48},
        "patches-128-released": {"canvas": 64, "patch": 32, "stride": 30},
        "patches-64-released": {"canvas": 64, "patch": 16, "stride": 45},
        "patches-all": {"canvas": 64, "patch": [64, 32, 16], "stride": 48},
    },
    "layers": {"sift": {"sift": {"step": 16, "bin": 4}}},
    "projections": {name: {"pca": 6} for name in ("pca-mpp", "pca-mop", "pca-cl", "pca-sift", "pca-scfv", "pca-bow")},
    "encoders": {name: {"words": 4} for name in ("fisher", "vlad", "sparse")}
    | {name: {"words": 40} for name in ("bow", "bow-multiple", "bow-hamming")}
    | {"guided": {"channels": 4}},
    "representations": {"spp": {"regions": [[1, 1], [2, 2]]}},
}


SLIDING = ["window-mean", "nfk", "csf", "mpp", "mpp-sp", "mpp-fc7-pool5", "mpp-fc7-fc8", "mpp-thumbnail", "scfv", "cl-regions"]


REFUSED = {"vit_b_16": [*SLIDING, "mpp-expanded", "mpp-augmented", "bow-fc6"]}


def plan_or_reason(entries, backbone, asked):
    """One plan of all that makes sense, and for the rest the reason: asked is purpose -> ids."""
    found, reasons = {"sets": {}, "codebooks": {}, "representations": {}}, {}
    for purpose, names in asked.items():
        for name in names:
            config = load_config({"run": "t", "datasets": ["digit-scenes"], "backbones": [backbone], CLASSIFIED: [name]})
            try:
                plan = make_plan(config | {purpose: [name]}, entries, backbone, purpose)
            except OrderlessError as error:
                reasons[name] = str(error)
                continue
            found = {key: found[key] | plan[key] for key in found}
    return found, reasons


def train(plan, tensors, backend):
    """Projections put into the descriptors, and codebooks, learned on the few images themselves."""
    for name, entry in plan["sets"].items():
        if isinstance(choice := entry["projection"], dict):
            x = tensors[f"{name}/x"].astype(np.float32)  # few and long: scikit-learn's PCA takes no covariance of 6,912 x 6,912
            tensors[f"{name}/x"] = PCA(min(choice["pca"], len(x)), svd_solver="full").fit_transform(x)
    books = {}
    for name, book in plan["codebooks"].items():
        encoder, x = encoders.make(book["encoder"]), tensors[f"{book['set']}/x"].astype(np.float32)
        if getattr(encoder, "supervised", False):
            targets = np.array([[1, -1], [-1, 1], [1, -1], [-1, 1]])
            books[name] = encoder.fit_labelled([bag.x for bag in bags(TensorsInMemory(tensors), book["set"])], targets, 0)
        elif encoder.learned:
            books[name] = encoder.fit(x, backend, 0)
    return books


@IN_CI
@pytest.mark.parametrize(("backbone", "side"), [("resnet50", 128), ("convnext_tiny", 128), ("vit_b_16", 64)])
def test_every_representation_of_the_demo(backbone, side, tmp_path):
    rows = compose_dataset({"rule": "rearranged", "train": 0, "test": 4, "block": "test"}, tmp_path, 0)
    write_thumbnails(rows, tmp_path / "thumbnails.csv")
    index, images = pd.DataFrame(rows).assign(ignored="", group=["one", "one", "two", "two"]), [row["image"] for row in rows]
    small = SMALL["representations"] | {"thumbnail": {"precomputed": str(tmp_path / "thumbnails.csv")}}
    over = {key: value for key, value in SMALL.items() if key != "representations"} | {"representations": small}
    demo = yaml.safe_load((WORKFLOW.parent / "config.yaml").read_text())
    entries = load_catalog({"backbones": {backbone: {"input": side, "canvas": side + 16, "adapt": over}}})
    asked = {purpose: demo[purpose] for purpose in (CLASSIFIED, SEARCHED)}
    plan, reasons = plan_or_reason(entries, backbone, asked)
    assert sorted(reasons) == sorted(REFUSED.get(backbone, []))
    assert all("is a transformer: its class token is one vector" in reason for reason in reasons.values())

    torch.manual_seed(0)
    entry, backend = entries["backbones"][backbone], backends.get("torch")
    network = densify(architecture(entry, backbone), entry, backbone).place("cpu")
    extractor = Extractor(network, entry, plan["sets"], {})
    tensors = extract(extractor, [row["path"] for row in rows], read_image, progress)
    books = train(plan, tensors, backend)
    encoded, lengths, _ = encode_shard(TensorsInMemory(tensors), images, plan, books, backend)
    rng = np.random.default_rng(0)
    reduced = [name for name, row in plan["representations"].items() if "reduce" in row]
    reductions = {name: fit_reduction(encoded[name], 3, 9, rng) for name in reduced}
    finished = Representations([TensorsInMemory(encoded, {"dimensions": lengths})], plan, reductions)

    for name in (name for name in demo[CLASSIFIED] if name not in reasons):
        x = finished.matrix(name)
        assert x.shape == (4, finished.size(name)[0]), name
        assert np.isfinite(x).all(), name
        np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-3, err_msg=name)
        assert np.abs(x - x[0]).max() > 0, name  # the images differ
    search = Search(finished, protocol(index), np.arange(4), {})
    for name in (name for name in demo[SEARCHED] if name not in reasons):
        found = search.similarities(name)
        assert found.shape == (4, 4), name
        assert np.isfinite(found).all(), name
        assert found.std() > 0, name
    assert len(demo[CLASSIFIED]) + len(demo[SEARCHED]) - len(reasons) > 45
