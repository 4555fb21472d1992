"""Look at a sample of training images and keep a random sample of each descriptor set that something is learned on."""

import json
from functools import partial

from orderless.activations.extraction import Extractor
from orderless.activations.sampling import draw_sample
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import progress, run
from orderless.files.results import name_of
from orderless.files.storage import save


def main(snakemake):
    params, headers = snakemake.params, json.loads(snakemake.params.headers)
    entry, sets = json.loads(params.backbone), json.loads(params.sets)
    index = read_index(snakemake.input.index)
    paths = index.loc[index["split"] == "train", "path"].tolist()
    device = pick_device(params.device, params.precision)
    network = load(entry, params.name, snakemake.input.weights, device)
    extractor_of = partial(Extractor, network, entry, device=device, precision=params.precision)
    tensors = draw_sample(extractor_of, sets, paths, read_image, json.loads(params.sample), params.seed, params.dataset, progress)
    for path in snakemake.output.samples:
        name = name_of(path)
        save(path, {name: tensors[name]}, "sample", **headers[name])


run(main, globals()["snakemake"])
