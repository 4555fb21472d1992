"""Fit the principal components of each descriptor set on the sample, and project the sample for the codebooks."""

import json

from orderless.activations.projection import fit_projections
from orderless.files.jobs import run
from orderless.files.results import Together, name_of
from orderless.files.storage import save


def main(snakemake):
    params, output = snakemake.params, snakemake.output
    sample = Together(snakemake.input.samples, "sample", keep=len(snakemake.input.samples))
    projections, projected = fit_projections(sample, json.loads(params.sets))
    headers = json.loads(params.projections)
    for path in output.projections:
        name = name_of(path)
        pca = projections[name]
        save(path, {f"{name}/{key}": array for key, array in pca.items()}, "projection", **headers[name])
        print(f"{name}: {sample.shape(name)[0]} descriptors of {pca['basis'].shape[0]} to {pca['basis'].shape[1]}")
    headers = json.loads(params.projected)
    for path in output.projected:
        name = name_of(path)
        save(path, {name: projected[name]}, "projected sample", **headers[name])


run(main, globals()["snakemake"])
