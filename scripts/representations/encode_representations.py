"""Encode, pool and normalise representations of one shard; and the seconds that each one's encoding took."""

import json

import pandas as pd

from orderless import backends
from orderless.datasets.index import read_index, shard_images, shard_rows
from orderless.files.jobs import run
from orderless.files.results import Together, name_of
from orderless.files.storage import save, write_text
from orderless.representations.encoding import encode_shard, read_codebooks


def main(snakemake):
    params, inputs, output = snakemake.params, snakemake.input, snakemake.output
    plan, headers = json.loads(params.plan), json.loads(params.headers)
    index, number = read_index(inputs.index), int(snakemake.wildcards.shard)
    images = index["image"].iloc[list(shard_rows(len(index), params.shards, number))].tolist()
    content = shard_images(index, params.shards)[number]
    shard = Together(inputs.descriptors, "descriptors", keep=len(inputs.descriptors), images=content)
    codebooks, backend = read_codebooks(inputs.codebooks), backends.get(params.backend, params.device)
    tensors, lengths, seconds = encode_shard(shard, images, plan, codebooks, backend)
    for path, timings in zip(output.vectors, output.timings, strict=True):
        name = name_of(path)
        own = {key: array for key, array in tensors.items() if key.split("/")[0] == name}
        save(path, own, "representations", dimensions=lengths[name], images=content, **headers[name])
        table = {"representation": name, "seconds": seconds.get(name, 0.0), "images": len(images)}
        write_text(timings, pd.DataFrame([table]).to_csv(index=False))


run(main, globals()["snakemake"])
