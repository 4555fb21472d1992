"""Plot a data set's figures: with their intervals, and against seconds, dimensions, bytes."""

import json

from orderless.files.jobs import run
from orderless.reports.metrics import headline, read_metrics, titles
from orderless.reports.pages import drawing, render, write_page
from orderless.reports.plots.comparison import accuracy, labelled, tradeoff


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    papers = {name: entry.get("paper", "") for name, entry in selected["representations"].items()}
    rows = labelled(
        headline(read_metrics(snakemake.input.metrics), dataset),
        titles(selected, "representations"), titles(selected, "backbones"), papers,
    )  # fmt: skip
    name = titles(selected, "datasets")[dataset]
    accuracy(rows, name, snakemake.output.accuracy)
    costs = {
        "seconds": "Seconds an image (one thread)",
        "dimensions": "Dimensions of the representation",
        "bytes": "Bytes an image",
    }
    for cost, label in costs.items():
        tradeoff(rows, cost, label, name, snakemake.output[cost])
    drawings = [drawing(snakemake.output[cost]) for cost in costs]
    write_page(snakemake.output.costs, render("costs.html", title=f"{name}: what a figure costs", drawings=drawings))


run(main, globals()["snakemake"])
