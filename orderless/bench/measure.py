"""Benchmarks: each figure of ours beside its peer's and beside the machine's limit, measured in one run.

One module a topic, with `measure() -> list of rows` (see `row`). `python -m orderless.bench TOPIC --out FILE` runs one in a
process of its own and adds the machine's stamp and the peak of its memory.
"""

import time
from collections.abc import Callable
from timeit import timeit
from typing import Any

import numpy as np

from orderless.bench.machine import installed, stamp

TOPICS = ["fisher", "codebooks", "extraction", "classification", "retrieval"]
REST = 0.1  # seconds: the threads of another library's pool wait busily for its next work, tens of milliseconds long


def paired(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """The median seconds of each call, all called in turn `repeats` times after two calls that do not count.

    A turn begins with a rest; a short call is then made again and again for about as long, as in a loop over images.
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
    """Seconds of one call, and what it returned."""
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def row(figure: str, peer: str, ours: float, theirs: float, limit: float | None = None, **notes: Any) -> dict:
    """One line of the benchmark, in seconds. ratio: peer over ours. limit: what the machine allows, measured in the same run.

    notes: what else is to be known; `wanted`, where given, is the least ratio that the suite holds itself to.
    """
    found = {"figure": figure, "peer": peer, "ours_seconds": ours, "peer_seconds": theirs, "ratio": theirs / ours}
    return found | {"limit_seconds": limit, "notes": notes}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    import torch

    packages = {name: installed(name) for name in ("torch", "numpy", "scikit-learn", "faiss-cpu", "cyvlfeat")}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return stamp() | {"gpu": gpu, "threads": torch.get_num_threads(), "packages": packages}
