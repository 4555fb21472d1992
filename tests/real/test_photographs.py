"""Real photographs and a real ImageNet network, where ORDERLESS_TEST_DATA names a folder with them; skipped, loudly, elsewhere."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orderless import backends
from orderless.datasets.folder import list_folder
from orderless.files.storage import Tensors
from tests.conftest import NEEDS_VLFEAT, only, snakemake, write_config


@pytest.fixture(scope="module")
def run(test_data, tmp_path_factory) -> Path:
    """MobileNetV2 on 8 training and 6 test photographs of each class of 15-Scene."""
    folder = tmp_path_factory.mktemp("photographs")
    taken: dict[tuple[str, str], int] = {}
    for path, split, label in list_folder(test_data / "data/scene15", 0):
        taken[split, label] = taken.get((split, label), 0) + 1
        if taken[split, label] <= (8 if split == "train" else 6):
            target = folder / "images" / split / label / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    config = {
        "run": "photographs", "datasets": ["scenes"], "backbones": ["mobilenet_v2"], "shard_images": 70, "halves": 100,
        "representations": ["global", "window-mean", "mpp", "nfk", "cl-45"], "sample": {"images": 60, "descriptors": 5000},
        "classifier": {"C": [10]},
        "catalog": {
            "datasets": {"scenes": {"kind": "folder", "root": str(folder / "images")}},
            "backbones": {
                "mobilenet_v2": {
                    "weights": str(test_data / "weights/mobilenet_v2-imagenet.pth"),
                    "adapt": {
                        "views": {"pyramid": {"scales": 3}},
                        "projections": {"pca-cl": {"pca": 64}},
                        "encoders": {"fisher": {"words": 16}},
                    },
                }
            },
        },
    }  # fmt: skip
    done = snakemake(folder, "--configfile", str(write_config(folder, **config)))
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_photographs_are_told_apart(run):
    """Chance is 1 in 15. The bounds are far below what eight training images a class give, and far above any broken chain."""
    metrics = pd.read_csv(run / "reports/photographs/metrics.csv")
    accuracy = metrics[metrics["metric"] == "accuracy"].set_index("representation")["value"]
    assert (accuracy > 0.7).all(), accuracy


@NEEDS_VLFEAT
def test_fisher_of_both_backends_on_real_descriptors(run):
    shard = Tensors(only(run, "results/activations/*/*/pyramid.fc7.pca-mpp-*/0.safetensors"), "descriptors")
    path = only(run, "results/codebooks/*/*/*.fisher-*.safetensors")
    book = Tensors(path, "codebook")
    mixture = {name: book[name] for name in book.names()}
    x = shard["pyramid.fc7.pca-mpp/x"].astype(np.float32)
    for rows in (x[:1], x[:81], x[:2000]):
        one, other = (backends.get(name).fisher_vector(rows, mixture) for name in ("vlfeat", "torch"))
        assert np.linalg.norm(one - other) < 1e-4 * np.linalg.norm(one)


def test_chinese_palace(test_data):
    """The plain network and the dense one call scikit-learn's china.jpg what the weights' makers saw: a palace (class 698)."""
    import torch
    from sklearn.datasets import load_sample_image

    from orderless.activations.extraction import Extractor
    from orderless.activations.views import whole
    from orderless.backbones.dense import DenseNetwork
    from orderless.backbones.weights import fetch_model
    from orderless.catalog.entries import load_catalog

    entry = load_catalog({})["backbones"]["mobilenet_v2"] | {"weights": str(test_data / "weights/mobilenet_v2-imagenet.pth")}
    model, _ = fetch_model(entry, "mobilenet_v2")
    extractor = Extractor(DenseNetwork(model, entry["layers"], 224, "mobilenet_v2"), entry, {}, {})
    from PIL import Image

    from orderless.activations.views import cut

    maps = extractor.forward(cut(Image.fromarray(load_sample_image("china.jpg")), whole(224)))
    assert int(torch.as_tensor(maps["fc8"]).flatten().argmax()) == 698
