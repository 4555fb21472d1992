"""Collect the benchmarks in a table, and in one file with facts about the computer that they were measured on."""

import json
from pathlib import Path

import pandas as pd

from orderless.files.jobs import run

COLUMNS = ["figure", "peer", "ours_seconds", "peer_seconds", "ratio", "limit_seconds", "machine"]


def main(snakemake):
    topics = [json.loads(Path(path).read_text()) for path in snakemake.input]
    rows = [
        row | {"machine": topic["machine"]["gpu"] or topic["machine"]["processor"]} for topic in topics for row in topic["rows"]
    ]
    table = pd.DataFrame(rows)[COLUMNS].map(lambda value: float(f"{value:.4g}") if isinstance(value, float) else value)
    table.to_csv(snakemake.output.csv, index=False)
    Path(snakemake.output.json).write_text(json.dumps(topics, indent=2) + "\n")


run(main, globals()["snakemake"])
