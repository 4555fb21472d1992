"""Compose a data set of digit scenes: PNG images, their index, and thumbnails that stand in for a precomputed feature."""

import json
from pathlib import Path

from orderless.datasets.digits import compose_dataset, write_thumbnails
from orderless.datasets.fractions import keep_fraction
from orderless.datasets.index import write_index
from orderless.files.jobs import run


def main(snakemake):
    entry, params = json.loads(snakemake.params.dataset), snakemake.params
    rows = compose_dataset(entry, Path(snakemake.output.images), params.seed)
    rows = keep_fraction(rows, params.fraction, params.seed, entry["task"])
    write_index(rows, snakemake.output.index)
    write_thumbnails(rows, snakemake.output.thumbnails)
    print(f"{len(rows)} images")


run(main, globals()["snakemake"])
