"""Look at a sample of training images and keep a random sample of each descriptor set that a projection is fitted for.

The sets of a repeat (the study of seeds) have images and descriptors of their own.
"""

import json

import numpy as np

from orderless.activations.extraction import POOLED, Extractor
from orderless.activations.sampling import sample
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import progress, run
from orderless.files.seeds import generator
from orderless.files.storage import Tensors, recipe, save


def main(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    entry, wanted = json.loads(params.backbone), json.loads(params.sample)
    sets = {name: item for name, item in json.loads(params.sets).items() if item["projection"] not in POOLED}
    index = read_index(snakemake.input.index)
    train = index[index["split"] == "train"]
    device = pick_device(params.device)
    network = load(entry, wildcards.backbone, snakemake.input.weights, device)
    tensors: dict[str, np.ndarray] = {}
    for repeat in sorted({item.get("repeat", 0) for item in sets.values()}):
        own = {name: item for name, item in sets.items() if item.get("repeat", 0) == repeat}
        rng = generator(params.seed, wildcards.dataset, "sample", repeat)
        rows = sorted(rng.permutation(len(train))[: wanted["images"]])
        paths = train["path"].iloc[rows].tolist()
        extractor = Extractor(network, entry, own, {}, device, params.precision)
        tensors |= sample(extractor, paths, read_image, wanted["descriptors"], rng, progress)
    weights = Tensors(snakemake.input.weights, "weights").header["recipe"]
    made_of = recipe("sample", sets, wanted, weights, train[["image", "sha256"]].values.tolist(), params.seed)
    save(snakemake.output.sample, tensors, "sample", recipe=made_of)


run(main, globals()["snakemake"])
