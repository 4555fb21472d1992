"""The plan: what a backbone must compute for the selected representations, all references of the catalog resolved.

Read whenever the workflow is parsed: nothing heavy is imported here.
"""

from typing import Any

from orderless import encoders
from orderless.catalog.entries import adapted, is_global, lookup
from orderless.errors import OrderlessError

COMBINERS = ("mean", "counts", "sum", "concat")
Plan = dict[str, Any]


CLASSIFIED, SEARCHED = "representations", "searched"  # keys of the configuration: what is classified, what is searched with
SEARCH_OPTIONS = ("pca", "whiten", "augment", "expand", "learn")


def make_plan(config: dict[str, Any], catalog: dict[str, dict], backbone: str, purpose: str = CLASSIFIED) -> Plan:
    """What a backbone must compute for the selected representations and analyses, all references resolved.

    purpose: which selection, CLASSIFIED (with the analyses) or SEARCHED.
    sets: set id -> {views, layer, projection}; codebooks: codebook id -> {set, encoder};
    representations: id -> {set, codebook, pooling, normalisation, reduce, levels, regions}, {stack}, {precomputed}, {of} or {fuse},
    their parts included.
    """
    lookup(catalog, "backbones", backbone, "config.backbones")
    local = adapted(catalog, backbone)
    found: Plan = {"sets": {}, "codebooks": {}, "representations": {}}
    for name in config[purpose]:
        check_purpose(local, name, purpose)
        add(found, local, backbone, name, f"config.{purpose}")
    if purpose == SEARCHED:
        return found
    for study in config["analyses"]:
        studied(config, local, study)
    for name, number in repeats(config, local):
        add(found, local, backbone, name, "catalog.analyses.seeds", repeat=number)
    if "scales" in config["analyses"]:
        scale_rows(found, local["analyses"]["scales"])
    return found


def parts(entry: dict[str, Any]) -> list[str]:
    """The representations that an entry of the catalog is made of."""
    return entry.get("stack") or entry.get("fuse") or ([entry["of"]] if "of" in entry else [])


def check_purpose(catalog: dict[str, dict], name: str, purpose: str, above: tuple[str, ...] = ()) -> None:
    """Bags of words and fusions are searched with, not classified; what is trained with labels is classified, not searched with."""
    entry = lookup(catalog, "representations", name, f"config.{purpose}")
    encoder = catalog["encoders"].get(entry.get("encoder"))
    searched = "fuse" in entry or "of" in entry or (encoder and encoders.is_sparse(encoders.make(encoder)))
    if searched and purpose == CLASSIFIED:
        raise OrderlessError(f"config.representations: '{name}' is searched with, not classified. Name it under 'searched'.")
    if encoder and is_supervised(encoder) and purpose == SEARCHED:
        raise OrderlessError(f"config.searched: '{name}' is trained with class labels, which retrieval has none of. Leave it out.")
    for part in parts(entry):
        if name not in above:
            check_purpose(catalog, part, purpose, (*above, name))


def studied(config: dict[str, Any], catalog: dict[str, dict], study: str) -> list[str]:
    """The selected representations that a study looks at; one at least must be selected."""
    entry = lookup(catalog, "analyses", study, "config.analyses")
    wanted = [entry["representation"]] if "representation" in entry else []
    for key in ("representations", "alone", "first"):
        wanted += entry.get(key, [])
    for name in wanted:
        lookup(catalog, "representations", name, f"catalog.analyses.{study}")
    found = [name for name in dict.fromkeys(wanted) if name in config["representations"]]
    if wanted and not found:
        raise OrderlessError(
            f"config.analyses: '{study}' looks at {', '.join(dict.fromkeys(wanted))}, none of which is in config.representations. "
            f"Select one, or change catalog.analyses.{study}."
        )
    return found


def repeats(config: dict[str, Any], catalog: dict[str, dict]) -> list[tuple[str, int]]:
    """The representations that the study of seeds makes again: (id, number of the repeat)."""
    if "seeds" not in config["analyses"]:
        return []
    return [(name, number) for number in catalog["analyses"]["seeds"]["seeds"] for name in studied(config, catalog, "seeds")]


def repeated(name: str, number: int) -> str:
    """The id of a repeat: all that is drawn by chance is drawn by this name, hence anew."""
    return f"{name}@{number}" if number else name


