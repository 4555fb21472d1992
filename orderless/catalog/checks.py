"""Checks of a selection: what a backbone cannot do, and choices that do not go together, are refused before any job starts.

This is read whenever the workflow is parsed: it imports nothing heavy.
"""

from typing import Any

from orderless import encoders
from orderless.catalog.entries import is_global, lookup
from orderless.errors import OrderlessError

CLASSIFIED, SEARCHED = "representations", "searched"  # keys of the configuration: what is classified, what is searched with
COMBINERS = ("mean", "counts", "sum", "concat")  # steps of `pooling` that make one vector of the levels' vectors

Entry = dict[str, Any]


def parts(entry: Entry) -> list[str]:
    """The representations that an entry of the catalog, or a row of a plan, is made of; none for most."""
    return entry.get("stack") or entry.get("fuse") or ([entry["of"]] if "of" in entry else [])


def check_purpose(catalog: dict[str, dict], name: str, purpose: str, above: tuple[str, ...] = ()) -> None:
    """Refuse to classify what can only be searched with, and to search with what is trained with class labels.

    purpose: CLASSIFIED or SEARCHED. above: the representations that this one is a part of.
    """
    entry = lookup(catalog, "representations", name, f"config.{purpose}")
    encoder = encoders.make(catalog["encoders"][entry["encoder"]]) if entry.get("encoder") in catalog["encoders"] else None
    if purpose == CLASSIFIED and ("fuse" in entry or "of" in entry or encoders.is_sparse(encoder)):
        raise OrderlessError(f"config.representations: '{name}' is searched with, not classified. Name it under 'searched'.")
    if purpose == SEARCHED and encoders.is_supervised(encoder):
        raise OrderlessError(f"config.searched: '{name}' is trained with class labels, which retrieval has none of. Leave it out.")
    for part in parts(entry):
        if name not in above:
            check_purpose(catalog, part, purpose, (*above, name))


def check_representation(name: str, entry: Entry, chosen: dict[str, Entry], backbone_id: str, backbone: Entry) -> None:
    """Refuse a representation whose choices do not go together, or that a backbone cannot compute.

    entry: of the catalog. chosen: the entries of its `layer`, `views` and `encoder`. backbone: the entry of backbone_id.
    """
    check_layers(name, chosen["layer"], backbone_id, backbone)
    check_choices(name, entry, **chosen)
    check_tokens(name, entry["views"], chosen, backbone_id, backbone)
    check_patches(entry["views"], chosen["views"], backbone["canvas"])


def check_layers(name: str, layer: Entry, backbone_id: str, backbone: Entry) -> None:
    """The backbone must name the layers that are tapped."""
    for role in filter(None, (layer.get("tap"), layer.get("guide"))):
        if role not in backbone["layers"]:
            raise OrderlessError(
                f"representation '{name}' needs layer '{role}', which backbone '{backbone_id}' does not name. "
                f"Add '{role}: <node>' to catalog.backbones.{backbone_id}.layers, or leave '{name}' out."
            )


def check_choices(name: str, entry: Entry, views: Entry, layer: Entry, encoder: Entry) -> None:
    """The choices of a representation must go together."""
    where, chain = f"catalog.representations.{name}", entry["pooling"]
    kind, sparse = encoders.make(encoder), encoders.is_sparse(encoders.make(encoder))
    if chain[-1] not in COMBINERS or any(step in COMBINERS for step in chain[:-1]):
        raise OrderlessError(f"{where}.pooling: {chain} must end in one of {', '.join(COMBINERS)}, with at most 'l2' before it.")
    if encoders.is_guided(kind) != ("guide" in layer):
        raise OrderlessError(
            f"{where}: a cross-layer encoder and a layer with a 'guide' belong together, but here one lacks the other. "
            "Change 'encoder' or 'layer'."
        )
    if "idf" in entry["normalisation"] and not sparse:
        raise OrderlessError(f"{where}.normalisation: 'idf' weighs words; the {encoder['kind']} encoder makes none. Leave it out.")
    if sparse and "sign" in entry["normalisation"]:
        raise OrderlessError(f"{where}.normalisation: a bag of words has no signs. Leave 'sign' out.")
    if sparse and {"levels", "regions", "reduce"} & entry.keys():
        raise OrderlessError(f"{where}: a bag of words takes no 'levels', 'regions' or 'reduce'. Leave them out.")
    if "levels" in entry and max(entry["levels"]) >= level_count(views):
        last = level_count(views) - 1
        raise OrderlessError(f"{where}.levels: {entry['levels']}, but view '{entry['views']}' has levels 0 to {last}. Name those.")
    if "regions" in entry and "sign" in entry["normalisation"]:
        raise OrderlessError(f"{where}: signs of regions are not supported. Leave out 'regions' or 'sign'.")
    if chain[-1] == "counts" and not kind.mean_type:
        raise OrderlessError(f"{where}.pooling: 'counts' weighs means; the {encoder['kind']} encoder makes sums. Use 'sum'.")


def check_tokens(name: str, views_id: str, chosen: dict[str, Entry], backbone_id: str, backbone: Entry) -> None:
    """A transformer (its entry has a `patch`) has one class token, whatever the size of the input: it gives no larger map."""
    tap = chosen["layer"].get("tap", "")
    if "patch" in backbone and is_global(tap) and enlarges(chosen["views"]):
        raise OrderlessError(
            f"representation '{name}' needs a map of '{tap}' on larger inputs (view '{views_id}'), and backbone '{backbone_id}' "
            f"is a transformer: its class token is one vector for an input of any size. Leave '{name}' out, or take "
            "its patch tokens, the layers conv3 to pool5."
        )


def check_patches(name: str, views: Entry, canvas: int) -> None:
    """Patches must fit on the canvas that they are cut from. canvas: the backbone's, in pixels; the views may have their own."""
    canvas, sizes = views.get("canvas", canvas), views.get("patch", [])
    largest = max(sizes if isinstance(sizes, list) else [sizes], default=0)
    if largest > canvas:
        raise OrderlessError(
            f"catalog.views.{name}.patch: {largest} is larger than the canvas of {canvas}. Lower it, or set 'canvas'."
        )


def level_count(views: Entry) -> int:
    """The number of levels of views: scales of a pyramid, sizes of patches."""
    if views["kind"] == "pyramid":
        return views["scales"]
    return len(views["patch"]) if isinstance(views.get("patch"), list) else 1


def enlarges(views: Entry) -> bool:
    """Whether the network gets inputs that are larger than its training images."""
    return views.get("scales", 1) > 1 or views.get("scale", 1) > 1
