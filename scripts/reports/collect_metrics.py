"""Gather every figure of the run into one tidy table, with what each representation costs."""

import json
from pathlib import Path

import pandas as pd

from orderless.files.jobs import run
from orderless.reports.metrics import COLUMNS, read_timings, seconds_per_image


def main(snakemake):
    plans = json.loads(snakemake.params.plans)

    def timings(paths: list[str], dataset: str, backbone: str) -> pd.DataFrame:
        return read_timings([path for path in paths if Path(path).parts[-4:-2] == (dataset, backbone)])

    tables = []
    for path in map(Path, snakemake.input.figures):
        dataset, backbone, name = path.parts[-3], path.parts[-2], path.stem
        table = pd.read_csv(path).assign(dataset=dataset, backbone=backbone, representation=name)
        costs = [timings(paths, dataset, backbone) for paths in (snakemake.input.extraction, snakemake.input.encoding)]
        table["seconds"] = float(f"{seconds_per_image(plans[dataset][backbone], name, *costs):.4g}")
        tables.append(table)
    pd.concat(tables)[COLUMNS].to_csv(snakemake.output.metrics, index=False)


run(main, globals()["snakemake"])
