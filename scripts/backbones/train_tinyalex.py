"""Train TinyAlex on single digits; save its weights and a card with its accuracy on digits of other writers."""

import json
from pathlib import Path

from orderless.backbones.tinyalex import train
from orderless.backbones.weights import card, save_weights
from orderless.files.jobs import run


def main(snakemake):
    entry = json.loads(snakemake.params.backbone)
    model, accuracy = train(snakemake.params.seed, entry["epochs"])
    print(f"accuracy on single digits: {accuracy}")
    save_weights(model, entry, snakemake.output.weights, source="trained by this workflow")
    facts = card(entry, snakemake.wildcards.backbone, snakemake.output.weights) | {"single_digit_accuracy": accuracy}
    Path(snakemake.output.card).write_text(json.dumps(facts, indent=2) + "\n")


run(main, globals()["snakemake"])
