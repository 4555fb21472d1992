"""The plan: what a backbone must compute for the selected representations, all references of the catalog resolved.

This is read whenever the workflow is parsed: it imports nothing heavy.
"""

from typing import Any

from orderless import encoders
from orderless.catalog.checks import CLASSIFIED, SEARCHED, check_purpose, check_representation, parts
from orderless.catalog.entries import adapted, lookup
from orderless.errors import OrderlessError

SEARCH_OPTIONS = ("pca", "whiten", "augment", "expand", "learn")
ROW_KEYS = ("pooling", "normalisation", "reduce", "levels", "regions")  # of an entry, copied to its row of the plan

Plan = dict[str, Any]


def make_plan(
    config: dict[str, Any], catalog: dict[str, dict], backbone: str, purpose: str = CLASSIFIED, dataset: str = ""
) -> Plan:
    """What a backbone must compute for the selected representations and analyses, all references resolved.

    purpose: which selection of the configuration, CLASSIFIED (with the analyses) or SEARCHED. dataset: whose images, which
    may change entries for itself; "" for images of no data set. The plan has
    sets: set id -> {views, layer, projection};
    codebooks: codebook id -> {set, encoder};
    representations: id -> {set, codebook, pooling, normalisation, reduce, levels, regions}, {stack}, {precomputed}, {of} or {fuse},
    of the selected representations and their parts.
    """
    lookup(catalog, "backbones", backbone, "config.backbones")
    catalog = adapted(catalog, backbone, dataset)
    plan: Plan = {"sets": {}, "codebooks": {}, "representations": {}}
    for name in config[purpose]:
        check_purpose(catalog, name, purpose)
        add(plan, catalog, backbone, name, f"config.{purpose}")
    if purpose == SEARCHED:
        return plan
    for study in config["analyses"]:
        studied(config, catalog, study)
    for name, number in repeats(config, catalog):
        add(plan, catalog, backbone, name, "catalog.analyses.seeds", repeat=number)
    if "scales" in config["analyses"]:
        scale_rows(plan, catalog["analyses"]["scales"])
    return plan


def studied(config: dict[str, Any], catalog: dict[str, dict], study: str) -> list[str]:
    """The selected representations that a study looks at. Raises OrderlessError if none of them is selected."""
    entry = lookup(catalog, "analyses", study, "config.analyses")
    wanted = [entry["representation"]] if "representation" in entry else []
    for key in ("representations", "alone", "first"):
        wanted += entry.get(key, [])
    for name in wanted:
        lookup(catalog, "representations", name, f"catalog.analyses.{study}")
    selected = [name for name in dict.fromkeys(wanted) if name in config["representations"]]
    if wanted and not selected:
        raise OrderlessError(
            f"config.analyses: '{study}' looks at {', '.join(dict.fromkeys(wanted))}, none of which is in config.representations. "
            f"Select one, or change catalog.analyses.{study}."
        )
    return selected


def repeats(config: dict[str, Any], catalog: dict[str, dict]) -> list[tuple[str, int]]:
    """The representations that the study of seeds computes again, as (id, number of the repeat)."""
    if "seeds" not in config["analyses"]:
        return []
    return [(name, number) for number in catalog["analyses"]["seeds"]["seeds"] for name in studied(config, catalog, "seeds")]


def repeated(name: str, number: int) -> str:
    """The id of a repeat. Random draws are seeded by ids, so that each repeat has draws of its own. number: 0 for the original."""
    return f"{name}@{number}" if number else name


def add(
    plan: Plan, catalog: dict[str, dict], backbone: str, name: str, where: str, above: tuple[str, ...] = (), repeat: int = 0
) -> str:
    """Add a representation to a plan, its parts first, and return its id there.

    where: the key that names it, for errors. above: the representations that it is a part of. repeat: number of the repeat.
    """
    entry, here = lookup(catalog, "representations", name, where), f"catalog.representations.{name}"
    if name in above:
        raise OrderlessError(f"{here}: is a part of itself ({' > '.join((*above, name))}). Take the circle out.")
    row_id, rows = repeated(name, repeat), plan["representations"]
    if row_id in rows:
        return row_id
    if "stack" in entry:
        rows[row_id] = {"stack": [add(plan, catalog, backbone, part, here, (*above, name), repeat) for part in entry["stack"]]}
    elif "fuse" in entry or "of" in entry:
        for part in parts(entry):
            add(plan, catalog, backbone, part, here, (*above, name))
        rows[row_id] = {key: entry[key] for key in ("fuse", "rule", "of", *SEARCH_OPTIONS) if key in entry}
    elif "precomputed" in entry:
        rows[row_id] = {"precomputed": entry["precomputed"], "normalisation": ["l2"]}
    else:
        rows[row_id] = resolve(plan, catalog, backbone, name, entry, repeat)
    return row_id


