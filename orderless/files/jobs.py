"""What every script of the workflow shares: a log, a clear last line if it fails, and lines of progress."""

import contextlib
import errno
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError

# glibc's settings in bytes, read when a process starts
KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": 2**30, "MALLOC_TRIM_THRESHOLD_": 2**30, "MALLOC_TOP_PAD_": 2**26}

TITLE: list[str] = []  # of the job that this process runs, for lines on the terminal


def prepare_environment(root: str, megapixels: float) -> None:
    """Set the environment of this process's jobs: the library at `root`, one thread each, the largest image that they read.

    With one thread for each job, results do not depend on the number of cores; more cores run more jobs at once. The memory that a
    forward pass frees is kept for the next one: by default glibc returns it to the system, and mapping every page again takes
    longer than the convolutions.
    """
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ["ORDERLESS_MEGAPIXELS"] = str(megapixels)
    for variable, size in KEPT_MEMORY.items():
        os.environ.setdefault(variable, str(size))


def run(main: Callable[[Any], None], snakemake: Any) -> None:
    """Call main(snakemake) with its output in the job's log. An OrderlessError ends the job with its message and no traceback."""
    TITLE.append(f"{snakemake.rule} {Path(snakemake.log[0]).stem}")
    with open(snakemake.log[0], "w", buffering=1) as log:
        try:
            with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
                main(snakemake)
        except (OrderlessError, OSError) as error:
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            if isinstance(error, OSError) and not full:
                log.write(traceback.format_exc())
                raise
            text = f"{error}: the disk is full. Make room, then run again." if full else str(error)
            log.write(f"error: {text}\n")
            print(f"\nerror: {text}\n", file=sys.stderr)
            sys.exit(1)
        except BaseException:
            log.write(traceback.format_exc())
            raise


def quiet(items: Iterable, count: int, what: str = "images") -> Iterable:
    """The items themselves: progress that is not shown."""
    return items


def bar(items: Iterable, count: int, what: str = "images") -> Iterable:
    """The items, with a progress bar on the terminal."""
    from tqdm import tqdm

    return tqdm(items, total=count, unit=f" {what}", leave=False)


def progress(items: Iterable, count: int, what: str = "images", every: float = 5.0) -> Iterator:
    """Yield the items. Every few seconds print how many are done, the rate, and the time left.

    The terminal gets the same line, ever less often: after 5, 15, 35, 75 seconds, then once a minute.
    """
    start = logged = shown = time.monotonic()
    pause = every  # between lines on the terminal
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now - logged >= every:
            left = (count - done) * (now - start) / done
            line, logged = f"{done} of {count} {what}, {rate(done, now - start)}, {left:.0f} s left", now
            print(line)
            if TITLE and now - shown >= pause:
                print(f"  {TITLE[-1]}: {line}", file=sys.__stderr__, flush=True)
                shown, pause = now, min(2 * pause, 60)
        yield item
    seconds = time.monotonic() - start
    print(f"{count} {what} in {seconds:.1f} s, {rate(count, seconds)}")


def rate(count: int, seconds: float) -> str:
    """A speed in words: items a second, or seconds for each item where they are slower."""
    return f"{count / max(seconds, 1e-9):.1f} a second" if seconds <= count else f"{seconds / max(count, 1):.1f} s each"
