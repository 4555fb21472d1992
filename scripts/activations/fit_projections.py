"""Fit the principal components of each descriptor set on the sample, and project the sample for the codebooks."""

import json

import numpy as np

from orderless.activations.projection import fit_pca, project
from orderless.files.jobs import run
from orderless.files.storage import Tensors, recipe, save
from orderless.representations.normalisation import l2

BLOCK = 8192


def main(snakemake):
    sets = json.loads(snakemake.params.sets)
    sample = Tensors(snakemake.input.sample, "sample")
    projections: dict[str, np.ndarray] = {}
    projected: dict[str, np.ndarray] = {}
    for name in sample.names():
        x = sample[name]
        blocks = [slice(first, first + BLOCK) for first in range(0, len(x), BLOCK)]
        choice = sets[name]["projection"]
        if choice is None:
            projected[name] = x
            continue
        x = l2(x.astype(np.float32)) if choice.get("unit") else x
        pca = fit_pca((x[b] for b in blocks), choice["pca"], choice.get("centre", True), choice.get("whiten", False), name)
        projected[name] = np.concatenate([project(x[b], pca) for b in blocks])
        projections |= {f"{name}/{key}": value for key, value in pca.items()}
        print(f"{name}: {len(x)} descriptors of {x.shape[1]} to {pca['basis'].shape[1]}")
    made_of = recipe("projections", sets, sample.header["recipe"])
    save(snakemake.output.projections, projections, "projections", recipe=made_of)
    save(snakemake.output.projected, projected, "projected sample", recipe=made_of)


run(main, globals()["snakemake"])
