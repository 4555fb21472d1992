"""Fit the second projections (paper A) of the representations that have one, on training images."""

import json

from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.storage import save
from orderless.representations.reductions import fit_reductions
from orderless.representations.vectors import open_representations


def main(snakemake):
    params, headers = snakemake.params, json.loads(snakemake.params.headers)
    index = read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    finished = open_representations(snakemake.input.vectors, [], json.loads(params.plan), params.shards, index)
    bases = fit_reductions(finished, params.seed, params.dataset, train)
    for path in snakemake.output.reductions:
        name = name_of(path)
        save(path, {name: bases[name]}, "reduction", **headers[name])
        asked, (length, fitted) = json.loads(params.plan)["representations"][name]["reduce"], bases[name].shape
        why = f": {asked} are asked for, but the {train.sum()} training images span no more" if fitted < asked else ""
        print(f"{name}: {length} to {fitted} dimensions{why}")


run(main, globals()["snakemake"])
