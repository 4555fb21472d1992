"""`pip install .`: the source distribution, the wheel made from it, and the library far from the repository, without VLFeat."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT

SEEN_NOT = ("cyvlfeat", "orderless", "__editable__")  # what the installed library must do without, or bring itself
LIBRARY = """
import numpy, orderless
from orderless.catalog.entries import WORKFLOW
bags = [numpy.random.default_rng(i).normal(size=(20 + i, 6)) for i in range(8)]
assert orderless.FisherVector(words=3).fit_transform(bags).shape == (8, 36)
assert orderless.VLAD(words=3).fit_transform(bags).shape == (8, 18)
print(WORKFLOW)
try:
    orderless.FisherVector(words=3, backend="vlfeat").fit(bags)
except orderless.OrderlessError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of an environment with the wheel, and with every other package of this one but cyvlfeat."""
    root = tmp_path_factory.mktemp("install")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (root / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / "source" / name)
    uv = [sys.executable, "-m", "uv"]
    # The wheel is made from the source distribution: what that lacks, the wheel lacks.
    options = ["--offline", "--no-build-isolation", "--quiet", "--python", sys.executable]
    subprocess.run([*uv, "build", "--out-dir", str(root / "dist"), *options, str(root / "source")], check=True)
    venv.create(root / "venv", symlinks=True)
    packages = next((root / "venv").glob("lib/*/site-packages"))
    for item in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if not item.name.startswith(SEEN_NOT) and not (packages / item.name).exists():
            (packages / item.name).symlink_to(item)
    (wheel,) = (root / "dist").glob("*.whl")
    python = str(root / "venv" / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--offline", "--no-deps", "--quiet", "--python", python, str(wheel)], check=True)
    return root


def run(installed, folder, *command):
    """A command of the environment, run in a folder outside the repository."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    path = [str(installed / "venv" / "bin" / command[0]), *map(str, command[1:])]
    return subprocess.run(path, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_wheel_holds_the_package_and_the_catalog_and_nothing_else(installed):
    (wheel,) = (installed / "dist").glob("*.whl")
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    expected = [path.relative_to(ROOT).as_posix() for path in (ROOT / "orderless").rglob("*.py")]
    expected += [path.relative_to(ROOT).as_posix() for path in (ROOT / "orderless/reports/templates").iterdir()]
    for kind in ("catalog", "schemas"):
        expected += [f"orderless/{path.relative_to(ROOT)}" for path in (ROOT / "workflow" / kind).rglob("*.yaml")]
    assert "orderless/workflow/catalog/representations/mpp.yaml" in expected
    assert sorted(names) == sorted(expected)


def test_the_library_works_without_vlfeat_and_says_so_where_it_is_asked_for(installed, tmp_path):
    done = run(installed, tmp_path, "python", "-c", LIBRARY)
    assert done.returncode == 0, done.stderr
    where, message = done.stdout.splitlines()
    assert Path(where).is_relative_to(installed)
    assert "'vlfeat' is not installed" in message
    assert "torch" in message


def test_the_commands_work_in_any_folder(installed, tmp_path):
    from orderless.backbones.networks import architecture
    from orderless.backbones.weights import save_weights
    from orderless.catalog.entries import load_catalog

    network = load_catalog({})["backbones"]["tinyalex"]
    save_weights(architecture(network, "tinyalex"), network, tmp_path / "w.safetensors", "random")
    (tmp_path / "photos").mkdir()
    for number in range(6):
        values = np.random.default_rng(number).integers(0, 256, (40, 50, 3), np.uint8)
        Image.fromarray(values).save(tmp_path / "photos" / f"{number}.png")
    chosen = ["--backbone", "tinyalex", "--weights", "w.safetensors"]
    done = run(installed, tmp_path, "orderless", "list", "representations")
    assert done.returncode == 0, done.stderr
    assert "MOP-CNN" in done.stdout
    done = run(installed, tmp_path, "orderless", "describe", "photos", "--representation", "nfk", "--out", "nfk.npy", *chosen)
    assert done.returncode == 0, done.stderr
    vectors = np.load(tmp_path / "nfk.npy")
    assert len(vectors) == 6
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    done = run(installed, tmp_path, "orderless", "search", "photos/3.png", "--in", "photos", *chosen)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split()[1] == "3.png"
    for command in (["describe", "photos", "--out", "v.csv"], ["search", "photos/3.png", "--in", "photos", "--index", "other"]):
        done = run(installed, tmp_path, "orderless", *command, *chosen, "--backend", "vlfeat")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "error: encoding.backend 'vlfeat' is not installed" in done.stderr
    assert not (tmp_path / "v.csv").exists()
    assert not (tmp_path / "other").exists()
