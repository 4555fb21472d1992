"""Backbones: pre-trained networks, loaded with their weights, dense, with the papers' layer roles tapped.

Nothing here imports torch until a network is asked for.
"""

from typing import Any

from orderless.errors import OrderlessError, nearest


def architecture(backbone: dict, name: str):
    """The bare torch module of a catalog entry, with random weights."""
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
            f"backbone '{name}': torchvision has no model '{backbone['model']}'.{nearest(backbone['model'], valid)}"
        )
    # aux classifiers of GoogLeNet and Inception are no part of the representation
    extra = {"init_weights": False} if backbone["model"] in ("googlenet", "inception_v3") else {}
    return models.get_model(backbone["model"], weights=None, **extra)


def timm_model(backbone: dict, name: str, pretrained: bool = False):
    """A model of timm; a transformer's takes inputs of any size, its position embeddings interpolated by timm."""
    try:
        import timm
    except ImportError as error:
        raise OrderlessError(f"backbone '{name}': timm is not installed. Type: pip install 'orderless[timm]'") from error
    model = backbone["model"]
    options: dict[str, Any] = {"dynamic_img_size": True} if "patch" in backbone else {}
    if not timm.is_model(model):
        raise OrderlessError(f"backbone '{name}': timm has no model '{model}'.{nearest(model, timm.list_models())}")
    try:
        return timm.create_model(model, pretrained=pretrained, **options)
    except TypeError as error:
        raise OrderlessError(f"backbone '{name}': timm's '{model}' takes no 'patch' ({error}). Leave it out.") from error


def densify(model, backbone: dict, name: str):
    """The dense network of a module: its maps at every position, or a transformer's patch tokens where the entry has a `patch`."""
    from orderless.backbones.dense import DenseNetwork
    from orderless.backbones.tokens import TokenNetwork, patch_side

    own, told = patch_side(model), backbone.get("patch")
    if own != told:
        what = f"is a transformer of patches of {own} pixels. Set 'patch: {own}'" if own else "has no patches. Leave 'patch' out"
        raise OrderlessError(f"catalog.backbones.{name}: the network {what}.")
    return (TokenNetwork if told else DenseNetwork)(model, backbone["layers"], backbone["input"], name)


def pick_device(device: str) -> str:
    """`auto` becomes `cuda` where there is a GPU, else `cpu`; the choice is printed."""
    import torch

    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise OrderlessError("config.device: 'cuda' is asked for, and torch sees no GPU. Set device: cpu or auto.")
    chosen = "cuda" if found and device != "cpu" else "cpu"
    print(f"device: {torch.cuda.get_device_name() if chosen == 'cuda' else 'cpu'}")
    return chosen
