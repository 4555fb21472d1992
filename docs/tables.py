"""Directives that make tables of what exists: they read catalog, schemas and command line, so that no page falls behind."""

import argparse
import re
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from orderless import encoders
from orderless.__main__ import parser
from orderless.activations import views
from orderless.catalog.checks import level_count
from orderless.catalog.configuration import DEFAULTS
from orderless.catalog.entries import WORKFLOW, load_catalog, schema

CATALOG = load_catalog({})
PAPERS = ("gong2014", "yoo2015", "li2016", "liu2015")  # each has a page; what has none of them stands with the baselines
# Channels of CaffeNet, the papers' network, in the layers that the catalog taps: dimensions are stated for it.
WIDTHS = {"conv3": 384, "conv4": 384, "conv5": 256, "pool5": 256, "fc6": 4096, "fc7": 4096, "fc8": 1000}
SIDE, CANVAS = 227, 256
TYPES = {"integer": "whole number", "number": "number", "string": "text", "object": "map", "boolean": "true or false"}
Table = list[list[str]]


def text(value: Any) -> str:
    """A setting of the catalog as one reads it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(" x ".join(map(str, item)) if isinstance(item, list) else text(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def descriptor(entry: dict[str, Any]) -> int | None:
    """Dimensions of a local descriptor of a representation, projected if it is; None where CaffeNet has no such layer."""
    if "projection" in entry:
        return CATALOG["projections"][entry["projection"]]["pca"]
    layer = CATALOG["layers"][entry["layer"]]
    if "sift" in layer:
        return 128
    return WIDTHS[layer["tap"]] * layer.get("units", 1) ** 2 if layer["tap"] in WIDTHS else None


def bag(entry: dict[str, Any]) -> int | None:
    """Dimensions of the vector that an encoder makes of one bag; None for an encoder that is not known here."""
    d, made = descriptor(entry), encoders.make(CATALOG["encoders"][entry["encoder"]])
    if d is None:
        return None
    kind, words = CATALOG["encoders"][entry["encoder"]]["kind"], getattr(made, "words", 0)
    guide = WIDTHS.get(CATALOG["layers"][entry["layer"]].get("guide"), 0)
    sizes = {"mean": d, "max": d, "fisher": 2 * words * d, "vlad": words * d, "sparse": words * d, "bow": words}
    return (sizes | {"crosslayer": guide * d, "guided": getattr(made, "channels", 0) * d}).get(kind)


def dimensions(name: str) -> int | None:
    """The length of a representation with CaffeNet; None where it depends on something else."""
    entry = CATALOG["representations"][name]
    if inner := entry.get("stack") or entry.get("fuse"):
        found = [dimensions(part) for part in inner]
        return None if None in found else sum(filter(None, found))
    if "of" in entry:
        return entry.get("pca") or dimensions(entry["of"])
    if "precomputed" in entry:
        return None
    size = bag(entry)
    if size is None or "reduce" in entry:
        return entry.get("reduce")
    levels = level_count(CATALOG["views"][entry["views"]]) if entry["pooling"][-1] == "concat" else 1
    return size * levels * sum(rows * columns for rows, columns in entry.get("regions", [[1, 1]]))


def passes(name: str) -> dict[tuple[str, int], float]:
    """What a representation sends through the network: view and level -> input pixels, in images of the network's input side."""
    entry = CATALOG["representations"][name]
    found: dict[tuple[str, int], float] = {}
    for part in entry.get("stack") or entry.get("fuse") or ([entry["of"]] if "of" in entry else []):
        found |= passes(part)
    if "views" in entry and "tap" in CATALOG["layers"][entry["layer"]]:
        for number, level in enumerate(views.levels(CATALOG["views"][entry["views"]], SIDE, CANVAS, (500, 375))):
            found[entry["views"], number] = len(level.boxes) * level.size[0] * level.size[1] / SIDE**2
    return found


