"""Fit the principal components of each descriptor set on the sample, and project the sample for the codebooks."""

import json

from orderless.activations.projection import fit_projections
from orderless.files.jobs import run
from orderless.files.storage import Tensors, recipe, save


def main(snakemake):
    sets = json.loads(snakemake.params.sets)
    sample = Tensors(snakemake.input.sample, "sample")
    projections, projected = fit_projections(sample, sets)
    for name, pca in projections.items():
        print(f"{name}: {sample.shape(name)[0]} descriptors of {pca['basis'].shape[0]} to {pca['basis'].shape[1]}")
    made_of = recipe("projections", sets, sample.header["recipe"])
    tensors = {f"{name}/{key}": array for name, pca in projections.items() for key, array in pca.items()}
    save(snakemake.output.projections, tensors, "projections", recipe=made_of)
    save(snakemake.output.projected, projected, "projected sample", recipe=made_of)


run(main, globals()["snakemake"])
