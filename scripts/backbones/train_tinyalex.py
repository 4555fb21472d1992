"""Train TinyAlex on single digits; save its weights, which say its accuracy on digits of other writers."""

import json

from orderless.backbones.tinyalex import train
from orderless.backbones.weights import save_weights
from orderless.files.jobs import run


def main(snakemake):
    params = snakemake.params
    entry, header = json.loads(params.backbone), json.loads(params.header)
    model, accuracy = train(params.seed, entry["epochs"])
    print(f"accuracy on single digits: {accuracy}")
    header["single_digit_accuracy"] = accuracy
    save_weights(model, entry, snakemake.output.weights, source="trained by this workflow", **header)


run(main, globals()["snakemake"])