def size_and_cost(name: str) -> list[str]:
    """Dimensions, bytes an image, forward passes."""
    entry, length, cost = CATALOG["representations"][name], dimensions(name), sum(passes(name).values())
    if length is None:
        stored = "-"
    elif "fuse" in entry or (entry.get("encoder") and encoders.is_sparse(encoders.make(CATALOG["encoders"][entry["encoder"]]))):
        stored = "sparse"
    else:
        stored = f"{(length // 4 if 'sign' in entry.get('normalisation', []) else 4 * length) / 1000:,.0f} kB"
    return [f"{length:,}" if length else "-", stored, f"{cost:.0f}" if cost else "-"]


def identity(name: str) -> list[str]:
    """The first cells of a representation's row."""
    return [f"[`{name}`]{{#{name}}}", CATALOG["representations"][name]["title"]]


def paper_of(entry: dict[str, Any]) -> str:
    """The page that a representation stands on."""
    return entry["paper"] if entry.get("paper") in PAPERS else "other"


def representations(paper: str) -> list[Table]:
    """Tables of a paper's representations, or of those of no paper (`other`): six choices, stacks, searches."""
    own = {name: entry for name, entry in CATALOG["representations"].items() if paper_of(entry) == paper}
    cost = ["dimensions", "stored", "passes"]
    choices = [["id", "title", "views", "layer", "projection", "encoder", "pooling over views", "normalisation", *cost]]
    stacks, searches = [["id", "title", "is the concatenation of", *cost]], [["id", "title", "searches with", *cost]]
    for name, entry in own.items():
        if "views" in entry:
            pooling = (f"{text(entry['regions'])} regions; " if "regions" in entry else "") + ", ".join(entry["pooling"])
            steps = [*entry["normalisation"], *([f"PCA to {entry['reduce']:,}", "l2"] if "reduce" in entry else [])]
            parts = [f"`{entry[key]}`" if key in entry else "none" for key in ("views", "layer", "projection", "encoder")]
            choices.append([*identity(name), *parts, pooling, ", ".join(steps) or "none", *size_and_cost(name)])
        elif "fuse" in entry or "of" in entry:
            parts = ", ".join(f"`{part}`" for part in entry.get("fuse", [entry.get("of")]))
            how = text({key: value for key, value in entry.items() if key not in ("title", "paper", "fuse", "of")})
            searches.append([*identity(name), f"{parts}: {how}", *size_and_cost(name)])
        else:
            parts = ", ".join(f"`{part}`" for part in entry["stack"]) if "stack" in entry else f"the file `{entry['precomputed']}`"
            stacks.append([*identity(name), parts, *size_and_cost(name)])
    return [table for table in (choices, stacks, searches) if len(table) > 1]


def parts(section: str) -> list[Table]:
    """What representations are made of: the entries of a section, with all their settings."""
    rows = [["id", "settings"]]
    for name, entry in CATALOG[section].items():
        made = vars(encoders.make(entry)) if section == "encoders" else {}
        rows.append([f"`{name}`", text(entry | made) or "-"])
    return [rows]


def gathered(rows: Table, first: int) -> Table:
    """Rows that differ in the cells before `first` alone become one: all of their ids, the title of the first."""
    found: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        same = found.setdefault(tuple(row[first:]), row)
        same[0] += f", {row[0]}" if same is not row else ""
    return list(found.values())


def datasets(kind: str) -> list[Table]:
    """The suite's own data sets, or those that are downloaded."""
    rows = [["id", "title", "task", "train / test", "licence", "citation"]]
    for name, entry in CATALOG["datasets"].items():
        if ("files" in entry) == (kind == "papers"):
            counts = entry.get("expected", entry)
            if "queries" in counts:
                more = f" in {counts['images']:,} images" if "images" in counts else ""
                split = f"{counts['queries']:,} queries{more}"
            else:
                more = f", {counts['classes']} classes" if "classes" in counts else ""
                split = f"{counts['train']:,} / {counts['test']:,}{more}"
            task = entry["task"] + (f" ({', '.join(entry['metrics'])})" if "metrics" in entry else "")
            rows.append([f"`{name}`", entry["title"], task, split, entry["licence"], entry.get("citation", "-")])
    return [gathered(rows, 2)]


