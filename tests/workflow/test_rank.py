"""`orderless rank` on a folder of digits: the winner, what it is not told from, the report; and a run that is stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from PIL import Image
from sklearn.datasets import load_digits

from tests.conftest import ENVIRONMENT, IN_CI, ROOT, write_config

CHANGES = {"catalog": {"backbones": {"tinyalex": {"epochs": 2}}}, "classifier": {"C": [1], "folds": 2}}
NAMES = ["fc7", "global", "cl-45"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """A folder with `photos/<digit>/<number>.png`, thirty of each of three digits, and `mine.yaml`."""
    folder, digits = tmp_path_factory.mktemp("desk"), load_digits()
    for digit in (0, 1, 8):
        (folder / "photos" / str(digit)).mkdir(parents=True)
        for number, image in enumerate(digits.images[digits.target == digit][:30]):
            picture = Image.fromarray((image * 15).astype("uint8")).resize((32, 32))
            picture.save(folder / "photos" / str(digit) / f"{number}.png")
    write_config(folder, **CHANGES)
    return folder


def start(folder: Path, *words: str) -> subprocess.Popen:
    """Type `orderless rank photos` in a folder."""
    command = [sys.executable, "-m", "orderless", "rank", "photos", "--backbone", "tinyalex", "--configfile", "mine.yaml"]
    environment = ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*command, "--representations", *NAMES, *words], cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True
    )


def at_work(folder: Path) -> list[str]:
    """The command lines of the processes that work in a folder."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve().is_relative_to(folder):
                lines.append((process / "cmdline").read_text().replace("\0", " "))
        except (OSError, RuntimeError):  # it has ended, or is somebody else's
            continue
    return lines


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=IN_CI)])
def test_a_run_that_is_stopped_ends_whole_and_goes_on(desk, number):
    """Stopped while a job works: a line on the terminal, no process is left, and the folder is free for the next run."""
    out = desk / number.name
    process = start(desk, "--out", str(out))
    until = time.monotonic() + 60
    while not any("scripts" in line for line in at_work(out)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    second = start(desk, "--out", str(out))
    assert "another `orderless rank` is running here" in second.communicate(timeout=60)[1]
    os.kill(process.pid, number)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert error.splitlines()[-1] == "Stopped. What is done is kept: the same command goes on where it stopped."
    assert "Traceback" not in error
    assert at_work(out) == []
    assert not list((out / ".snakemake" / "locks").glob("*"))


@IN_CI
def test_the_winner_is_in_the_terminal(desk):
    answers = start(desk).communicate(timeout=300)
    assert "error" not in answers[1]
    lines = answers[0].splitlines()
    ranked = [line.split()[1] for line in lines[1 : 1 + len(NAMES)]]
    assert sorted(ranked) == sorted(NAMES)
    assert f"Best on 27 test images: {ranked[0]}." in lines
    assert lines[-1].startswith(("The test images do not tell it from: ", "It is better than each of the others"))
    assert "The report: orderless-photos/report.html" in answers[1]
    assert (desk / "orderless-photos" / "report.html").stat().st_size > 100_000
    printed = start(desk, "--print-config").communicate(timeout=60)[0]
    assert printed == (desk / "orderless-photos" / "rank.yaml").read_text()
    assert yaml.safe_load(printed)["representations"] == NAMES
