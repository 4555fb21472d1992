"""Devices: clocks that wait for a GPU, the one that was asked for, and the precision that was; with fakes, as no GPU is needed."""

import time

import numpy as np
import pytest
import torch
from PIL import Image

from orderless import backends
from orderless.activations.extraction import Extractor
from orderless.analyses.timings import naive_against_dense
from orderless.backbones.dense import DenseNetwork
from orderless.backbones.networks import pick_device
from orderless.backbones.tinyalex import tinyalex

ENTRY = {"input": 32, "canvas": 36, "mean": [0.5] * 3, "std": [0.5] * 3}
SETS = {"fc7": {"views": {"kind": "whole"}, "layer": {"tap": "fc7"}, "projection": None}}


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """What happens, in order: `wait` for the GPU, `clock` read, network's `forward` pass."""
    happened: list[str] = []
    clock = time.perf_counter

    def read() -> float:
        happened.append("clock")
        return clock()

    monkeypatch.setattr(time, "perf_counter", read)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device=None: happened.append("wait"))
    return happened


def extractor(calls: list[str], kind: str) -> Extractor:
    """An extractor whose network is on the CPU, and which takes it for a device of some kind."""
    made = Extractor(DenseNetwork(tinyalex(), {"fc7": "relu7"}, 32, "tiny"), ENTRY, SETS)
    forward, made.kind = made.forward, kind

    def noted(inputs):
        calls.append("forward")
        made.kind = "cpu"
        maps = forward(inputs)
        made.kind = kind
        return maps

    made.forward = noted
    return made


def measure(extractor: Extractor, how: str) -> None:
    picture = Image.fromarray(np.zeros((40, 40, 3), np.uint8))
    if how == "describe":
        extractor.describe(picture)
    else:
        naive_against_dense(extractor, [picture], [1, 2], "fc7")


@pytest.mark.parametrize("how", ["describe", "naive_against_dense"])
def test_no_clock_is_read_before_the_gpu_is_done(calls, how):
    measure(extractor(calls, "cuda"), how)
    assert calls.count("forward") == (1 if how == "describe" else 4)
    assert calls.count("clock") == (4 if how == "describe" else 8)
    assert all(calls[place - 1] == "wait" for place, call in enumerate(calls) if call == "clock")


def test_nothing_waits_for_a_gpu_that_is_not_used(calls, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    measure(extractor(calls, "cpu"), "naive_against_dense")
    assert "wait" not in calls


def test_the_torch_backend_stays_on_the_device_that_is_asked_for(monkeypatch, rng):
    """With `device: cpu` a GPU is left alone, although there is one; `auto` and `cuda` take it."""
    x = rng.normal(size=(50, 4)).astype(np.float32)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    asked: list[str] = []
    real = torch.as_tensor

    def on_cpu(array, device):
        asked.append(device)
        return real(array, device="cpu")

    monkeypatch.setattr(torch, "as_tensor", on_cpu)
    for device, expected in (("cpu", "cpu"), ("auto", "cuda"), ("cuda", "cuda")):
        asked.clear()
        backend = backends.get("torch", device)
        mixture, centres = backend.gmm(x, 2, 3, 0), backend.kmeans(x, 2, 3, 0)
        backend.fisher_vector(x, mixture)
        backend.fisher_vectors(x, [20, 30], mixture)
        backend.vlad(x, centres, 2, 1.0)
        backend.vlads(x, [20, 30], centres, 2, 1.0)
        assert set(asked) == {expected}


@pytest.mark.parametrize(("precision", "rounded"), [("float32", False), ("bfloat16", False), ("tf32", True)])
def test_tf32_is_used_where_it_is_asked_for(precision, rounded, capsys):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = not rounded  # cudnn's is on in a new process
    assert pick_device("cpu", precision) == "cpu"
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == (rounded, rounded)
    assert capsys.readouterr().out == f"device: cpu, forward passes in {precision}\n"
    pick_device("cpu")