def backbones(_: str) -> list[Table]:
    """The networks."""
    rows = [["id", "title", "kind", "input", "the papers' layers", "licence"]]
    for name, entry in CATALOG["backbones"].items():
        layers = ", ".join(f"{role} `{node}`" for role, node in entry["layers"].items())
        rows.append([f"`{name}`", entry.get("title", name), entry["kind"], str(entry["input"]), layers, entry.get("licence", "-")])
    return [rows]


def analyses(_: str) -> list[Table]:
    """The studies, with their settings."""
    return [[["id", "settings"], *([f"`{name}`", text(entry) or "-"] for name, entry in CATALOG["analyses"].items())]]


def shape(rule: dict[str, Any], defined: dict[str, Any]) -> str:
    """What a JSON schema allows, in a few words."""
    if "$ref" in rule:
        return shape(defined[rule["$ref"].rsplit("/", 1)[1]], defined)
    if "enum" in rule:
        return " or ".join(f"`{value}`" for value in rule["enum"])
    if rule.get("type") == "array":
        return "list of " + shape(rule.get("items", {}), defined).removeprefix("a ")
    if "properties" in rule:
        return "; ".join(f"`{key}`: {shape(value, defined)}" for key, value in rule["properties"].items())
    least = rule.get("minimum", rule.get("exclusiveMinimum"))
    bound = "" if least is None else f" {'above' if 'exclusiveMinimum' in rule else 'from'} {least}"
    bound += f" to {rule['maximum']}" if "maximum" in rule else ""
    return TYPES.get(rule.get("type", ""), "any") + bound


def configuration(_: str) -> list[Table]:
    """The keys of config.yaml: what each takes, its default, and what the file's own comment says."""
    rules, said = schema("config"), {}
    for line in (WORKFLOW.parent / "config.yaml").read_text().splitlines():
        if found := re.match(r"(\w+):.*?# (.*)", line):
            said[found[1]] = found[2]
    rows = [["key", "takes", "default", "meaning"]]
    for key, rule in rules["properties"].items():
        value = DEFAULTS.get(key)
        default = "must be given" if key in rules["required"] else f"`{text(value)}`" if value not in ([], {}, None) else "none"
        rows.append([f"`{key}`", shape(rule, rules.get("$defs", {})), default, said.get(key, "")])
    return [rows]


def keys(section: str) -> list[Table]:
    """The keys of a section of the catalog, kind by kind."""
    rows = [["entry", "needs", "may have"]]
    own = {"representations": ["representations", "precomputed", "stacks", "searches", "fusions"]}.get(section, [section])
    for name, rule in schema("catalog").items():
        if isinstance(rule, dict) and name.split("/")[0] in own:
            needed = rule.get("required", [])
            free = [key for key in rule["properties"] if key not in [*needed, "kind"]]
            rows.append([f"`{name}`", *(", ".join(f"`{key}`" for key in names) or "-" for names in (needed, free))])
    return [gathered(rows, 1)]


MAKERS = {
    "representations": representations, "parts": parts, "datasets": datasets, "backbones": backbones,
    "analyses": analyses, "configuration": configuration, "keys": keys,
}  # fmt: skip


class Catalog(SphinxDirective):
    """A table, or several, of what exists: the maker's name, and what it is to show."""

    required_arguments, optional_arguments = 1, 1

    def run(self) -> list[nodes.Node]:
        found = MAKERS[self.arguments[0]](self.arguments[1] if len(self.arguments) > 1 else "")
        lines = []
        for header, *rows in found:
            cells = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
            lines += [f"| {' | '.join(row)} |" for row in cells] + [""]
        self.env.note_reread()
        return self.parse_text_to_nodes("\n".join(lines))


class Command(SphinxDirective):
    """The `--help` of a command: `orderless`, or one of its own."""

    optional_arguments = 2

    def run(self) -> list[nodes.Node]:
        found = parser()
        for name in self.arguments:
            found = next(a for a in found._actions if isinstance(a, argparse._SubParsersAction)).choices[name]
        found.formatter_class = lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=110)
        return [nodes.literal_block(text=found.format_help(), language="text")]


def setup(app):
    app.add_directive("catalog", Catalog)
    app.add_directive("command", Command)
    return {"parallel_read_safe": True}
