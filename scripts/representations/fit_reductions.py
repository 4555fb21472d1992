"""Fit the second projections (paper A) of the representations that have one, on training images."""

import json

import numpy as np

from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.files.storage import recipe, save
from orderless.representations.reductions import fit_reductions
from orderless.representations.vectors import Representations, open_shards


def main(snakemake):
    plan = json.loads(snakemake.params.plan)
    index = read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    shards = open_shards(snakemake.input.shards, plan, index)
    bases = fit_reductions(Representations(shards, plan), snakemake.params.seed, snakemake.wildcards.dataset, train)
    for name, basis in bases.items():
        print(f"{name}: {basis.shape[0]} to {basis.shape[1]} dimensions")
    wanted = {name: row["reduce"] for name, row in plan["representations"].items() if "reduce" in row}
    made_of = recipe("reductions", wanted, [shard.header["recipe"] for shard in shards], np.flatnonzero(train).tolist())
    save(snakemake.output.reductions, bases, "reductions", recipe=made_of)


run(main, globals()["snakemake"])
