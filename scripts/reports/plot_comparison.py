"""Plot a data set's figures: with their intervals, and against seconds, dimensions, bytes."""

import json
from pathlib import Path

from orderless.files.jobs import run
from orderless.reports import headline, plots, read_metrics, titles
from orderless.reports.tables import page


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    papers = {name: entry.get("paper", "") for name, entry in selected["representations"].items()}
    rows = plots.labelled(
        headline(read_metrics(snakemake.input.metrics), dataset),
        titles(selected, "representations"), titles(selected, "backbones"), papers,
    )  # fmt: skip
    name = titles(selected, "datasets")[dataset]
    plots.accuracy(rows, name, snakemake.output.accuracy)
    costs = {
        "seconds": "Seconds an image (one thread)",
        "dimensions": "Dimensions of the representation",
        "bytes": "Bytes an image",
    }
    drawn = []
    for cost, label in costs.items():
        path = Path(snakemake.output[cost])
        plots.tradeoff(rows, cost, label, name, path)
        drawn.append(path.read_text()[path.read_text().index("<svg") :])
    note = "<p>Point at a representation to read what it is. The line joins those that no other beats at their cost.</p>"
    Path(snakemake.output.costs).write_text(page(f"{name}: what a figure costs", note + "\n".join(drawn)))


run(main, globals()["snakemake"])
