"""Run the network over a shard of images and store every descriptor set, projected; and the seconds each one took."""

import json

import pandas as pd

from orderless.activations.extraction import Extractor, extract
from orderless.activations.projection import by_set
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index, shard_images, shard_rows
from orderless.files.images import read_image
from orderless.files.jobs import progress, run
from orderless.files.results import Together, name_of
from orderless.files.storage import save, write_text


def main(snakemake):
    params, output = snakemake.params, snakemake.output
    number, headers = int(snakemake.wildcards.shard), json.loads(params.headers)
    entry, sets = json.loads(params.backbone), json.loads(params.sets)
    index = read_index(snakemake.input.index)
    rows = index.iloc[list(shard_rows(len(index), params.shards, number))]
    images = shard_images(index, params.shards)[number]
    projections = by_set(Together(snakemake.input.projections, "projection", keep=len(sets)))
    device = pick_device(params.device, params.precision)
    network = load(entry, params.name, snakemake.input.weights, device)
    extractor = Extractor(network, entry, sets, projections, device, params.precision)
    tensors = extract(extractor, rows["path"].tolist(), read_image, progress)
    for path, timings in zip(output.descriptors, output.timings, strict=True):
        name = name_of(path)
        own = {key: array for key, array in tensors.items() if key.rpartition("/")[0] == name}
        save(path, own, "descriptors", images=images, **headers[name])
        table = {"set": name, "seconds": extractor.seconds[name], "forward": extractor.forward_seconds[name], "images": len(rows)}
        write_text(timings, pd.DataFrame([table]).to_csv(index=False))


run(main, globals()["snakemake"])
