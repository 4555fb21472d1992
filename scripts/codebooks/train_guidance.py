"""Train a bundle of guidance layers on the labelled descriptors of training images."""

import json

from orderless import encoders
from orderless.classification.classifiers import encode_targets
from orderless.datasets.index import classes, read_index, shard_rows
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.seeds import seed
from orderless.files.storage import save
from orderless.representations.bags import bags, open_descriptors


def main(snakemake):
    params, headers = snakemake.params, json.loads(snakemake.params.headers)
    entries, index = json.loads(params.codebooks), read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    targets = encode_targets(index["labels"].tolist(), index["ignored"].tolist(), classes(index))[train]
    shards = open_descriptors(snakemake.input.descriptors, params.shards, index)
    for path in snakemake.output.codebooks:
        name = name_of(path)
        entry = entries[name]
        descriptors = []
        for number, shard in enumerate(shards):
            rows = shard_rows(len(index), len(shards), number)
            descriptors += [bag.x for row, bag in zip(rows, bags(shard, entry["set"]), strict=True) if train[row]]
        axes = (params.seed, params.dataset, "guidance", name)
        codebook = encoders.make(entry["encoder"]).fit_labelled(descriptors, targets, seed(*axes))
        save(path, codebook, "codebook", **headers[name])
        print(f"{name} trained")


run(main, globals()["snakemake"])
