"""What every script of the workflow does around its work: a log, a clear last line when it fails, progress lines."""

import contextlib
import errno
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from orderless.errors import OrderlessError

# bytes; glibc reads them when a process starts
KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": 2**30, "MALLOC_TRIM_THRESHOLD_": 2**30, "MALLOC_TOP_PAD_": 2**26}


def prepare_environment(root: str) -> None:
    """Let the jobs of this process find the library at `root`, and compute on one thread each.

    One thread a job makes results independent of the number of cores: more cores run more jobs at once. Memory that a forward pass
    frees is kept for the next: glibc would hand it back and fault every page in anew, which takes longer than the convolutions.
    """
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    for variable, size in KEPT_MEMORY.items():
        os.environ.setdefault(variable, str(size))


def run(main: Callable[[Any], None], snakemake: Any) -> None:
    """Call main(snakemake) with its output in the job's log. A user's error ends the job with its message alone."""
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


def progress(items: Iterable, count: int, what: str = "images", every: float = 5.0) -> Iterator:
    """Pass items on; every few seconds print how many are done, how many a second, and the time left."""
    begin = last = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if now - last >= every:
            last, rate = now, done / (now - begin)
            print(f"{done} of {count} {what}, {rate:.1f} a second, {(count - done) / rate:.0f} s left")
        yield item
    taken = time.monotonic() - begin
    print(f"{count} {what} in {taken:.1f} s, {count / max(taken, 1e-9):.1f} a second")
