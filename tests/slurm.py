"""A private Slurm of two nodes on this machine: its own configuration, ports, munge socket and processes, all in one folder.

Nothing of a Slurm of the system is read, written or stopped: every command is handed the configuration by SLURM_CONF, and
processes are ended by their ids, which are those that have this SLURM_CONF in their environment.
"""

import contextlib
import getpass
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sinfo")
OF_THE_SYSTEM = [Path("/") / name for name in ("etc/slurm", "etc/munge", "var/lib/slurm", "run/slurm", "run/munge")]
NODES = ("n1", "n2")
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
PlugStackConfig={folder}/plugstack.conf
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
KillWait=5
MinJobAge=3600
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 CoresPerSocket=2 RealMemory=20000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 CoresPerSocket=2 RealMemory=20000
PartitionName=cpu Nodes=ALL Default=YES MaxTime=600 DefaultTime=5 DefMemPerCPU=500 State=UP OverSubscribe=NO
"""


def hashes_of_the_system() -> dict[str, str]:
    """Every file of a Slurm or a munge of the system, with a hash of what it holds, or its kind where it is no plain file."""

    def content(path: Path) -> str:
        readable = path.is_file() and os.access(path, os.R_OK)
        return hashlib.sha256(path.read_bytes()).hexdigest() if readable else str(path.lstat().st_mode)

    return {str(path): content(path) for root in OF_THE_SYSTEM if root.is_dir() for path in sorted(root.rglob("*"))}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def refuse() -> None:
    """Skip where tests must not start a Slurm: outside CI, and where this machine has its own. Fail where it is not installed."""
    if os.environ.get("CI") != "true":
        pytest.skip("a private Slurm is started only in CI: set CI=true")
    for path in ("/etc/slurm/slurm.conf", "/etc/slurm-llnl/slurm.conf", os.environ.get("SLURM_CONF", "")):
        if path and Path(path).exists():
            pytest.skip(f"NOT TESTED ON SLURM: this machine belongs to a Slurm ({path}), which the tests leave alone")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    assert not missing, f"{missing} not installed: apt-get install slurmctld slurmd slurm-client munge"


def kill(processes: list[psutil.Process]) -> None:
    """End processes at once, each job's with the slurmstepd above it, whose environment is empty."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            above = process.parent()
            if above and above.name() == "slurmstepd":
                above.kill()
            process.kill()


class Cluster:
    """The private Slurm. folder: of everything that it has. environment: for the commands that are to talk to it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="orderless-slurm-"))
        self.folder.chmod(0o755)  # munge wants its socket where everybody may go
        for name in ("state", "spool", "run", "log", "bin"):
            (self.folder / name).mkdir()
        self.conf, self.completed_jobs = self.folder / "slurm.conf", self.folder / "log" / "jobcomp.log"
        # Snakemake's plugin starts srun inside a job without the variables of Slurm: this srun has its configuration again.
        (self.folder / "bin" / "srun").write_text(f'#!/bin/sh\nSLURM_CONF={self.conf} exec {shutil.which("srun")} "$@"\n')
        (self.folder / "bin" / "srun").chmod(0o755)
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        self.environment = {**os.environ, "SLURM_CONF": str(self.conf), "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        self.started: list[subprocess.Popen] = []
        self.nodes: dict[str, subprocess.Popen] = {}

    def start(self) -> "Cluster":
        """Start munge, the controller and both nodes, and wait until the nodes are idle."""
        user, host = getpass.getuser(), socket.gethostname()
        self.conf.write_text(CONF.format(folder=self.folder, user=user, host=host, ports=free_ports(3)))
        (self.folder / "plugstack.conf").touch()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        files = {
            "socket": "munge.socket",
            "key-file": key.name,
            "pid-file": "munge.pid",
            "log-file": "munge.log",
            "seed-file": "munge.seed",
        }
        self.daemon("munged", "--foreground", *(f"--{option}={self.folder / name}" for option, name in files.items()))
        self.until(lambda: (self.folder / "munge.socket").exists(), "munge.log")
        self.daemon("slurmctld", "-D", "-c", "-f", str(self.conf))
        for node in NODES:
            self.start_node(node)
        self.until(lambda: self.run("sinfo", "-h", "-o", "%t", check=False).split() == ["idle"], "log/slurmctld.log")
        return self

    def daemon(self, *command: str) -> subprocess.Popen:
        """Start a process that is ended with the cluster."""
        with open(self.folder / "log" / "daemons.log", "a") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        self.started.append(process)
        return process

    def start_node(self, node: str) -> None:
        """Start a node's daemon."""
        self.nodes[node] = self.daemon("slurmd", "-D", "-f", str(self.conf), "-N", node)

    def kill_node(self, node: str) -> None:
        """Kill a node's daemon and all of the jobs that it runs, at once."""
        self.nodes[node].kill()
        self.nodes[node].wait()
        kill(self.processes(SLURMD_NODENAME=node))

    def until(self, reached, log: str, seconds: int = 30) -> None:
        """Wait for something; fail with the end of a log where it does not come."""
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end:
                written = [
                    (self.folder / name).read_text()[-3000:] for name in (log, "log/daemons.log") if (self.folder / name).exists()
                ]
                pytest.fail("\n".join(written))
            time.sleep(0.2)

    def run(self, *command: str, check: bool = True) -> str:
        """What a command of Slurm prints."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=check).stdout

    def processes(self, **having: str) -> list[psutil.Process]:
        """The processes of this cluster, by the configuration in their environment; having: what more is there (SLURM_JOB_ID)."""
        wanted, found = {"SLURM_CONF": str(self.conf), **having}, []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if wanted.items() <= process.environ().items():
                    found.append(process)
        return found

    def completed(self) -> list[dict[str, str]]:
        """The jobs that ended: what Slurm noted of each (JobId, JobState, TimeLimit, ...)."""
        lines = self.completed_jobs.read_text().splitlines() if self.completed_jobs.exists() else []
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def logs(self) -> str:
        """What the nodes wrote."""
        return "".join(path.read_text() for path in sorted((self.folder / "log").glob("slurmd-*.log")))

    def stop(self) -> None:
        """End every process and delete the folder."""
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        kill(self.processes())
        shutil.rmtree(self.folder)
