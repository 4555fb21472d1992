"""Time the dense network against cropping (paper B, Table 1)."""

import json

import pandas as pd

from orderless.activations.extraction import Extractor
from orderless.analyses.timings import naive_against_dense
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import run
from orderless.files.storage import write_text


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    entry, study, device = json.loads(params.backbone), json.loads(params.study), pick_device(params.device, params.precision)
    network = load(entry, params.name, inputs.weights, device)
    index = read_index(inputs.index)
    images = [read_image(path) for path in index["path"].iloc[: study["images"] + 1]]
    extractor = Extractor(network, entry, {}, {}, device, params.precision)
    naive_against_dense(extractor, images[:1], [2], "fc7")  # the first pass of each size pays for its preparation
    table = pd.DataFrame(naive_against_dense(extractor, images[1:], study["scales"], "fc7"))
    table = table.assign(device=device, precision=params.precision)
    write_text(snakemake.output.csv, table.to_csv(index=False))


run(main, globals()["snakemake"])
