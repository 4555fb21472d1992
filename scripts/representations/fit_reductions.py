"""Fit the second projections (paper A) of the representations that have one, on training images."""

import json

import numpy as np

from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.files.seeds import generator
from orderless.files.storage import recipe, save
from orderless.representations.vectors import Representations, fit_reduction, open_shards

MOST = 5000  # training vectors that serve, as in paper A's code


def main(snakemake):
    plan = json.loads(snakemake.params.plan)
    wanted = {name: row["reduce"] for name, row in plan["representations"].items() if "reduce" in row}
    index = read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    shards = open_shards(snakemake.input.shards, plan, index)
    finished = Representations(shards, plan)
    tensors = {}
    for name, dim in wanted.items():
        rng = generator(snakemake.params.seed, snakemake.wildcards.dataset, "reduction", name)
        tensors[name] = fit_reduction(finished.matrix(name)[train], dim, MOST, rng)
        print(f"{name}: {tensors[name].shape[0]} to {tensors[name].shape[1]} dimensions")
    made_of = recipe("reductions", wanted, [shard.header["recipe"] for shard in shards], np.flatnonzero(train).tolist())
    save(snakemake.output.reductions, tensors, "reductions", recipe=made_of)


run(main, globals()["snakemake"])
