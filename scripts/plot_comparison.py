"""Plot a data set's figures: with their intervals, against dimensions, against seconds."""

import json

from orderless.jobs import run
from orderless.reports import headline, plots, read_metrics, titles


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    papers = {name: entry.get("paper", "") for name, entry in selected["representations"].items()}
    rows = plots.labelled(
        headline(read_metrics(snakemake.input.metrics), dataset),
        titles(selected, "representations"), titles(selected, "backbones"), papers,
    )  # fmt: skip
    name = titles(selected, "datasets")[dataset]
    plots.accuracy(rows, name, snakemake.output.accuracy)
    plots.tradeoff(rows, "dimensions", "Dimensions of the representation", name, snakemake.output.dimensions)
    plots.tradeoff(rows, "seconds", "Seconds an image (one thread)", name, snakemake.output.seconds)


run(main, globals()["snakemake"])