def resolve(plan: Plan, catalog: dict[str, dict], backbone: str, name: str, entry: dict[str, Any], repeat: int) -> dict[str, Any]:
    """The row of one representation. Its descriptor set and its codebook are added to the plan."""
    where = f"catalog.representations.{name}"
    chosen = {
        "layer": lookup(catalog, "layers", entry["layer"], where),
        "views": lookup(catalog, "views", entry["views"], where),
        "encoder": lookup(catalog, "encoders", entry["encoder"], where),
    }
    check_representation(name, entry, chosen, backbone, catalog["backbones"][backbone])
    encoder = chosen["encoder"]
    # The mean or maximum of a level is taken when it is extracted, so that its activations need not be stored.
    pooled = encoder["kind"] if encoder["kind"] in ("mean", "max") and "regions" not in entry else None
    projection = lookup(catalog, "projections", entry["projection"], where) if "projection" in entry else pooled
    set_id = f"{entry['views']}.{entry['layer']}.{entry.get('projection', pooled or 'raw')}"
    descriptors = {"views": chosen["views"], "layer": chosen["layer"], "projection": projection}
    if repeat and (is_learned(encoder) or isinstance(projection, dict)):  # it learns from another sample of descriptors
        set_id, descriptors = repeated(set_id, repeat), descriptors | {"repeat": repeat}
    codebook = f"{set_id}.{entry['encoder']}"
    plan["sets"][set_id] = descriptors
    plan["codebooks"][codebook] = {"set": set_id, "encoder": encoder}
    return {key: entry[key] for key in ROW_KEYS if key in entry} | {"set": set_id, "codebook": codebook}


def is_supervised(encoder: dict[str, Any]) -> bool:
    """Whether the codebook of an encoder's entry is trained on labelled images instead of a sample of descriptors."""
    return encoders.is_supervised(encoders.make(encoder))


def is_learned(encoder: dict[str, Any]) -> bool:
    """Whether an encoder's entry has a codebook to train."""
    return bool(encoders.make(encoder).learned)


def leaves(plan: Plan, name: str) -> list[str]:
    """The stored representations that a representation is made of: itself, or those of its parts."""
    inner = parts(plan["representations"][name])
    return list(dict.fromkeys(leaf for part in inner for leaf in leaves(plan, part))) if inner else [name]


def part(plan: Plan, names: list[str], stacks: list[str]) -> Plan:
    """The part of a plan that some representations need. names: stored ones. stacks: representations whose stacks are added."""
    rows = {name: plan["representations"][name] for name in dict.fromkeys([*names, *inner_stacks(plan, stacks)])}
    codebooks = {row["codebook"]: plan["codebooks"][row["codebook"]] for row in rows.values() if "codebook" in row}
    sets = {entry["set"]: plan["sets"][entry["set"]] for entry in codebooks.values()}
    return {"sets": sets, "codebooks": codebooks, "representations": rows}


def inner_stacks(plan: Plan, names: list[str]) -> list[str]:
    """The stacks among some representations and inside them, inner ones first."""
    stacks = []
    for name in names:
        row = plan["representations"][name]
        if "stack" in row:
            stacks += [*inner_stacks(plan, row["stack"]), name]
    return stacks


def scale_rows(plan: Plan, study: dict[str, Any]) -> list[dict[str, Any]]:
    """The representations of the scale study: single scales of others, or their first scales. They are added to the plan.

    Returns for each of them id, base (the representation whose scales it takes), study (`alone` or `first`) and scale (from 1).
    """
    added = []
    for kind in ("alone", "first"):
        for base in study[kind]:
            row = plan["representations"].get(base, {})
            if "set" not in row:
                continue
            for scale in range(1, plan["sets"][row["set"]]["views"]["scales"] + 1):
                name, levels = f"{base}.{kind}{scale}", [scale - 1] if kind == "alone" else list(range(scale))
                plan["representations"][name] = row | {"levels": levels}
                added.append({"id": name, "base": base, "study": kind, "scale": scale})
    return added
