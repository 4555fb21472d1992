"""Gather the figures of the representations that were made again with other seeds, and show how far they move."""

import json
from pathlib import Path

import pandas as pd

from orderless.files.jobs import run
from orderless.reports.plots import studies


def main(snakemake):
    titles, rows = json.loads(snakemake.params.titles), []
    for path in map(Path, snakemake.input.figures):
        name, _, number = path.stem.partition("@")
        first = pd.read_csv(path).iloc[0]
        row = {"representation": name, "title": titles[name], "seed": int(number or 0)}
        rows.append(row | first[["metric", "value"]].to_dict())
    table = pd.DataFrame(rows)
    table.round(6).to_csv(snakemake.output.figures, index=False)
    studies.seeds(table, snakemake.wildcards.dataset, snakemake.output.plot)


run(main, globals()["snakemake"])
