"""Run the network over a shard of images and store every descriptor set, projected; and the seconds each one took."""

import json

import pandas as pd

from orderless.activations.extraction import Extractor, extract
from orderless.activations.projection import by_set
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index, shard_rows
from orderless.files.images import read_image
from orderless.files.jobs import progress, run
from orderless.files.storage import Tensors, recipe, save


def main(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    entry, sets = json.loads(params.backbone), json.loads(params.sets)
    index = read_index(snakemake.input.index)
    rows = index.iloc[list(shard_rows(len(index), params.shards, int(wildcards.shard)))]
    projections = Tensors(snakemake.input.projections, "projections")
    device = pick_device(params.device)
    network = load(entry, wildcards.backbone, snakemake.input.weights, device)
    extractor = Extractor(network, entry, sets, by_set(projections), device, params.precision)
    tensors = extract(extractor, rows["path"].tolist(), read_image, progress)
    images = rows[["image", "sha256"]].values.tolist()
    known = {"projections": projections.header["recipe"], "sets": recipe(sets), "images": recipe(images)}
    made_of = recipe("descriptors", projections.header["recipe"], images)
    save(snakemake.output.shard, tensors, "descriptors", recipe=made_of, **known)
    table = pd.DataFrame({"seconds": extractor.seconds, "forward": extractor.forward_seconds}).rename_axis("set")
    table.assign(images=len(rows)).to_csv(snakemake.output.timings)


run(main, globals()["snakemake"])
