"""`orderless list`: what the catalog has."""

import argparse
from pathlib import Path
from typing import Any

from orderless.catalog.entries import SECTIONS, load_catalog
from orderless.commands import shared
from orderless.errors import OrderlessError

SHOWN = ["datasets", "backbones", "representations", "analyses"]  # where no section is asked for
EXAMPLES = """examples:
  orderless list                     data sets, networks, representations, studies
  orderless list representations     what --representation takes
  orderless list encoders            what a representation is made of: views, layers, projections, encoders
  orderless list --configfile mine.yaml    with the entries of a configuration of your own
  orderless list representations --backbone alexnet    their dimensions and costs with another network
  orderless list experiments         what `snakemake --config experiment=...` takes
"""


def add(commands: Any) -> None:
    """The command and its options."""
    text = "Say which entries the catalog has, with their titles or their settings. An id is written as it stands here in YAML."
    parser = shared.command(commands, "list", "say what exists", text, EXAMPLES)
    parser.add_argument("--configfile", type=Path, help="a configuration whose `catalog:` adds to or changes what is listed")
    parser.add_argument("section", nargs="?", choices=[*SECTIONS, "experiments"], help="only this section")
    parser.add_argument("--backbone", default="mobilenet_v2", help="the network of the dimensions and costs (default: %(default)s)")


def run(args: argparse.Namespace) -> None:
    """Print the catalog's entries, a line each."""
    catalog = load_catalog(shared.configuration(args.configfile).get("catalog") or {})
    if args.section == "experiments":
        from orderless.catalog.configuration import experiments

        catalog["experiments"] = {name: {"title": entry["prints"]} for name, entry in experiments().items()}
    if args.section == "representations":
        print("\n".join(representations(catalog, args.backbone)))
        return
    for section in [args.section] if args.section else SHOWN:
        print(f"{section}:")
        for name, entry in catalog[section].items():
            print(f"  {name:22s} {in_words(section, entry)}".rstrip())


def representations(catalog: dict[str, dict], backbone: str) -> list[str]:
    """A line for each representation: id, dimensions and cost with a network, title, and what it is made of."""
    from orderless.activations.sizes import dimensions, passes
    from orderless.backbones.checks import measure
    from orderless.catalog.configuration import DEFAULTS
    from orderless.catalog.entries import lookup
    from orderless.catalog.plans import SEARCHED, make_plan

    network = lookup(catalog, "backbones", backbone, "--backbone")
    channels = {role: int(facts[0]) for role, facts in measure(network, backbone).items()}
    lines = [
        f"representations, with {backbone}; cost: pixels that the network sees of an image, in images of {network['input']} pixels"
    ]
    lines.append(f"  {'id':22s} {'dimensions':>10s} {'cost':>6s}  {'title':32s} made of")
    for name, entry in catalog["representations"].items():
        try:
            plan = make_plan(DEFAULTS | {"representations": [name], SEARCHED: [name]}, catalog, backbone, purpose_of(catalog, name))
            facts = f"{dimensions(plan, name, channels) or '?':>10} {passes(plan, network):6.3g}"
        except OrderlessError:  # it needs a layer that this network does not have
            facts = f"{'-':>10s} {'-':>6s}"
        lines.append(f"  {name:22s} {facts}  {in_words('representations', entry)}")
    return lines


def purpose_of(catalog: dict[str, dict], name: str) -> str:
    """The selection that a representation may stand in: SEARCHED for what is only searched with."""
    from orderless.catalog.checks import CLASSIFIED, SEARCHED, check_purpose

    try:
        check_purpose(catalog, name, CLASSIFIED)
    except OrderlessError:
        return SEARCHED
    return CLASSIFIED


def in_words(section: str, entry: dict[str, Any]) -> str:
    """An entry in a line."""
    if section != "representations":
        return entry.get("title") or ", ".join(f"{key} {value}" for key, value in entry.items())
    title = f"{entry['title']:32s}"
    for key in ("stack", "fuse"):
        if key in entry:
            return f"{title} {' + '.join(entry[key])}"
    if "of" in entry:
        return f"{title} {entry['of']}, searched with " + ", ".join(
            f"{k} {v}" for k, v in entry.items() if k not in ("title", "of", "paper")
        )
    return f"{title} " + ", ".join(str(entry[key]) for key in ("views", "layer", "projection", "encoder") if key in entry)
