"""What an experiment will take: images, operations, disk; from shapes alone, before anything is downloaded.

hours = images x operations an image / rate. Operations are counted by torch's FLOP counter on tensors without storage; views that
several layers or representations share are counted once, as they are computed once. `python -m orderless.costs README.md` writes
the table of all experiments between the two marks of a file (`make experiments`).
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

RATE = 20e12  # operations a second that a card is taken to sustain in float32; measure yours with `make bench`


def network_costs(backbone: dict[str, Any], name: str, sides: set[int]) -> dict[int, tuple[float, dict[str, tuple[int, ...]]]]:
    """Side of an input -> operations of one pass, and the shape (channels, rows, columns) of each role's map."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from orderless.backbones.networks import architecture, densify

    network = densify(architecture(backbone, name), backbone, name)
    network.module.to("meta")
    found = {}
    for side in sorted(sides):
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            maps = network(torch.empty(1, 3, side, side, device="meta"))
        found[side] = (float(counter.get_total_flops()), {role: tuple(tap.shape[1:]) for role, tap in maps.items()})
    return found


def image_costs(plan: plans.Plan, backbone: dict[str, Any], name: str) -> tuple[float, float]:
    """Operations and bytes of stored descriptors for one image (square) of a plan."""
    side, canvas = backbone["input"], backbone["canvas"]
    cut = {set_id: levels(entry["views"], side, canvas, (canvas, canvas)) for set_id, entry in plan["sets"].items()}
    networks = {set_id: "tap" in entry["layer"] for set_id, entry in plan["sets"].items()}
    passes = {level for set_id, found in cut.items() for level in found if networks[set_id]}
    costs = network_costs(backbone, name, {level.size[0] for level in passes})
    operations = sum(len(level.boxes) * costs[level.size[0]][0] for level in passes)
    stored = 0.0
    for set_id, entry in plan["sets"].items():
        if not networks[set_id]:
            continue
        layer, projection = entry["layer"], entry["projection"]
        for level in cut[set_id]:
            channels, rows, columns = costs[level.size[0]][1][layer["tap"]]
            border = layer.get("units", 1) - 1
            each = 1 if isinstance(projection, str) else (rows - border) * (columns - border)
            size = projection["pca"] if isinstance(projection, dict) else channels * (border + 1) ** 2
            size += costs[level.size[0]][1][layer["guide"]][0] if "guide" in layer else 0
            stored += len(level.boxes) * each * (2 * size + 8)
    return operations, stored


def experiment_costs(name: str) -> dict[str, Any]:
    """Images, operations an image (at most, of its networks), hours and bytes of an experiment.

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
            plan = plans.make_plan(config, catalog, backbone, purpose)
            operations, size = image_costs(plan, catalog["backbones"][backbone], backbone)
            each, total, stored = max(each, operations), total + count * operations, stored + count * size
    return {"images": images, "operations": each, "hours": total / RATE / 3600, "bytes": stored}


def planned_jobs(name: str) -> int:
    """How many jobs the workflow plans for an experiment, by a dry run in this folder."""
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
        found = experiment_costs(name)
        size = f"{found['bytes'] / 1e9:,.3g} GB"
        cells = [f"`{name}`", entry["prints"], f"{found['images']:,}", str(planned_jobs(name)), f"{found['hours']:.2g}", size]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


MARKS = "<!-- experiments -->\n", "<!-- /experiments -->\n"


def write(path: Path) -> None:
    """Put the table between its marks in a file."""
    text = path.read_text()
    before, rest = text.split(MARKS[0])
    path.write_text(before + MARKS[0] + table() + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
