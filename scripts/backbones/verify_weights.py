"""Read or fetch a network's weights, check them against the network, and save them."""

import json
from pathlib import Path

from orderless.backbones.weights import card, fetch_model, save_weights
from orderless.files.jobs import run


def main(snakemake):
    entry = json.loads(snakemake.params.backbone)
    model, source = fetch_model(entry, snakemake.wildcards.backbone)
    save_weights(model, entry, snakemake.output.weights, source=source)
    facts = card(entry, snakemake.wildcards.backbone, snakemake.output.weights)
    Path(snakemake.output.card).write_text(json.dumps(facts, indent=2) + "\n")


run(main, globals()["snakemake"])
