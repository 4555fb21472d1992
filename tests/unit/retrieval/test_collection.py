"""Search as a person uses it: an index of a folder, brought up to date, refused where it does not fit; copies of any folder."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from orderless.backbones.networks import architecture
from orderless.backbones.weights import save_weights
from orderless.catalog.entries import load_catalog
from orderless.datasets.copies import KINDS, compose_copies
from orderless.datasets.digits import compose_dataset
from orderless.datasets.folder import list_groups
from orderless.describer import Describer, describe
from orderless.errors import OrderlessError
from orderless.files.storage import Tensors, save
from orderless.retrieval import listing
from orderless.retrieval.collection import OUTDATED, Collection, selected
from orderless.retrieval.indices import FORMER, find_index, index_name, open_or_build
from tests.conftest import ENVIRONMENT, ROOT

NAME = index_name("tinyalex", "global")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Sixteen scenes in a folder, and two files of TinyAlex weights."""
    import torch

    root = tmp_path_factory.mktemp("collection")
    entry = {"rule": "rearranged", "train": 4, "test": 16, "block": "test"}
    for row in compose_dataset(entry, root / "made", 0):
        target = root / "images" / row["image"].replace("/", "-")
        target.parent.mkdir(exist_ok=True)
        shutil.move(row["path"], target)
    network = load_catalog({})["backbones"]["tinyalex"]
    for seed, name in enumerate(("one", "other")):
        torch.manual_seed(seed)
        save_weights(architecture(network, "tinyalex"), network, root / f"{name}.safetensors", "random")
    return root


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made / "images", tmp_path / "images")
    return tmp_path / "images"


def options(made, representation="global", weights="one"):
    return {"backbone": "tinyalex", "representation": representation, "weights": str(made / f"{weights}.safetensors")}


SMALL = {"encoders": {"vlad": {"words": 8}, "bow": {"words": 30}}, "projections": {"pca-mop": {"pca": 8}, "pca-bow": {"pca": 8}},
         "backbones": {"tinyalex": {"adapt": {"encoders": {"vlad": {"words": 8}, "bow": {"words": 30}},
                                              "representations": {"mop-l2": {"reduce": 8}, "mop-l3": {"reduce": 8}}}}}}  # fmt: skip


@pytest.mark.parametrize("representation", ["global", "mop", "mpp", "bow-conv5", "mof-sum"])
def test_an_image_finds_itself_and_the_file_says_all(made, folder, representation):
    found = open_or_build(folder, catalog=SMALL, **options(made, representation))
    name = sorted(found.images)[5]
    ranking = found.search(folder / name)
    assert ranking[0][0] == name
    assert [s for _, s in ranking] == sorted((s for _, s in ranking), reverse=True)
    copied = folder.parent / "copied.safetensors"
    shutil.copy(folder / index_name("tinyalex", representation), copied)
    assert Collection.open(copied).search(folder / name) == ranking


def test_new_images_alone_are_described(made, folder, monkeypatch):
    names = sorted(path.name for path in folder.iterdir())
    kept = folder.parent / names[3]
    shutil.move(folder / names[3], kept)
    before = open_or_build(folder, **options(made))
    shutil.move(kept, folder / names[3])
    (folder / names[7]).unlink()
    described, messages = [], []
    inner = Describer.encode
    monkeypatch.setattr(Describer, "encode", lambda self, paths, *rest: described.extend(paths) or inner(self, paths, *rest))
    after = open_or_build(folder, notify=messages.append)
    assert messages == [f"{folder}: 1 added, 1 removed; 19 images in all."]
    assert [path.rsplit("/", 1)[1] for path in described] == [names[3]]
    assert set(after.images) == set(before.images) - {names[7]} | {names[3]}
    anew = Collection.build(folder, Describer(**options(made)))
    place = {name: row for row, name in enumerate(anew.images)}
    np.testing.assert_allclose(after.tensors["global"], anew.tensors["global"][[place[name] for name in after.images]], atol=1e-6)
    opened = Collection.open(folder / NAME)
    assert opened.images == after.images
    np.testing.assert_array_equal(opened.tensors["global"], after.tensors["global"])


def test_an_index_of_something_else_is_refused(made, folder):
    open_or_build(folder, **options(made))
    with pytest.raises(OrderlessError, match="made with backbone 'tinyalex', not 'alexnet'"):
        open_or_build(folder, folder / NAME, backbone="alexnet")
    with pytest.raises(OrderlessError, match="made with representation 'global', not 'mpp'"):
        open_or_build(folder, folder / NAME, representation="mpp")
    with pytest.raises(OrderlessError, match="made with other weights"):
        open_or_build(folder, weights=str(made / "other.safetensors"))


