"""The conda environment of the rules has the versions of the pinned requirements."""

import re

import yaml

from tests.conftest import ROOT

NAMES = {"matplotlib-base": "matplotlib", "seaborn-base": "seaborn", "snakemake-minimal": "snakemake", "pytorch": "torch"}


def test_conda_has_the_pinned_versions():
    pinned = {}
    for name in ("requirements", "cyvlfeat"):
        text = (ROOT / "envs" / f"{name}.txt").read_text()
        found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE)
        pinned |= dict(reversed(found))  # of two pins of a package the first is that of Python 3.11
    wanted = dict(entry.split("=") for entry in yaml.safe_load((ROOT / "envs" / "orderless.yaml").read_text())["dependencies"])
    assert wanted.pop("python") == "3.11"
    assert {"faiss-cpu", "pytorch", "cyvlfeat", "tqdm"} <= set(wanted)
    for package, version in wanted.items():
        assert f"{pinned[NAMES.get(package, package)]}.".startswith(f"{version}."), package
