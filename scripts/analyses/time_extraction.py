"""Time the dense network against cropping (paper B, Table 1), and split each representation's cost (paper D, Table 5)."""

import json

import pandas as pd

from orderless.activations.extraction import Extractor
from orderless.analyses.timings import naive_against_dense
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import run
from orderless.reports.metrics import read_timings, seconds_per_image
from orderless.reports.pages import render, write_page


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    study, plan, titles = json.loads(params.study), json.loads(params.plan), json.loads(params.titles)
    entry, device = json.loads(params.backbone), pick_device(params.device)
    network = load(entry, snakemake.wildcards.backbone, inputs.weights, device)
    index = read_index(inputs.index)
    images = [read_image(path) for path in index["path"].iloc[: study["images"] + 1]]
    extractor = Extractor(network, entry, {}, {}, device, params.precision)
    naive_against_dense(extractor, images[:1], [2], "fc7")  # the first pass of each size pays for its preparation
    table = pd.DataFrame(naive_against_dense(extractor, images[1:], study["scales"], "fc7"))
    table.to_csv(snakemake.output.csv, index=False)
    extraction, encoding = read_timings(inputs.extraction), read_timings(inputs.encoding)
    costs = []
    for name in [name for name in study["representations"] if name in plan["representations"]]:
        forward = seconds_per_image(plan, name, extraction, encoding.iloc[:0])
        pooling = seconds_per_image(plan, name, extraction.iloc[:0], encoding)
        figures = (forward, pooling, forward + pooling)
        costs.append(
            {"Representation": titles[name]}
            | dict(zip(("Network, s", "Pooling, s", "Total, s"), map("{:.3g}".format, figures), strict=True))
        )
    dense = [
        {"Scales": row.scales, "Activations": row.activations, "Naive, s": f"{row.naive_seconds:.3g}",
         "Dense, s": f"{row.dense_seconds:.3g}", "Ratio": f"{row.naive_seconds / row.dense_seconds:.1f}"}
        for row in table.itertuples()
    ]  # fmt: skip
    title = f"Seconds an image on this machine ({device}, one thread)"
    write_page(snakemake.output.html, render("timings.html", title=title, dense=dense, costs=costs))


run(main, globals()["snakemake"])
