"""The costs of an experiment (images, operations, hours, disk), computed from shapes before anything is downloaded.

hours = images x operations for each image / RATE. torch's FLOP counter counts the operations on tensors without storage. Views that
several layers or representations share are computed once, and counted once. `python -m orderless.bench.costs README.md`, or
`make experiments`, writes the table of all experiments between the two MARKS of a file.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from orderless.activations.views import levels
from orderless.catalog import plans
from orderless.catalog.configuration import experiments, load_config
from orderless.catalog.datasets import image_count, task_of
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError

RATE = 20e12  # operations a second in float32 that a GPU is assumed to sustain; measure yours with `make bench`


def network_costs(backbone: dict[str, Any], name: str, sides: set[int]) -> dict[int, tuple[float, dict[str, tuple[int, ...]]]]:
    """Side of an input -> operations of one pass, and role -> shape (channels, rows, columns) of its map."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from orderless.backbones.networks import architecture, densify

    with torch.device("meta"):
        network = densify(architecture(backbone, name), backbone, name)
    costs = {}
    for side in sorted(sides):
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            maps = network(torch.empty(1, 3, side, side, device="meta"))
        costs[side] = (float(counter.get_total_flops()), {role: tuple(tap.shape[1:]) for role, tap in maps.items()})
    return costs


def image_costs(plan: plans.Plan, backbone: dict[str, Any], name: str) -> tuple[float, float]:
    """Operations, and bytes of stored descriptors, that a plan takes for one square image."""
    side, canvas = backbone["input"], backbone["canvas"]
    levels_of = {set_id: levels(entry["views"], side, canvas, (canvas, canvas)) for set_id, entry in plan["sets"].items()}
    by_network = {set_id: "tap" in entry["layer"] for set_id, entry in plan["sets"].items()}
    passes = {level for set_id, of_set in levels_of.items() for level in of_set if by_network[set_id]}
    costs = network_costs(backbone, name, {level.size[0] for level in passes})
    operations = sum(len(level.boxes) * costs[level.size[0]][0] for level in passes)
    stored = 0.0
    for set_id, entry in plan["sets"].items():
        if not by_network[set_id]:
            continue
        layer, projection = entry["layer"], entry["projection"]
        for level in levels_of[set_id]:
            channels, rows, columns = costs[level.size[0]][1][layer["tap"]]
            border = layer.get("units", 1) - 1
            each = 1 if isinstance(projection, str) else (rows - border) * (columns - border)
            size = projection["pca"] if isinstance(projection, dict) else channels * (border + 1) ** 2
            size += costs[level.size[0]][1][layer["guide"]][0] if "guide" in layer else 0
            stored += len(level.boxes) * each * (2 * size + 8)
    return operations, stored


def experiment_costs(name: str) -> dict[str, Any]:
    """The `images`, `operations` for each image (of the most costly network), `hours` and `bytes` of an experiment.

    name: an id of workflow/catalog/experiments.yaml. Dense SIFT is not counted.
    """
    config = load_config({"experiment": name})
    catalog = load_catalog(config["catalog"])
    images, total, stored, each = 0, 0.0, 0.0, 0.0
    for dataset in config["datasets"]:
        count = image_count(catalog, dataset)
        images += count
        purpose = plans.SEARCHED if task_of(catalog, dataset) == "retrieval" else plans.CLASSIFIED
        for backbone in config["backbones"]:
            plan = plans.make_plan(config, catalog, backbone, purpose, dataset)
            operations, size = image_costs(plan, catalog["backbones"][backbone], backbone)
            each, total, stored = max(each, operations), total + count * operations, stored + count * size
    return {"images": images, "operations": each, "hours": total / RATE / 3600, "bytes": stored}


def planned_jobs(name: str) -> int:
    """The number of jobs that the workflow plans for an experiment, by a dry run in the current folder."""
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules", "--cores", "1", "--config", f"experiment={name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    total = re.findall(r"^total +(\d+)", done.stdout + done.stderr, re.MULTILINE)
    if not total:
        raise OrderlessError(f"experiment '{name}' cannot be planned: {done.stderr[-1000:]}")
    return int(total[0])


def table() -> str:
    """All experiments as a Markdown table."""
    lines = ["| experiment | prints | images | jobs | GPU hours | disk |", "|---|---|---:|---:|---:|---:|"]
    for name, entry in experiments().items():
        costs = experiment_costs(name)
        size = f"{costs['bytes'] / 1e9:,.3g} GB"
        cells = [f"`{name}`", entry["prints"], f"{costs['images']:,}", str(planned_jobs(name)), f"{costs['hours']:.2g}", size]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


MARKS = "<!-- experiments -->\n", "<!-- /experiments -->\n"


def write(path: Path) -> None:
    """Replace the table between the two MARKS of a file."""
    text = path.read_text()
    before, rest = text.split(MARKS[0])
    path.write_text(before + MARKS[0] + table() + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
