"""The workflow on a real Slurm of two nodes on this machine, private to the tests, which start and stop it; in CI."""

import re
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from tests import slurm
from tests.conftest import ROOT, SMALL, results, snakemake, write_config

FEW = SMALL | {
    "run": "few",
    "datasets": ["digit-scenes"],
    "representations": ["fc7", "mpp", "cl-45"],
    "analyses": ["pairs"],
}


@pytest.fixture(scope="module")
def cluster():
    """Two nodes up. Whatever the tests did to them, every file of a Slurm of the system is as it was."""
    slurm.refuse()
    before = slurm.hashes_of_the_system()
    made = slurm.Cluster()
    try:
        yield made.start()
    finally:
        made.stop()
    assert made.processes() == []
    assert slurm.hashes_of_the_system() == before


def on_slurm(cluster: slurm.Cluster, folder: Path, *more: str):
    """Run the workflow with the profile for Slurm."""
    options = ["--profile", str(ROOT / "workflow/profiles/slurm"), "--jobs", "8", "--latency-wait", "10", *more]
    return snakemake(
        folder, "--configfile", str(folder / "mine.yaml"), *options, cores=4, timeout=1800, environment=cluster.environment
    )


def submitted(done) -> list[str]:
    """Slurm's ids of the jobs of a run, from Snakemake's log."""
    return re.findall(r"SLURM jobid[^\d]*(\d+)", done.stderr + done.stdout)


def test_every_rule_of_the_demo_makes_the_local_runs_bytes(cluster, tmp_path_factory):
    """The demo on fewer images: jobs of more than seconds are Slurm jobs, files are those of a run without Slurm."""
    remote, local = (tmp_path_factory.mktemp(name) for name in ("remote", "local"))
    for folder in (remote, local):
        write_config(folder, **SMALL)
    done = on_slurm(cluster, remote)
    assert done.returncode == 0, done.stderr[-4000:]
    assert snakemake(local, "--configfile", str(local / "mine.yaml"), timeout=1800).returncode == 0
    here, there = results(local / "results"), results(remote / "results")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name].read_bytes() != there[name].read_bytes()] == []
    tables = [pd.read_csv(folder / "reports/small/metrics.csv").drop(columns="seconds") for folder in (local, remote)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    ids = set(submitted(done))
    assert len(ids) > 10
    assert ids <= {job["JobId"] for job in cluster.completed()}
    jobs = int(re.findall(r"^total +(\d+)", done.stderr, re.MULTILINE)[0])
    finished = len(re.findall(r"Finished jobid: \d+ \(Rule: (?!all)", done.stderr))
    assert finished == jobs - 1


def meanwhile(act, *arguments) -> threading.Thread:
    """Do something beside a run."""
    thread = threading.Thread(target=act, args=arguments)
    thread.start()
    return thread


def running(cluster: slurm.Cluster, name: str = "") -> list[dict[str, str]]:
    """The jobs that run: their ids, nodes and rules; or those of one rule."""
    lines = cluster.run("squeue", "-h", "-t", "R", "-o", "%i %N %k", check=False).splitlines()
    jobs = [dict(zip(("id", "node", "rule"), line.split(), strict=False)) for line in lines]
    return [job for job in jobs if name in job.get("rule", "")]


def wait_for(found, seconds: float = 120):
    """What a function finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.2)
    raise AssertionError("nothing was found")


def test_a_cancelled_job_is_submitted_again(cluster, tmp_path):
    write_config(tmp_path, **FEW)
    thread = meanwhile(lambda: cluster.run("scancel", wait_for(lambda: running(cluster))[0]["id"]))
    done = on_slurm(cluster, tmp_path)
    thread.join()
    assert done.returncode == 0, done.stderr[-4000:]
    assert "CANCELLED" in {job["JobState"] for job in cluster.completed()}
    assert (tmp_path / "reports/few/metrics.csv").exists()


def test_a_node_that_dies_and_comes_back(cluster, tmp_path):
    """slurmd and its jobs killed on one node while one runs there; twenty seconds later it is there again."""
    write_config(tmp_path, **FEW)
    seen = len(cluster.completed())

    def die_and_return() -> None:
        node = wait_for(lambda: running(cluster))[0]["node"]
        cluster.kill_node(node)
        time.sleep(20)
        cluster.start_node(node)

    thread = meanwhile(die_and_return)
    done = on_slurm(cluster, tmp_path)
    thread.join()
    if done.returncode:  # what was lost is said; the same command goes on
        assert "rror" in done.stderr
        done = on_slurm(cluster, tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    assert {"FAILED", "NODE_FAIL"} & {job["JobState"] for job in cluster.completed()[seen:]}
    assert (tmp_path / "reports/few/metrics.csv").exists()


def test_a_job_over_its_memory_gets_more(cluster, tmp_path):
    """Killed by Slurm at its first attempt, given more by the next."""
    write_config(tmp_path, **FEW)
    seen = len(cluster.completed())
    done = on_slurm(cluster, tmp_path, "--set-resources", "train_tinyalex:mem_mb=250*attempt*attempt")
    assert done.returncode == 0, done.stderr[-4000:]
    assert "exceeded memory limit" in cluster.logs()
    ended = {(job["JobState"], re.findall(r"mem=(\d+)M", job["Tres"])[0]) for job in cluster.completed()[seen:]}
    assert ("FAILED", "250") in ended
    assert {("COMPLETED", "1000"), ("COMPLETED", "2250")} & ended


def test_a_job_over_its_time_gets_more(cluster, tmp_path):
    """The training hangs until Slurm ends it after its minute; the next attempt has two."""
    write_config(tmp_path, **FEW)
    seen = len(cluster.completed())

    def hang() -> None:
        job = wait_for(lambda: running(cluster, "train_tinyalex"))[0]
        for process in wait_for(lambda: cluster.processes(SLURM_JOB_ID=job["id"])):
            process.suspend()

    thread = meanwhile(hang)
    done = on_slurm(cluster, tmp_path, "--set-resources", "train_tinyalex:runtime=attempt")
    thread.join()
    assert done.returncode == 0, done.stderr[-4000:]
    ended = {(job["JobState"], job["TimeLimit"]) for job in cluster.completed()[seen:]}
    assert ended >= {("TIMEOUT", "1"), ("COMPLETED", "2")}  # minutes; every other rule states ten or more
