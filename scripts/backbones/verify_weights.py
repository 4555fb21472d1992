"""Read or fetch a network's weights, check them against the network, and save them."""

import json

from orderless.backbones.networks import densify
from orderless.backbones.weights import fetch_model, save_weights
from orderless.files.jobs import run


def main(snakemake):
    params = snakemake.params
    entry = json.loads(params.backbone)
    model, source = fetch_model(entry, params.name)
    save_weights(model, entry, snakemake.output.weights, source=source, **json.loads(params.header))
    densify(model, entry, params.name)  # the layers of the entry are there


run(main, globals()["snakemake"])
