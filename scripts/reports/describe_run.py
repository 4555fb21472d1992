"""Write the facts of the run: data sets, networks, settings, versions, machine."""

import json
from pathlib import Path

from orderless.backends import BACKENDS
from orderless.bench.machine import commit, stamp
from orderless.catalog.entries import WORKFLOW, rulings
from orderless.datasets.index import classes, read_index
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.storage import file_hash, read_header
from orderless.files.versions import installed
from orderless.reports.pages import render, write_page

PACKAGES = ["snakemake", "torch", "torchvision", "numpy", "scikit-learn", "cyvlfeat", "pillow", "pandas", "seaborn"]
CODE = ["Snakefile", "workflow", "scripts", "orderless"]


def main(snakemake):
    selected, config = json.loads(snakemake.params.selected), json.loads(snakemake.params.config)
    left_out = {name_of(path): len(Path(path).read_text().splitlines()) for path in snakemake.input.skipped}
    pictures = json.loads(snakemake.params.pictures)
    datasets = []
    for path in map(Path, snakemake.input.indices):
        index, entry = read_index(path), selected["datasets"][name_of(path)]
        counts = index["split"].value_counts()
        datasets.append(
            {
                "Data set": entry.get("title", name_of(path)),
                "Classes": len(classes(index)),
                "Training images": counts.get("train", 0),
                "Test images": counts.get("test", 0),
                "Unreadable, skipped": left_out.get(name_of(path), 0),
                "Left out": pictures[name_of(path)],
                "Task": entry["task"],
                "Index, sha256": file_hash(path)[:16],
                "Licence": entry.get("licence", ""),
                "Cite": entry.get("citation", ""),
            }
        )
    networks = []
    for path in map(Path, snakemake.input.cards):
        card, entry = json.loads(path.read_text()), selected["backbones"][name_of(path)]
        right = card.get("single_digit_accuracy", {})
        shares = ", ".join(f"{100 * value:.1f}% ({block} writers)" for block, value in right.items())
        networks.append(
            {"Network": entry.get("title", card["backbone"]), "Weights": card["source"], "Recipe": card["recipe"],
             "Input": f"{card['input']} px",
             "Layers": ", ".join(f"{role} = {layer['node']} ({layer['channels']})" for role, layer in card["layers"].items()),
             "Right on single digits it was not trained on": shares, "Licence": entry.get("licence", "")}
        )  # fmt: skip
    settings = [{"Setting": "Encoded by", "Value": BACKENDS[config["encoding"]["backend"]]}]
    if snakemake.params.left_out:
        settings += [{"Setting": "Left out, as VLFeat is not installed", "Value": ", ".join(snakemake.params.left_out)}]
    for name in config["backbones"]:
        settings += [{"Setting": f"{name}: {key}", "Value": text} for key, text in rulings(config["catalog"], name).items()]
    for path in filter(Path.is_file, map(Path, snakemake.params.codebooks)):  # some may be gone, what they made is there
        if fewer := read_header(path).get("fewer"):
            settings.append({"Setting": f"Codebook {name_of(path)} of {', '.join(path.parts[-3:-1])}", "Value": fewer})
    settings += [{"Setting": key, "Value": json.dumps(value, ensure_ascii=False)} for key, value in config.items()]
    code = installed("orderless") + (f", {revision}" if (revision := commit(WORKFLOW.parent, CODE)) else "")
    versions = [{"Package": "orderless", "Version": code}, *({"Package": name, "Version": installed(name)} for name in PACKAGES)]
    machine = [{"Machine": key.replace("_", " ").replace("gib", "GiB"), "": value} for key, value in stamp().items()]
    facts = {"datasets": datasets, "networks": networks, "settings": settings, "versions": versions, "machine": machine}
    write_page(snakemake.output[0], render("run.html", title=f"What ran: {config['run']}", **facts))


run(main, globals()["snakemake"])
