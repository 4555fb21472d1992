"""Encode, pool and normalise every representation of one shard; and the seconds that each one's encoding took."""

import json

import pandas as pd

from orderless import backends
from orderless.datasets.index import read_index, shard_images, shard_rows
from orderless.files.jobs import run
from orderless.files.storage import Tensors, recipe, save
from orderless.representations.encoding import encode_shard, read_codebooks


def main(snakemake):
    plan = json.loads(snakemake.params.plan)
    index = read_index(snakemake.input.index)
    number, shards = int(snakemake.wildcards.shard), snakemake.params.shards
    images = index["image"].iloc[list(shard_rows(len(index), shards, number))].tolist()
    own = shard_images(index, shards)[number]
    shard = Tensors(snakemake.input.shard, "descriptors", sets=recipe(plan["sets"]), images=own)
    codebooks, recipes = read_codebooks(snakemake.input.codebooks, shard.header["projections"])
    tensors, lengths, seconds = encode_shard(
        shard, images, plan, codebooks, backends.get(snakemake.params.backend), snakemake.wildcards.dataset
    )
    made_of = recipe("representations", plan, shard.header["recipe"], recipes, snakemake.params.backend)
    save(snakemake.output.shard, tensors, "representations", recipe=made_of, dimensions=lengths, plan=recipe(plan), images=own)
    table = pd.DataFrame({"representation": list(seconds), "seconds": list(seconds.values()), "images": len(images)})
    table.to_csv(snakemake.output.timings, index=False)


run(main, globals()["snakemake"])