def add(
    found: Plan, catalog: dict[str, dict], backbone: str, name: str, where: str, above: tuple[str, ...] = (), repeat: int = 0
) -> str:
    """Resolve one representation into a plan, its parts first; return its id there. where, above: who asks for it."""
    entry, here = lookup(catalog, "representations", name, where), f"catalog.representations.{name}"
    if name in above:
        raise OrderlessError(f"{here}: is a part of itself ({' > '.join((*above, name))}).")
    made = repeated(name, repeat)
    if made in found["representations"]:
        return made
    if "stack" in entry:
        stack = [add(found, catalog, backbone, part, here, (*above, name), repeat) for part in entry["stack"]]
        found["representations"][made] = {"stack": stack}
    elif "fuse" in entry or "of" in entry:
        for part in parts(entry):
            add(found, catalog, backbone, part, here, (*above, name))
        found["representations"][made] = {key: entry[key] for key in ("fuse", "rule", "of", *SEARCH_OPTIONS) if key in entry}
    elif "precomputed" in entry:
        found["representations"][made] = {"precomputed": entry["precomputed"], "normalisation": ["l2"]}
    else:
        found["representations"][made] = resolve(found, catalog, backbone, name, entry, repeat)
    return made


def resolve(found: Plan, catalog: dict[str, dict], backbone: str, name: str, entry: dict[str, Any], repeat: int) -> dict[str, Any]:
    """The row of one representation; its descriptor set and its codebook are added to the plan."""
    here = f"catalog.representations.{name}"
    layer = lookup(catalog, "layers", entry["layer"], here)
    for role in filter(None, (layer.get("tap"), layer.get("guide"))):
        if role not in catalog["backbones"][backbone]["layers"]:
            raise OrderlessError(
                f"representation '{name}' needs layer '{role}', which backbone '{backbone}' does not name. "
                f"Add '{role}: <node>' to catalog.backbones.{backbone}.layers, or leave '{name}' out."
            )
    views, encoder = lookup(catalog, "views", entry["views"], here), lookup(catalog, "encoders", entry["encoder"], here)
    check_combination(name, entry, views, layer, encoder)
    if "patch" in catalog["backbones"][backbone] and is_global(layer.get("tap", "")) and enlarges(views):
        raise OrderlessError(
            f"representation '{name}' needs a map of '{layer['tap']}' on larger inputs (view '{entry['views']}'), and backbone "
            f"'{backbone}' is a transformer: its class token is one vector for an input of any size. Leave '{name}' out, or take "
            "its patch tokens, the layers conv3 to pool5."
        )
    check_patches(entry["views"], views, catalog["backbones"][backbone]["canvas"])
    # The mean or maximum of a level is taken at once, so that raw activations need not be stored.
    fallback = encoder["kind"] if encoder["kind"] in ("mean", "max") and "regions" not in entry else None
    projection = lookup(catalog, "projections", entry["projection"], here) if "projection" in entry else fallback
    set_id = f"{entry['views']}.{entry['layer']}.{entry.get('projection', fallback or 'raw')}"
    if repeat and (is_learned(encoder) or isinstance(projection, dict)):
        set_id = repeated(set_id, repeat)  # another sample of descriptors
    found["sets"][set_id] = {"views": views, "layer": layer, "projection": projection} | (
        {"repeat": repeat} if "@" in set_id else {}
    )
    codebook = f"{set_id}.{entry['encoder']}"
    found["codebooks"][codebook] = {"set": set_id, "encoder": encoder}
    kept: dict[str, Any] = {key: entry[key] for key in ("pooling", "normalisation", "reduce", "levels", "regions") if key in entry}
    return kept | {"set": set_id, "codebook": codebook}


def check_patches(name: str, views: dict, canvas: int) -> None:
    """Patches must fit on the canvas that they are cut from."""
    canvas, sizes = views.get("canvas", canvas), views.get("patch", [])
    largest = max(sizes if isinstance(sizes, list) else [sizes], default=0)
    if largest > canvas:
        raise OrderlessError(
            f"catalog.views.{name}.patch: {largest} is larger than the canvas of {canvas}. Lower it, or set 'canvas'."
        )


