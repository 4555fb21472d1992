"""Nothing lost: runs that are killed, disks that fill up, two runs in one folder. The long ones run in CI alone."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.conftest import ENVIRONMENT, IN_CI, ROOT, SMALL, results, snakemake, write_config

SHARDS, CORES, RUNS, KILLS = 6, 2, 4, 5
FEW = SMALL | {"run": "few", "datasets": ["digit-scenes"], "representations": ["fc7", "mpp", "cl-45"], "analyses": []}
FEW["catalog"] = {
    "datasets": {"digit-scenes": {"train": 60, "test": 30, "shards": SHARDS}},
    "backbones": {"tinyalex": {"epochs": 2}},
}
RERUN = "--rerun-incomplete"


def started(folder, log):
    """A run in a session of its own, its words in a file."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", str(CORES), "--configfile", str(folder / "mine.yaml"), RERUN]
    with open(log, "a") as stream:
        return subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=stream, stderr=stream, start_new_session=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A run that nobody disturbs, and the seconds that it took."""
    folder = tmp_path_factory.mktemp("reference")
    config = write_config(folder, **FEW)
    begin = time.monotonic()
    done = snakemake(folder, "--configfile", str(config), cores=CORES)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, time.monotonic() - begin


def assert_same(folder, reference):
    here, there = results(folder / "results"), results(reference / "results")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name].read_bytes() != there[name].read_bytes()] == []


@IN_CI
@pytest.mark.parametrize("number", range(RUNS))
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(reference, tmp_path, number):
    """Twenty moments: four runs, each killed up to five times; the first is always early enough to hit."""
    folder, seconds = reference
    config = ["--configfile", str(write_config(tmp_path, **FEW))]
    kills, random = 0, np.random.default_rng(number)
    log = tmp_path / "run.log"
    while kills < KILLS:
        run = started(tmp_path, log)
        try:
            run.wait(random.uniform(0.1, 0.6) * seconds)
            break
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        kills += 1
        unlocked = snakemake(tmp_path, *config, "--unlock")
        assert unlocked.returncode == 0, unlocked.stderr[-2000:]
    assert kills
    done = snakemake(tmp_path, *config, RERUN, cores=CORES)
    assert done.returncode == 0, done.stderr[-3000:]
    assert_same(tmp_path, folder)
    extracted = len(re.findall(r"Extracting digit-scenes", log.read_text() + done.stderr))
    assert SHARDS <= extracted <= SHARDS + CORES * kills, f"{extracted} shards were begun, of {SHARDS}, in {kills} kills"


def test_a_second_run_in_the_same_folder_says_so_and_stops(reference, tmp_path):
    folder, _ = reference
    write_config(tmp_path, **FEW)
    run = started(tmp_path, tmp_path / "first.log")
    locks = tmp_path / ".snakemake" / "locks"
    for _ in range(200):
        if locks.is_dir() and any(locks.iterdir()):
            break
        time.sleep(0.1)
    # as the default profile has it: else files that the first is writing are spoken of before the lock is
    second = snakemake(tmp_path, "--configfile", str(tmp_path / "mine.yaml"), "--rerun-incomplete", cores=1)
    assert second.returncode != 0
    assert "cannot be locked" in second.stderr
    assert "--unlock" in second.stderr
    assert run.wait() == 0
    assert_same(tmp_path, folder)


@IN_CI
@pytest.mark.parametrize("stage", ["extract_activations", "encode_representations"])
def test_a_full_disk_is_said_and_nothing_is_damaged(reference, tmp_path, stage):
    """results/ is a small file system; it is filled before the stage, and emptied for the second attempt."""
    folder, _ = reference
    config = ["--configfile", str(write_config(tmp_path, **FEW))]
    small = tmp_path / "results"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(small)], check=True)
    try:
        before = {"extract_activations": "fit_projections", "encode_representations": "extract_activations"}[stage]
        assert snakemake(tmp_path, *config, "--until", before, cores=CORES).returncode == 0
        ballast = small / "ballast"
        with open(ballast, "wb") as stream:
            stream.write(bytes(shutil.disk_usage(small).free - 40_000))
        done = snakemake(tmp_path, *config, "--until", stage, cores=CORES)
        assert done.returncode != 0
        assert re.search(r"error: .*could not be written.*Make room", done.stderr), done.stderr[-3000:]
        assert "type the same command to go on" in done.stdout + done.stderr
        assert [path for path in small.rglob("*") if ".part" in path.name] == []
        ballast.unlink()
        assert snakemake(tmp_path, *config, RERUN, cores=CORES).returncode == 0
        assert_same(tmp_path, folder)
    finally:
        subprocess.run(["umount", str(small)], check=True)
