"""Train a bundle of codebooks on the projected sample of training descriptors."""

import json
from pathlib import Path

from orderless import backends, encoders
from orderless.files.jobs import run
from orderless.files.storage import Tensors, recipe, save


def main(snakemake):
    params, entries = snakemake.params, json.loads(snakemake.params.codebooks)
    projected = Tensors(snakemake.input.projected, "projected sample")
    for path in map(Path, snakemake.output.codebooks):
        name = path.name.removesuffix(".safetensors")
        entry = entries[name]
        axes = (params.seed, snakemake.wildcards.dataset, "codebook", name)
        codebook = encoders.fit(entry["encoder"], projected[entry["set"]], backends.get(params.backend), *axes)
        made_of = recipe("codebook", entry, projected.header["recipe"], params.backend, axes)
        save(path, codebook, "codebook", recipe=made_of, projections=projected.header["recipe"])
        print(f"{name} trained")


run(main, globals()["snakemake"])
