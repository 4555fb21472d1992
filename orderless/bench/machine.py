"""Facts about the computer, and the version of the code, for reports."""

import os
import platform
import subprocess
from pathlib import Path


def processor() -> str:
    """The name of the processor, if the system states it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def memory_gib() -> float:
    """The memory of the computer in GiB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def stamp() -> dict[str, str | int | float | None]:
    """Processor, number of cores, memory in GiB, system, version of Python."""
    return {"processor": processor(), "cores": os.cpu_count(), "memory_gib": memory_gib(), "system": platform.system(),
            "python": platform.python_version()}  # fmt: skip


def commit(folder: str | Path, code: list[str]) -> str:
    """The revision of a git repository, with `(changed)` if files of `code` differ from it; empty if there is no repository."""
    if not Path(folder, ".git").exists():
        return ""
    git = ["git", "-C", str(folder)]
    try:
        revision = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", *code], check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{revision} (changed)" if changed else revision
