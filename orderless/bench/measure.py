"""How calls are timed side by side, and the rows of the benchmark.

Each topic is a module with a function `measure` that returns rows (see `comparison`). `python -m orderless.bench TOPIC --out FILE`
runs one topic in a process of its own, and adds facts about the computer and the peak of the process's memory.
"""

import time
from collections.abc import Callable
from timeit import timeit
from typing import Any

import numpy as np

from orderless.bench.machine import stamp
from orderless.files.versions import installed

TOPICS = ["fisher", "codebooks", "extraction", "classification", "retrieval"]
REST = 0.1  # seconds before each call: threads of another library wait for more work for tens of milliseconds, and use the cores


def paired(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """The median seconds of each call. All calls are made in turn, `repeats` times, after two calls that do not count.

    Each turn of a call starts with a rest of REST seconds. A short call is then repeated for about REST seconds, as in a loop over
    images.
    """
    for call in calls.values():
        call()
    numbers = {name: max(1, round(REST / timed(call)[0])) for name, call in calls.items()}
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            time.sleep(REST)
            spent[name].append(timeit(call, number=numbers[name]) / numbers[name])
    return {name: float(np.median(times)) for name, times in spent.items()}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds of one call, and its result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def comparison(figure: str, peer: str, ours: float, theirs: float, limit: float | None = None, **notes: Any) -> dict:
    """A row of the benchmark: a figure of the suite beside a peer's.

    figure: what was measured. ours, theirs: seconds. limit: the seconds that the machine needs at least, measured in the same run.
    notes: other facts; `wanted` is the smallest ratio of theirs to ours that the suite aims at.
    """
    times = {"figure": figure, "peer": peer, "ours_seconds": ours, "peer_seconds": theirs, "ratio": theirs / ours}
    return times | {"limit_seconds": limit, "notes": notes}


def machine() -> dict[str, Any]:
    """Facts about the computer and the libraries that the figures were measured with."""
    import torch

    packages = {name: installed(name) for name in ("torch", "numpy", "scikit-learn", "faiss-cpu", "cyvlfeat")}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return stamp() | {"gpu": gpu, "threads": torch.get_num_threads(), "packages": packages}