def check_combination(name: str, entry: dict, views: dict, layer: dict, encoder: dict) -> None:
    """Refuse choices that do not go together."""
    here = f"catalog.representations.{name}"
    chain = entry["pooling"]
    if chain[-1] not in COMBINERS or any(step in COMBINERS for step in chain[:-1]):
        raise OrderlessError(f"{here}.pooling: {chain} must end in one of {', '.join(COMBINERS)}, with at most 'l2' before it.")
    if encoders.is_guided(encoders.make(encoder)) != ("guide" in layer):
        raise OrderlessError(f"{here}: a cross-layer encoder and a layer with a 'guide' belong together; here one lacks the other.")
    if ("idf" in entry["normalisation"]) > encoders.is_sparse(encoders.make(encoder)):
        raise OrderlessError(f"{here}.normalisation: 'idf' weighs words; the {encoder['kind']} encoder makes none. Leave it out.")
    if encoders.is_sparse(encoders.make(encoder)) and {"levels", "regions", "reduce"} & entry.keys():
        raise OrderlessError(f"{here}: a bag of words takes no 'levels', 'regions' or 'reduce'. Leave them out.")
    if "levels" in entry and max(entry["levels"]) >= level_count(views):
        raise OrderlessError(
            f"{here}.levels: {entry['levels']}, but view '{entry['views']}' has levels 0 to {level_count(views) - 1}."
        )
    if "regions" in entry and "sign" in entry["normalisation"]:
        raise OrderlessError(f"{here}: signs of regions are not supported; leave out 'regions' or 'sign'.")
    if chain[-1] == "counts" and not encoders.make(encoder).mean_type:
        raise OrderlessError(f"{here}.pooling: 'counts' weighs means; the {encoder['kind']} encoder makes sums. Use 'sum'.")


def is_supervised(encoder: dict[str, Any]) -> bool:
    """Whether an encoder's codebook is trained on labelled images instead of a sample of descriptors."""
    return bool(getattr(encoders.make(encoder), "supervised", False))


def is_learned(encoder: dict[str, Any]) -> bool:
    """Whether an encoder has a codebook to train."""
    return bool(encoders.make(encoder).learned)


def leaves(plan: dict[str, Any], name: str) -> list[str]:
    """The stored representations that a representation is made of: itself, or those of its parts."""
    inner = parts(plan["representations"][name])
    return list(dict.fromkeys(leaf for part in inner for leaf in leaves(plan, part))) if inner else [name]


def part(plan: dict[str, Any], names: list[str], stacks: list[str]) -> dict[str, Any]:
    """The part of a plan that some representations need: the stored ones named, and stacks of them."""
    rows = {name: plan["representations"][name] for name in dict.fromkeys([*names, *inner_stacks(plan, stacks)])}
    books = {row["codebook"]: plan["codebooks"][row["codebook"]] for row in rows.values() if "codebook" in row}
    sets = {entry["set"]: plan["sets"][entry["set"]] for entry in books.values()}
    return {"sets": sets, "codebooks": books, "representations": rows}


def inner_stacks(plan: dict[str, Any], names: list[str]) -> list[str]:
    """The stacks among some representations and inside them."""
    found = []
    for name in names:
        row = plan["representations"][name]
        if "stack" in row:
            found += [*inner_stacks(plan, row["stack"]), name]
    return found


def level_count(view: dict) -> int:
    """How many levels a view has."""
    if view["kind"] == "pyramid":
        return view["scales"]
    return len(view["patch"]) if isinstance(view.get("patch"), list) else 1


def enlarges(view: dict) -> bool:
    """Whether a view shows the network inputs that are larger than its training images."""
    return view.get("scales", 1) > 1 or view.get("scale", 1) > 1


def with_levels(plan: dict[str, Any], name: str, levels: list[int], label: str) -> str:
    """Add a representation that looks only at some levels of another's views to the plan; return its id."""
    derived = f"{name}.{label}"
    plan["representations"][derived] = plan["representations"][name] | {"levels": levels}
    return derived


def scale_rows(plan: dict[str, Any], study: dict[str, Any]) -> list[dict[str, Any]]:
    """The representations of the scale study, added to the plan: rows of id, base, study (`alone` or `first`), scale (from 1)."""
    rows = []
    for kind in ("alone", "first"):
        for base in study[kind]:
            row = plan["representations"].get(base, {})
            if "set" not in row:
                continue
            for scale in range(1, plan["sets"][row["set"]]["views"]["scales"] + 1):
                levels = [scale - 1] if kind == "alone" else list(range(scale))
                found = with_levels(plan, base, levels, f"{kind}{scale}")
                rows.append({"id": found, "base": base, "study": kind, "scale": scale})
    return rows
