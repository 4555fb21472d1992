"""Train one codebook on the projected sample of training descriptors."""

import json

from orderless import encoders, engines
from orderless.jobs import run
from orderless.seeds import seed
from orderless.storage import Tensors, recipe, save


def main(snakemake):
    entry = json.loads(snakemake.params.codebook)
    projected = Tensors(snakemake.input.projected, "projected sample")
    encoder = encoders.make(entry["encoder"])
    axes = (snakemake.params.seed, snakemake.wildcards.dataset, "codebook", snakemake.wildcards.codebook)
    codebook = encoder.fit(projected[entry["set"]], engines.get(snakemake.params.engine), seed(*axes))
    made_of = recipe("codebook", entry, projected.header["recipe"], snakemake.params.engine, axes)
    save(snakemake.output.codebook, codebook, "codebook", recipe=made_of, projections=projected.header["recipe"])


run(main, globals()["snakemake"])
