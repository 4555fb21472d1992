"""Build the network of a catalog entry, make it dense, choose the device. torch is imported only when a network is built."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from orderless.errors import OrderlessError, nearest

TAKEN: list = []  # the lock of the GPU that this process made its own


def architecture(backbone: dict, name: str):
    """The torch module of a catalog entry, with random weights."""
    kind = backbone["kind"]
    if kind == "tinyalex":
        from orderless.backbones.tinyalex import tinyalex

        return tinyalex()
    if kind == "timm":
        return timm_model(backbone, name)
    if kind != "torchvision":
        from orderless.backbones.caffenet import NETWORKS

        return NETWORKS[kind](**{key: backbone[key] for key in ("pooling",) if key in backbone})
    from torchvision import models

    valid = models.list_models(module=models)
    if backbone["model"] not in valid:
        raise OrderlessError(
            f"catalog.backbones.{name}.model: torchvision has no model '{backbone['model']}'.{nearest(backbone['model'], valid)}"
        )
    # GoogLeNet and Inception warn about slow initialisation otherwise; the weights are replaced anyway
    extra = {"init_weights": False} if backbone["model"] in ("googlenet", "inception_v3") else {}
    return models.get_model(backbone["model"], weights=None, **extra)


def timm_model(backbone: dict, name: str, pretrained: bool = False):
    """A model of timm. A transformer takes inputs of any size: timm interpolates its position embeddings."""
    try:
        import timm
    except ImportError as error:
        raise OrderlessError(f"backbone '{name}': timm is not installed. Type: pip install 'orderless[timm]'") from error
    model = backbone["model"]
    options: dict[str, Any] = {"dynamic_img_size": True} if "patch" in backbone else {}
    if not timm.is_model(model):
        raise OrderlessError(f"catalog.backbones.{name}.model: timm has no model '{model}'.{nearest(model, timm.list_models())}")
    try:
        return timm.create_model(model, pretrained=pretrained, **options)
    except TypeError as error:
        raise OrderlessError(f"backbone '{name}': timm's '{model}' takes no 'patch' ({error}). Leave it out.") from error


def densify(model, backbone: dict, name: str):
    """The dense network of a module; for an entry with `patch`, that of a vision transformer."""
    from orderless.backbones.dense import DenseNetwork
    from orderless.backbones.tokens import TokenNetwork, patch_side

    side = patch_side(model)
    if side != backbone.get("patch"):
        fault = "has no patches. Leave 'patch' out"
        if side:
            fault = f"is a transformer with patches of {side} pixels. Set 'patch: {side}'"
        raise OrderlessError(f"catalog.backbones.{name}: the network {fault}.")
    return (TokenNetwork if side else DenseNetwork)(model, backbone["layers"], backbone["input"], name)


def pick_device(device: str, precision: str = "float32") -> str:
    """The device to use: for `auto`, `cuda` if torch sees a GPU, else `cpu`. The choice is printed, with the precision.

    precision: of forward passes, `float32`, `tf32` or `bfloat16`. torch's own default is that convolutions of float32 round their
    inputs to the 10 bits of TF32 on a GPU; here that is done for `tf32` alone.
    """
    import torch

    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise OrderlessError("config.device: 'cuda' is set, but torch sees no GPU. Set device: cpu or auto.")
    chosen = "cuda" if available and device != "cpu" else "cpu"
    if chosen == "cuda":
        take_card()
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    print(f"device: {torch.cuda.get_device_name() if chosen == 'cuda' else 'cpu'}, forward passes in {precision}")
    return chosen


def take_card() -> None:
    """Where torch sees several GPUs, make one the process's own that no other job of this user has, until the process ends.

    Where all are taken, they are shared. A scheduler that hands a job one card shows it that one alone.
    """
    import torch
    from filelock import FileLock, Timeout

    count = torch.cuda.device_count()
    if count < 2 or TAKEN:
        return
    for card in range(count):
        uuid = torch.cuda.get_device_properties(card).uuid  # its number depends on what a job is shown
        lock = FileLock(Path(tempfile.gettempdir()) / f"orderless-{os.getuid()}-{uuid}.lock")
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            TAKEN.append(lock)
            torch.cuda.set_device(card)
            return
    torch.cuda.set_device(os.getpid() % count)