def rewrite(path, new, change):
    """Write an index under another name, as `change` leaves its header and its stored vectors."""
    file = Tensors(path, "collection")
    header = {key: value for key, value in file.header.items() if key not in ("kind", "tensors")}
    stored = {name.removeprefix("stored/"): file[name] for name in file.names() if name.startswith("stored/")}
    learned = {name: file[name] for name in file.names() if name.startswith("learned/")}
    stored = change(header, stored)
    path.unlink()
    save(new, learned | {f"stored/{key}": value for key, value in stored.items()}, "collection", **header)


def as_the_first_version_wrote(header, stored):
    """Hashes by name, sorted, whatever the order of the vectors, as after an image was added."""
    header["images"] = {name: digest for name, digest, *_ in header.pop("files")}
    header["describer"]["engine"] = header["describer"].pop("backend")
    del header["plan"], header["unreadable"]
    return selected(stored, np.roll(np.arange(len(header["images"])), 1))


def as_another_catalog_made_it(header, stored):
    """As if an entry of the catalog had been another when the index was made."""
    header["plan"] = "0" * 16
    return stored


@pytest.mark.parametrize("change", [as_the_first_version_wrote, as_another_catalog_made_it])
def test_an_index_of_another_version_is_made_anew(made, folder, change):
    before = open_or_build(folder, catalog=SMALL, **options(made, "bow-conv5"))
    rewrite(folder / index_name("tinyalex", "bow-conv5"), folder / FORMER, change)
    with pytest.raises(OrderlessError, match=r"made by another version .* Search its folder with `orderless search`"):
        Collection.open(folder / FORMER)
    messages = []
    for expected in ([f"{folder / FORMER}: {OUTDATED}. All images are described anew.", f"{folder}: 20 images described."], []):
        messages.clear()
        after = open_or_build(folder, notify=messages.append)
        assert after.search(folder / before.images[3])[0][0] == before.images[3]
        assert messages == expected
    assert after.images == before.images
    for arrays, others in ((before.tensors, after.tensors), (before.learned, after.learned)):
        assert arrays.keys() == others.keys() != set()
        for key, array in arrays.items():
            np.testing.assert_array_equal(array, others[key])


def test_an_index_with_more_vectors_than_names_is_refused(made, folder):
    found = open_or_build(folder, **options(made))
    del found.listing.files[-1]
    found.save(folder / NAME)
    with pytest.raises(OrderlessError, match=r"holds 20 vectors of 'global' for 19 images\. Make it anew: .* --rebuild"):
        open_or_build(folder)
    assert len(open_or_build(folder, rebuild=True, **options(made)).images) == 20


def test_networks_and_representations_have_an_index_each(made, folder):
    for name in ("fc7", "window-mean"):
        open_or_build(folder, **options(made, name))
    assert find_index(folder, {"representation": "fc7"}).name == "orderless-index.tinyalex.fc7.safetensors"
    with pytest.raises(OrderlessError, match=r"has several indices. Say which: .*--representation fc7, .*window-mean"):
        open_or_build(folder)
    assert open_or_build(folder, representation="fc7").representation == "fc7"


@pytest.mark.parametrize("name", ["some.pth", "w.safetensors"])
def test_a_file_that_is_no_index_is_left_alone(made, folder, name):
    other = folder.parent / name
    shutil.copy(made / "one.safetensors", other) if name.startswith("w") else other.write_bytes(b"PK weights")
    before = other.read_bytes()
    for rebuild in (False, True):
        with pytest.raises(OrderlessError, match=rf"{name}: is no index of images. Name another file"):
            open_or_build(folder, other, rebuild=rebuild, **options(made))
    assert other.read_bytes() == before


