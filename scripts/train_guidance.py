"""Train one guidance layer on the labelled descriptors of training images."""

import json

import numpy as np

from orderless import encoders
from orderless.classification import encode_targets
from orderless.datasets import classes, read_index, shard_rows
from orderless.jobs import run
from orderless.representations import bags, open_descriptors
from orderless.seeds import seed
from orderless.storage import recipe, save


def main(snakemake):
    entry, index = json.loads(snakemake.params.codebook), read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    targets = encode_targets(index["labels"].tolist(), index["ignored"].tolist(), classes(index))[train]
    shards = open_descriptors(snakemake.input.shards, json.loads(snakemake.params.sets), index)
    found: list[np.ndarray] = []
    for number, shard in enumerate(shards):
        rows = shard_rows(len(index), len(shards), number)
        found += [bag.x for row, bag in zip(rows, bags(shard, entry["set"]), strict=True) if train[row]]
    axes = (snakemake.params.seed, snakemake.wildcards.dataset, "guidance", snakemake.wildcards.codebook)
    codebook = encoders.make(entry["encoder"]).fit_labelled(found, targets, seed(*axes))
    labelled = index.loc[train, ["image", "sha256", "labels"]].values.tolist()
    made_of = recipe("guidance", entry, shards[0].header["projections"], labelled, axes)
    save(snakemake.output.codebook, codebook, "codebook", recipe=made_of, projections=shards[0].header["projections"])


run(main, globals()["snakemake"])
