"""Gather every figure of the run into one tidy table, with what each representation costs."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

from orderless.files.jobs import run
from orderless.files.results import label_of
from orderless.reports.metrics import COLUMNS, read_timings, seconds_per_image


def main(snakemake):
    plans = json.loads(snakemake.params.plans)

    @cache
    def timings(dataset: str, backbone: str) -> list[pd.DataFrame]:
        tables = []
        for paths in (snakemake.input.extraction, snakemake.input.encoding):
            tables.append(read_timings([path for path in paths if Path(path).parts[-4:-2] == (dataset, backbone)]))
        return tables

    tables = []
    for path in map(Path, snakemake.input.figures):
        dataset, backbone, (name, key) = path.parts[-3], path.parts[-2], label_of(path)
        table = pd.read_csv(path).assign(dataset=dataset, backbone=backbone, representation=name, recipe=key)
        seconds = seconds_per_image(plans[dataset][backbone], name, *timings(dataset, backbone))
        table["seconds"] = float(f"{seconds:.4g}")
        tables.append(table)
    pd.concat(tables)[COLUMNS].to_csv(snakemake.output.metrics, index=False)


run(main, globals()["snakemake"])
