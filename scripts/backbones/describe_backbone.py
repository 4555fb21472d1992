"""Describe a network for the report: where its weights are from, and what each role's layer looks like."""

import json

from orderless.backbones.weights import card
from orderless.files.jobs import run
from orderless.files.storage import write_text


def main(snakemake):
    entry = json.loads(snakemake.params.backbone)
    write_text(snakemake.output.card, json.dumps(card(entry, snakemake.params.name, snakemake.input.weights), indent=2) + "\n")


run(main, globals()["snakemake"])
