"""From images to vectors in one call, and a fitted describer kept in a file."""

from importlib.metadata import version

import numpy as np
import pytest
from PIL import Image

import orderless
from orderless.backbones.networks import architecture
from orderless.backbones.weights import save_weights
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError

SMALL = {"backbones": {"tinyalex": {"adapt": {"views": {"pyramid": {"scales": 2}}, "encoders": {"fisher": {"words": 4}}}}}}

MANY = {"backbones": {"tinyalex": {"adapt": {"encoders": {"fisher": {"words": 90_000}}}}}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six colour images and the weights of a random TinyAlex."""
    import torch

    root = tmp_path_factory.mktemp("describer")
    rng = np.random.default_rng(3)
    (root / "images").mkdir()
    for number in range(6):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        coarse.resize((64, 48), Image.Resampling.BICUBIC).save(root / "images" / f"{number}.png")
    network = load_catalog({})["backbones"]["tinyalex"]
    torch.manual_seed(0)
    save_weights(architecture(network, "tinyalex"), network, root / "w.safetensors", "random")
    return root


@pytest.fixture
def options(folder):
    return {"backbone": "tinyalex", "weights": str(folder / "w.safetensors")}


def test_every_way_of_giving_images_gives_the_same_vectors(folder, options, capsys):
    files = sorted((folder / "images").iterdir())
    pictures = [Image.open(file) for file in files]
    arrays = [np.asarray(picture) for picture in pictures]
    expected = orderless.describe(folder / "images", **options)
    assert expected.shape[0] == 6
    assert expected.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(expected, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(expected[0] - expected[1]) > 1e-3
    for images in (str(folder / "images"), files, np.array([str(file) for file in files]), pictures, arrays, np.stack(arrays),
                   [files[0], pictures[1], arrays[2] / 255, *pictures[3:]]):  # fmt: skip
        np.testing.assert_allclose(orderless.describe(images, **options), expected, atol=1e-6)
    for one in (files[2], str(files[2]), pictures[2], arrays[2]):
        np.testing.assert_allclose(orderless.describe(one, **options), expected[2:3], atol=1e-6)
    grey = Image.fromarray(arrays[0][..., 0])
    np.testing.assert_allclose(orderless.describe(grey, **options), orderless.describe(np.asarray(grey), **options), atol=1e-6)
    assert capsys.readouterr().out == ""


def test_a_fitted_describer_is_kept_in_a_file(folder, options, tmp_path):
    made = orderless.Describer(representation="mpp", catalog=SMALL, **options)
    with pytest.raises(OrderlessError, match=r"Call `fit` first"):
        made.vectors(folder / "images")
    files = sorted((folder / "images").iterdir())
    expected = made.fit(files[:4]).vectors(files)
    made.save(tmp_path / "mpp.safetensors")
    loaded = orderless.Describer.load(tmp_path / "mpp.safetensors")
    np.testing.assert_array_equal(loaded.vectors(files), expected)
    at_once = orderless.describe(files, representation="mpp", fit_on=files[:4], catalog=SMALL, **options)
    np.testing.assert_array_equal(at_once, expected)
    other = orderless.Describer.load(tmp_path / "mpp.safetensors", backend="torch").vectors(files)
    np.testing.assert_allclose(other, expected, atol=1e-3)
    with pytest.raises(OrderlessError, match="made with representation 'mpp', not 'nfk'"):
        orderless.Describer.load(tmp_path / "mpp.safetensors", representation="nfk")
    (tmp_path / "mpp.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(OrderlessError, match=r"mpp.safetensors: is not a file of this suite, or is damaged"):
        orderless.Describer.load(tmp_path / "mpp.safetensors")


def test_progress_is_shown_where_it_is_asked_for(folder, options, capsys):
    seen = []

    def progress(items, count, what="images"):
        seen.append(count)
        return items

    orderless.describe(folder / "images", progress=progress, **options)
    assert seen == [6]
    orderless.describe(folder / "images", progress=True, **options)
    assert "images/s" in capsys.readouterr().err.replace(" ", "")


@pytest.mark.parametrize(
    ("images", "over", "message"),
    [
        ([], {}, "no image to describe. Give a folder"),
        (None, {}, "no image to describe"),
        ("nowhere", {}, "nowhere: no such folder"),
        (["nowhere.png"], {}, "nowhere.png: cannot be read as an image"),
        ([np.zeros((5, 20, 20), np.float32)], {}, r"image 0: an array of \(5, 20, 20\) float32 is not an image"),
        (np.zeros((40, 40, 3), np.uint8), {"representation": "absent"}, "^representation: 'absent' is not in catalog"),
        ([np.full((20, 20, 3), 7.0)], {}, "floats from 0 to 1"),
        (np.zeros((20, 20), bool), {}, "bool is not an image"),
        (np.zeros((40, 40, 3), np.uint8), {"representation": "mmp"}, "Did you mean 'mpp'"),
        (np.zeros((40, 40, 3), np.uint8), {"backbone": "tinyalx"}, "Did you mean 'tinyalex'"),
        (np.zeros((40, 40, 3), np.uint8), {"backend": "vlfet"}, "backend 'vlfet' does not exist. Did you mean 'vlfeat'"),
        (np.zeros((40, 40, 3), np.uint8), {"representation": "bow-conv5"}, "has no vector. Use `orderless search`"),
        (np.zeros((40, 40, 3), np.uint8), {"representation": "mof-sum"}, "has no vector"),
        (np.zeros((40, 40, 3), np.uint8), {"representation": "mop-pca"}, "has no vector"),
    ],
)
def test_bad_input_is_named(options, images, over, message):
    with pytest.raises(OrderlessError, match=message):
        orderless.describe(images, **(options | over))


def test_too_many_words_for_the_images_are_fewer_and_said(options):
    image = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    with pytest.warns(UserWarning, match=r"90000 words are too many for \d+ descriptors: \d+ are learned"):
        vectors = orderless.describe(image, **(options | {"representation": "mpp", "catalog": MANY}))
    assert 0 < vectors.shape[1] < 2 * 90_000


def test_channels_may_come_first_and_tensors_are_images(folder, options):
    import torch

    files = sorted((folder / "images").iterdir())[:2]
    arrays = [np.asarray(Image.open(file)) for file in files]
    expected, names = orderless.describe(files, return_names=True, **options)
    assert names == [str(file) for file in files]
    first = np.stack(arrays).transpose(0, 3, 1, 2)
    for images in (first, list(first), torch.from_numpy(first), torch.from_numpy(first / 255).requires_grad_()):
        np.testing.assert_allclose(orderless.describe(images, **options), expected, atol=1e-6)
    np.testing.assert_allclose(orderless.describe(torch.from_numpy(first[0]), **options), expected[:1], atol=1e-6)
    grey = arrays[0][..., 1]
    np.testing.assert_array_equal(orderless.describe(grey[None], **options), orderless.describe(grey, **options))


def test_weights_of_other_origins(folder, options, tmp_path):
    import torch
    from safetensors.torch import load_file

    state = load_file(folder / "w.safetensors")
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, tmp_path / "parallel.pth")
    image = np.full((40, 40, 3), 99, np.uint8)
    parallel = orderless.describe(image, **options | {"weights": str(tmp_path / "parallel.pth")})
    np.testing.assert_array_equal(parallel, orderless.describe(image, **options))
    torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pth")
    with pytest.raises(OrderlessError, match=r"model.pth: holds pickled code.*torch.save\(model.state_dict\(\), ...\)"):
        orderless.describe(image, **options | {"weights": str(tmp_path / "model.pth")})


def test_the_version_is_that_of_the_package():
    assert orderless.__version__ == version("orderless")
