"""What the tests share: real descriptors, small images, runs of the workflow."""

import os
import subprocess
import sys
from pathlib import Path

# As in the workflow's jobs: the threads of two workers on two cores spend their time waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import yaml

from orderless.backends import has_vlfeat

ROOT = Path(__file__).resolve().parents[1]
# Several minutes of workflow: `make test` stays under ten on two cores.
IN_CI = pytest.mark.skipif(os.environ.get("CI") != "true", reason="takes minutes: runs in CI alone (set CI=true)")
NEEDS_VLFEAT = pytest.mark.skipif(not has_vlfeat(), reason="VLFeat is not installed (README, 'VLFeat and torch')")
BACKENDS = [pytest.param("vlfeat", marks=NEEDS_VLFEAT), "torch"]
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


DEMO = yaml.safe_load((ROOT / "config.yaml").read_text())
if not has_vlfeat():  # in a file of one's own it is refused
    DEMO["representations"].remove("sift-fv")
BOWS = ("", "-multiple", "-hamming")
SMALL = DEMO | {
    "run": "small",
    "halves": 100,
    "classifier": {"C": [1, 10], "folds": 2},
    "catalog": {
        "datasets": {
            "digit-scenes": {"train": 40, "test": 20},
            "digit-objects": {"train": 30, "test": 20},
            "digit-retrieval": {"train": 40, "test": 24},
        },
        "backbones": {"tinyalex": {"epochs": 2, "adapt": {"encoders": {f"bow{kind}": {"words": 100} for kind in BOWS}}}},
        "analyses": {"invariance": {"images": 4, "scale": [1, 0.5], "translate": [0, 40], "flip": ["none"], "rotate": [0, 10]}},
    },
}


def results(folder: Path) -> dict[str, Path]:
    """Every file that a run computes, but for its timings and what it and Snakemake note of themselves."""
    noted = ("timings", ".snakemake_timestamp")
    found = (p for p in folder.rglob("*") if p.is_file() and not any(n in str(p) for n in noted) and p.parent != folder / "runs")
    return {p.relative_to(folder).as_posix(): p for p in found}


def only(folder: Path, pattern: str) -> Path:
    """The one file below a folder that fits a pattern; hashes of recipes are `*` there."""
    (found,) = folder.glob(pattern)
    return found


def snakemake(
    folder: Path, *arguments: str, cores: int = 2, timeout: int = 600, environment: dict[str, str] = ENVIRONMENT
) -> subprocess.CompletedProcess:
    """Run the workflow in a folder and return what it said."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", str(cores), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


def write_config(folder: Path, **settings) -> Path:
    """A configuration file in a folder."""
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of photographs and weights that ORDERLESS_TEST_DATA names."""
    folder = os.environ.get("ORDERLESS_TEST_DATA", "")
    if not folder:
        pytest.skip("ORDERLESS_TEST_DATA is not set: no photographs and no ImageNet weights to test on")
    return Path(folder)


@pytest.fixture(scope="session")
def real_descriptors() -> np.ndarray:
    """(n, 64) float32: every pixel's digit among its neighbours in scikit-learn's digits; correlated, sparse, far from Gaussian."""
    from sklearn.datasets import load_digits

    return load_digits().data.astype(np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def server(monkeypatch):
    """A web server whose faults are met again without waiting."""
    from orderless.files import transfers
    from tests.server import Server

    monkeypatch.setattr(transfers, "WAIT", 0.0)
    started = Server()
    yield started
    started.close()
