"""Weights of networks: read from files of many formats, fetched from their publishers, loaded into modules, saved."""

import contextlib
import os
from pathlib import Path

from orderless.backbones.networks import architecture, densify, timm_model
from orderless.errors import OrderlessError, nearest
from orderless.files.storage import Tensors, checksum, file_hash, recipe, save


def read_weights(path: str | Path) -> dict:
    """The tensors of a weights file: safetensors, or a torch `state_dict`. Pickled code is refused."""
    import torch
    from safetensors.torch import load_file

    path = Path(path)
    if not path.is_file():
        raise OrderlessError(f"{path}: no such weights file. Set the backbone's 'weights' to a file that exists.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types of errors for damaged files
        if "weights_only" in str(error):
            problem = "holds pickled code, perhaps a whole model, and such code is not run"
            raise OrderlessError(
                f"{path}: {problem}. Where it was made: torch.save(model.state_dict(), ...), and give that."
            ) from error
        raise OrderlessError(
            f"{path}: cannot be read as weights ({error}). Give a safetensors file or a torch state_dict."
        ) from error
    if isinstance(state, dict):
        state = state.get("state_dict", state)
    tensors = isinstance(state, dict) and all(isinstance(key, str) and torch.is_tensor(value) for key, value in state.items())
    if not tensors:
        what = "entries that are no tensors" if isinstance(state, dict) else f"a {type(state).__name__}"
        raise OrderlessError(f"{path}: holds {what}, not a state_dict. Save model.state_dict() and give that.")
    parallel = all(str(key).startswith("module.") for key in state)  # saved from a model inside DataParallel
    return {key.removeprefix("module."): value for key, value in state.items()} if parallel else state


def set_weights(model, state: dict, name: str, source: str) -> None:
    """Load tensors into the module as float32. Raises OrderlessError unless names and shapes are the module's and values finite."""
    expected = model.state_dict()
    missing, surplus = sorted(set(expected) - set(state)), sorted(set(state) - set(expected))
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]
    shapes = [key for key in expected if key in state and expected[key].shape != state[key].shape]
    if missing or surplus or shapes:
        difference = (
            f"lacks '{missing[0]}'" if missing else f"has '{surplus[0]}'" if surplus else f"differs in the shape of '{shapes[0]}'"
        )
        raise OrderlessError(
            f"{source}: is not of backbone '{name}': it {difference} ({len(missing)} missing, {len(surplus)} unknown, "
            f"{len(shapes)} of another shape). Give the weights of this network, or name the network of these weights."
        )
    model.load_state_dict({key: value.float() for key, value in state.items()}, strict=False)
    broken = [key for key, value in model.state_dict().items() if not value.isfinite().all()]
    if broken:
        raise OrderlessError(f"{source}: '{broken[0]}' holds values that are not finite. The file is damaged: fetch it again.")


def fetch_model(backbone: dict, name: str):
    """The module of a catalog entry with the weights that it names, and a text that says where they are from.

    `weights` with a suffix is a file. Without a suffix it is a name among the entry's `published` files, or of weights that
    torchvision or timm fetches.
    """
    model, weights = architecture(backbone, name), backbone["weights"]
    fetch = {"torchvision": torchvision_state, "timm": timm_state}.get(backbone["kind"])
    if fetch and not Path(weights).suffix:
        state, source = fetch(backbone, name)
    else:
        path = Path(weights) if Path(weights).suffix else published(backbone, name)
        state, source = state_of(path, model, backbone, name), f"{path.name}, sha256 {file_hash(path)}"
    set_weights(model, state, name, weights)
    return model, source


def state_of(path: Path, model, backbone: dict, name: str) -> dict:
    """The state_dict in a file of any supported format."""
    from orderless.backbones import caffe
    from orderless.backbones.caffenet import NETWORKS

    if path.suffix not in caffe.SUFFIXES or not path.is_file():
        return read_weights(path)
    if backbone["kind"] not in NETWORKS:
        raise OrderlessError(f"{path}: such files are read for {', '.join(NETWORKS)} only. Give backbone '{name}' a state_dict.")
    return caffe.load(path, model, backbone, name)


