"""Look at a sample of training images and keep a random sample of each descriptor set that something is learned on."""

import json
from functools import partial

from orderless.activations.extraction import Extractor
from orderless.activations.sampling import draw_sample, sampled_sets
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import progress, run
from orderless.files.storage import Tensors, recipe, save


def main(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    entry, wanted, sets = json.loads(params.backbone), json.loads(params.sample), sampled_sets(json.loads(params.sets))
    index = read_index(snakemake.input.index)
    train = index[index["split"] == "train"]
    device = pick_device(params.device)
    network = load(entry, wildcards.backbone, snakemake.input.weights, device)
    extractor_of = partial(Extractor, network, entry, device=device, precision=params.precision)
    paths = train["path"].tolist()
    tensors = draw_sample(extractor_of, sets, paths, read_image, wanted, params.seed, wildcards.dataset, progress)
    weights = Tensors(snakemake.input.weights, "weights").header["recipe"]
    made_of = recipe("sample", sets, wanted, weights, train[["image", "sha256"]].values.tolist(), params.seed)
    save(snakemake.output.sample, tensors, "sample", recipe=made_of)


run(main, globals()["snakemake"])
