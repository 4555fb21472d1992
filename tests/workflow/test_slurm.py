"""The workflow on a real Slurm of two nodes on this machine, started and stopped by the tests; as root, in CI."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import DEMO, ROOT, SMALL, results, snakemake, write_config

DAEMONS = ("slurmctld", "slurmd", "munged")
FEW = SMALL | {
    "run": "few",
    "datasets": ["digit-scenes"],
    "representations": ["fc7", "mpp", "cl-45"],
    "analyses": ["pairs"],
}
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/jobcomp.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
MinJobAge=3600
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=20000 State=UNKNOWN
PartitionName=cpu Nodes=ALL Default=YES MaxTime=600 DefaultTime=5 DefMemPerCPU=500 State=UP OverSubscribe=NO
"""  # noqa: E501


def sh(*command: str, check: bool = True) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=check).stdout


def stop(pattern: str) -> None:
    subprocess.run(["pkill", "-9", "-f", pattern], check=False)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes up; its folder."""
    if os.environ.get("CI") != "true":
        pytest.skip("a Slurm is started on this machine only in CI: set CI=true, as root")
    missing = [name for name in DAEMONS if shutil.which(name) is None]
    assert not missing, f"{missing} not installed: apt-get install slurmctld slurmd slurm-client munge"
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool", "run", "log"):
        (folder / name).mkdir()
    sh("install", "-d", "-o", "munge", "-g", "munge", "-m755", "/run/munge")
    if not Path("/run/munge/munge.socket.2").exists():
        sh("runuser", "-u", "munge", "--", "/usr/sbin/munged")
    Path("/etc/slurm").mkdir(exist_ok=True)
    Path("/etc/slurm/slurm.conf").write_text(CONF.format(host=socket.gethostname(), folder=folder))
    sh("slurmctld", "-c")
    time.sleep(1)
    for node in ("n1", "n2"):
        sh("slurmd", "-N", node)
    for _ in range(30):
        if sh("sinfo", "-h", "-o", "%t", check=False).split() == ["idle"]:
            break
        time.sleep(1)
    else:
        pytest.fail((folder / "log" / "slurmctld.log").read_text()[-3000:])
    yield folder
    for pattern in ("slurmstepd", "slurmd -N", "slurmctld -c"):
        stop(pattern)
    subprocess.run(["pkill", "-u", "munge", "munged"], check=False)
    Path("/etc/slurm/slurm.conf").unlink()


def on_slurm(folder: Path, *more: str, jobs: int = 8):
    profile = ["--profile", str(ROOT / "workflow/profiles/slurm"), "--jobs", str(jobs), "--latency-wait", "10"]
    return snakemake(folder, "--configfile", str(folder / "mine.yaml"), *profile, *more, cores=4, timeout=1800)


def submitted(done) -> list[str]:
    """Slurm's ids of the jobs of a run, from Snakemake's log."""
    return re.findall(r"SLURM jobid[^\d]*(\d+)", done.stderr + done.stdout)


def test_the_demo_is_the_local_runs_bytes(cluster, tmp_path_factory):
    """The whole demo. Every job is a Slurm job, but for the target itself; every file is that of a run without Slurm."""
    remote, local = (tmp_path_factory.mktemp(name) for name in ("remote", "local"))
    for folder in (remote, local):
        write_config(folder, **DEMO)
    done = on_slurm(remote)
    assert done.returncode == 0, done.stderr[-4000:]
    assert snakemake(local, "--configfile", str(local / "mine.yaml")).returncode == 0
    here, there = results(local / "results"), results(remote / "results")
    assert here.keys() == there.keys()
    assert [name for name in here if here[name].read_bytes() != there[name].read_bytes()] == []
    tables = [pd.read_csv(folder / "reports/demo/metrics.csv").drop(columns="seconds") for folder in (local, remote)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert_the_example_still_holds(local / "reports/demo")
    ids = set(submitted(done))
    completed = (cluster / "log" / "jobcomp.log").read_text()
    assert len(ids) > 20
    assert all(f"JobId={job} " in completed for job in ids)
    jobs = int(re.findall(r"^total +(\d+)", done.stderr, re.MULTILINE)[0])
    finished = len(re.findall(r"Finished jobid: \d+ \(Rule: (?!all)", done.stderr))
    assert finished == jobs - 1


def assert_the_example_still_holds(fresh: Path) -> None:
    """The demo's figures in the repository are those of this run, times aside; on another make of processor, to three points."""
    key = ["dataset", "backbone", "representation", "metric"]
    kept, new = (pd.read_csv(folder / "metrics.csv").set_index(key) for folder in (ROOT / "reports/demo", fresh))
    assert list(kept.index) == list(new.index)
    assert (kept["value"] - new["value"]).abs().max() <= 0.03
    assert (kept[["n", "dimensions", "bytes"]] == new[["n", "dimensions", "bytes"]]).all(axis=None)
    assert {path.name for path in (ROOT / "reports/demo").iterdir()} >= {path.name for path in fresh.iterdir()}


def meanwhile(act, wait: float) -> threading.Thread:
    thread = threading.Thread(target=lambda: (time.sleep(wait), act()))
    thread.start()
    return thread


def cancel_one() -> None:
    """scancel the first job that runs."""
    for _ in range(200):
        running = sh("squeue", "-h", "-t", "R", "-o", "%i", check=False).split()
        if running:
            sh("scancel", running[0], check=False)
            return
        time.sleep(0.5)


def test_a_cancelled_job_is_submitted_again(cluster, tmp_path):
    write_config(tmp_path, **FEW)
    thread = meanwhile(cancel_one, 10)
    done = on_slurm(tmp_path)
    thread.join()
    assert done.returncode == 0, done.stderr[-4000:]
    assert "CANCELLED" in (cluster / "log" / "jobcomp.log").read_text()
    assert (tmp_path / "reports/few/metrics.csv").exists()


def test_a_node_that_dies_and_comes_back(cluster, tmp_path):
    """slurmd and its jobs killed on one node; ten seconds later it is there again."""
    write_config(tmp_path, **FEW)

    def die_and_return() -> None:
        pid = int((cluster / "run" / "slurmd-n1.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        stop("slurmstepd")
        time.sleep(20)
        sh("slurmd", "-N", "n1", check=False)

    thread = meanwhile(die_and_return, 15)
    done = on_slurm(tmp_path)
    thread.join()
    if done.returncode:  # what was lost is said; the same command goes on
        assert "rror" in done.stderr
        done = on_slurm(tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    assert (tmp_path / "reports/few/metrics.csv").exists()


def test_a_job_over_its_memory_gets_more(cluster, tmp_path):
    """Killed by Slurm at its first attempt, given three times as much by its third."""
    write_config(tmp_path, **FEW)
    done = on_slurm(tmp_path, "--set-resources", "train_tinyalex:mem_mb=250*attempt*attempt")
    assert done.returncode == 0, done.stderr[-4000:]
    assert "OUT_OF_MEMORY" in (cluster / "log" / "jobcomp.log").read_text() or "Trying to restart job" in done.stderr