def published(backbone: dict, name: str) -> Path:
    """The file of the entry's `published` that `weights` names, fetched if it is not in the cache.

    The cache is $ORDERLESS_CACHE, or else the user's cache folder.
    """
    from filelock import FileLock
    from pooch import os_cache

    from orderless.files.disk import writing
    from orderless.files.downloads import Source, fetch, verify

    files, weights = backbone.get("published", {}), backbone["weights"]
    if weights not in files:
        raise OrderlessError(
            f"catalog.backbones.{name}.weights: '{weights}' is not published.{nearest(weights, files)} "
            "A file is given by its path, with its suffix."
        )
    urls = files[weights]["urls"]
    source = Source(urls[0].rpartition("/")[2], tuple(urls), files[weights]["hash"], key="weights")
    folder = Path(os.environ.get("ORDERLESS_CACHE") or os_cache("orderless"))
    if (folder / source.name).is_file():  # without a lock: the folder may be read-only
        with contextlib.suppress(OrderlessError):
            verify(folder / source.name, source)
            return folder / source.name
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):  # several jobs may need the same file
            return fetch(source, folder)


def torchvision_state(backbone: dict, name: str) -> tuple[dict, str]:
    """Weights that torchvision publishes, and their URL."""
    from torchvision import models

    choice = backbone["weights"]
    valid = [weights.name for weights in models.get_model_weights(backbone["model"])]
    if choice not in [*valid, "DEFAULT"]:
        raise OrderlessError(
            f"catalog.backbones.{name}.weights: torchvision has no '{choice}' for {backbone['model']}."
            f"{nearest(choice, [*valid, 'DEFAULT'])} A file is given by its path, with its suffix."
        )
    weights = models.get_model_weights(backbone["model"])[choice]
    try:
        return weights.get_state_dict(progress=True, check_hash=True), weights.url
    except OSError as error:
        raise OrderlessError(
            f"{weights.url}: could not be fetched ({error}). Fetch it on a computer with internet access and give the file: "
            f"catalog.backbones.{name}.weights: path/to/file.pth"
        ) from error


def timm_state(backbone: dict, name: str) -> tuple[dict, str]:
    """The weights for the tag in a timm model's name, and where timm fetches them."""
    if backbone["weights"] != "DEFAULT":
        raise OrderlessError(
            f"catalog.backbones.{name}.weights: timm names weights by the model's tag ('{backbone['model'].split('.')[0]}.<tag>'). "
            "Set 'DEFAULT', or give a file with its suffix."
        )
    try:
        model = timm_model(backbone, name, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise OrderlessError(
            f"backbone '{name}': timm could not fetch '{backbone['model']}' ({error}). Fetch its model.safetensors on a "
            f"computer with internet access and give the file: catalog.backbones.{name}.weights: path/to/model.safetensors"
        ) from error
    return model.state_dict(), f"timm, {model.pretrained_cfg.get('hf_hub_id') or backbone['model']}"


def save_weights(model, backbone: dict, path: str | Path, source: str, **header) -> None:
    """Keep a module's tensors in a file of this suite. header: what else it says of what made them."""
    tensors = {key: value.numpy() for key, value in model.state_dict().items()}
    content = {key: checksum(value) for key, value in tensors.items()}
    save(path, tensors, "weights", source=source, **{"recipe": recipe("weights", backbone, content)} | header)


def load(backbone: dict, name: str, weights: str | Path, device: str = "cpu"):
    """The dense network of a catalog entry on a device, with the weights of a file written by `save_weights`."""
    import torch

    model = architecture(backbone, name)
    stored = Tensors(weights, "weights")
    set_weights(model, {key: torch.from_numpy(stored[key]) for key in stored.names()}, name, str(weights))
    return densify(model, backbone, name).place(device)


def card(backbone: dict, name: str, weights: str | Path) -> dict:
    """Facts about a network for the report: the source of its weights, and the geometry of each role's layer."""
    network = load(backbone, name, weights)
    header = Tensors(weights, "weights").header
    layers = {role: vars(network.geometry[role]) | {"node": node} for role, node in network.layers.items()}
    facts = {key: header[key] for key in ("source", "recipe", "single_digit_accuracy") if key in header}
    return {"backbone": name} | facts | {"input": backbone["input"], "layers": layers}
