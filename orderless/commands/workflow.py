"""The workflow as a child process: with a bar, one at a time in a folder, and stopped whenever its parent is stopped."""

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from orderless.errors import OrderlessError

JOB = re.compile(r"^(?:local)?(?:rule|Job \d+): (.*)")
STEPS = re.compile(r"^(\d+) of (\d+) steps")
PACE = re.compile(r"^  (\S+ \S+: \d+ of \d+ .* left)$")  # of `files.jobs.progress`
PATIENCE = 20  # seconds that a run has to end when it is stopped


def snakefile() -> Path:
    """The Snakefile of the suite. Raises OrderlessError where only the library is installed."""
    from orderless.catalog.entries import WORKFLOW

    found = WORKFLOW.parent / "Snakefile"
    if not found.is_file() or importlib.util.find_spec("snakemake") is None:
        raise OrderlessError(
            "orderless rank runs the workflow, and only the library is installed here. Set up its repository: make demo"
        )
    return found


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[int]:
    """Hold a folder, so that no second run works in it. Yields the lock's file descriptor.

    The system frees the lock when the last process that has the descriptor ends, even if it is killed.
    """
    import fcntl

    with open(folder / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OrderlessError(
                f"{folder}: another `orderless rank` is running here. Wait for it, or name another --out."
            ) from error
        yield file.fileno()


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP (a closed terminal) raise KeyboardInterrupt, as Ctrl-C does."""

    def stop(*_) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def snakemake(folder: Path, *arguments: str) -> None:
    """Run the workflow in a folder. Raises OrderlessError with its error messages if it fails.

    If this process is stopped, so are the workflow and its jobs, before the exception leaves this function.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile()), "--directory", str(folder), *arguments]
    with alone(folder) as lock, terminable():
        # In a process group of its own the workflow and its jobs get each signal once. `alone` stands in for Snakemake's lock,
        # which a killed process leaves behind.
        process = subprocess.Popen(
            [*command, "--nolock"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            pass_fds=[lock],
        )
        try:
            lines = followed(process)
        except BaseException:
            end(process)
            raise
    if process.returncode:
        raise OrderlessError(f"the workflow stopped:\n{failure(lines)}\nWhat is done is kept: mend it, and type the same command.")


def followed(process: subprocess.Popen) -> list[str]:
    """The output of the workflow, shown as a bar over its jobs while it runs."""
    from tqdm import tqdm

    lines: list[str] = []
    with tqdm(unit=" jobs", leave=False) as bar:
        for line in process.stdout or ():
            lines.append(line)
            if match := JOB.match(line) or PACE.match(line):
                bar.set_postfix_str(match[1][:80])
            elif match := STEPS.match(line):
                bar.total, bar.n = int(match[2]), int(match[1])
                bar.refresh()
        process.wait()
    return lines


def end(process: subprocess.Popen) -> None:
    """Stop the workflow and all of its jobs: Ctrl-C for its process group, and what is left after PATIENCE is killed."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired, KeyboardInterrupt):  # Ctrl-C again: no patience
            os.killpg(process.pid, number)
            process.communicate(timeout=PATIENCE)


def failure(lines: list[str]) -> str:
    """The lines of the workflow's output that say why it failed."""
    errors = [line.strip() for line in lines if line.startswith(("error:", "    error:")) or "Error: " in line]
    for line, after in pairwise(lines):
        if line.startswith("WorkflowError"):  # Snakemake puts the message on the next line
            errors.append(after.strip())
    return "\n".join(dict.fromkeys(errors)) or "".join(lines[-20:])
