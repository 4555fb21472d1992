"""Train a bundle of guidance layers on the labelled descriptors of training images."""

import json
from pathlib import Path

from orderless import encoders
from orderless.classification.classifiers import encode_targets
from orderless.datasets.index import classes, read_index, shard_rows
from orderless.files.jobs import run
from orderless.files.seeds import seed
from orderless.files.storage import recipe, save
from orderless.representations.bags import bags, open_descriptors


def main(snakemake):
    params, entries, index = snakemake.params, json.loads(snakemake.params.codebooks), read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    targets = encode_targets(index["labels"].tolist(), index["ignored"].tolist(), classes(index))[train]
    labelled = index.loc[train, ["image", "sha256", "labels"]].values.tolist()
    shards = open_descriptors(snakemake.input.shards, json.loads(params.sets), index)
    projections = shards[0].header["projections"]
    for path in map(Path, snakemake.output.codebooks):
        name = path.name.removesuffix(".safetensors")
        entry = entries[name]
        found = []
        for number, shard in enumerate(shards):
            rows = shard_rows(len(index), len(shards), number)
            found += [bag.x for row, bag in zip(rows, bags(shard, entry["set"]), strict=True) if train[row]]
        axes = (params.seed, snakemake.wildcards.dataset, "guidance", name)
        codebook = encoders.make(entry["encoder"]).fit_labelled(found, targets, seed(*axes))
        made_of = recipe("guidance", entry, projections, labelled, axes)
        save(path, codebook, "codebook", recipe=made_of, projections=projections)
        print(f"{name} trained")


run(main, globals()["snakemake"])