def test_unreadable_images_are_left_out_and_named(made, folder):
    victims = sorted(folder.glob("*.png"))[:2]
    for victim in victims:
        victim.write_bytes(victim.read_bytes()[:100])
    messages = []
    found = open_or_build(folder, notify=messages.append, **options(made))
    assert len(found.images) == 18
    assert set(found.listing.skipped) == {victim.name for victim in victims}
    assert "2 of 20 images cannot be read and are left out" in messages[1]
    assert [victim.name in line for victim, line in zip(victims, messages[2:], strict=True)] == [True, True]
    with pytest.raises(OrderlessError, match=r"(?s)" + ".*".join(victim.name for victim in victims) + ".*2 of 20 images cannot be"):
        open_or_build(folder, strict=True)
    shutil.copy(made / "images" / victims[0].name, victims[0])
    assert len(open_or_build(folder).images) == 19
    for path in folder.glob("*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(OrderlessError, match="20 of 20 images cannot be read"):
        open_or_build(folder)


def test_a_second_search_reads_nothing_and_needs_no_torch(made, folder, monkeypatch):
    for path in folder.glob("*.png"):
        os.utime(path, (1e9, 1e9))
    old = time.time_ns() - 10**10
    monkeypatch.setattr(listing.time, "time_ns", lambda: old + 2 * 10**10)  # the files are not as recent as they are
    open_or_build(folder, **options(made))
    monkeypatch.setattr(listing, "file_hash", None)
    monkeypatch.setattr(Collection, "describer", None)
    image = sorted(folder.glob("*.png"))[4]
    assert open_or_build(folder).search(image)[0][0] == image.name
    command = ["-X", "importtime", "-m", "orderless", "search", str(image), "--in", str(folder), "--no-sheet"]
    done = subprocess.run([sys.executable, *command], env=ENVIRONMENT | {"PYTHONPATH": str(ROOT)}, cwd=folder.parent,
                          capture_output=True, text=True, check=True, timeout=60)  # fmt: skip
    assert image.name in done.stdout.splitlines()[0]
    assert "numpy" in done.stderr
    assert "torch" not in done.stderr
    assert "pandas" not in done.stderr


def test_an_interrupted_search_leaves_the_old_index(made, folder, monkeypatch):
    open_or_build(folder, **options(made))
    before = (folder / NAME).read_bytes()
    shutil.copy(next(folder.glob("*.png")), folder / "more.png")
    monkeypatch.setattr("orderless.files.storage.os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        open_or_build(folder)
    assert (folder / NAME).read_bytes() == before
    assert [path for path in folder.iterdir() if "part" in path.name] == []


def test_vectors_in_one_call(made, folder):
    files = sorted(str(path) for path in folder.glob("*.png"))
    found = describe(files, catalog=SMALL, fit_on=files[:8], **options(made, "mpp"))
    assert found.shape[0] == len(files)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_copies_of_a_folder(made, folder, tmp_path):
    written = compose_copies(folder, 3, 4, tmp_path / "copies", 0)
    copies = [row for row in written if row["search"] == "query"]
    assert len(copies) == 12
    originals = {row["image"] for row in written if row["split"] == "test" and row["search"] == "database"}
    assert {row["group"] for row in copies} == originals
    assert sum(row["split"] == "train" for row in written) == 17
    assert compose_copies(folder, 3, 4, tmp_path / "again", 0)[0]["sha256"] == written[0]["sha256"]
    assert [r["sha256"] for r in compose_copies(folder, 3, 4, tmp_path / "b", 0)] == [r["sha256"] for r in written]
    with pytest.raises(OrderlessError, match="11 originals need at least 22"):
        compose_copies(folder, 11, 1, tmp_path / "c", 0)


def test_every_way_of_copying_changes_the_picture(folder, rng):
    image = Image.open(next(folder.glob("*.png"))).convert("RGB")
    for kind, copy in KINDS.items():
        changed = copy(image, rng)
        assert changed.mode == "RGB", kind
        assert changed.size != image.size or np.abs(np.asarray(changed, float) - np.asarray(image, float)).mean() > 0.3, kind


def test_groups_of_a_folder(folder, tmp_path):
    for number, path in enumerate(sorted(folder.glob("*.png"))[:12]):
        target = tmp_path / "groups" / f"g{number // 3}" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    listed = list_groups(tmp_path / "groups", 0, 0.5)
    assert {split for _, split, _ in listed} == {"train", "test"}
    assert len({group for _, split, group in listed if split == "test"}) == 2
    for split, group in (("train", "some"), ("test", "alone")):
        (tmp_path / "apart" / split / group).mkdir(parents=True)
        shutil.copy(next(folder.glob("*.png")), tmp_path / "apart" / split / group / "x.png")
    with pytest.raises(OrderlessError, match=r"alone: group 'alone' has one image"):
        list_groups(tmp_path / "apart", 0)
