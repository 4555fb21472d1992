"""Compose a data set of digit scenes: PNG images, their index, and thumbnails that stand in for a foreign feature."""

import json
from pathlib import Path

from orderless.datasets import write_index
from orderless.datasets.digits import compose_dataset, write_thumbnails
from orderless.jobs import run


def main(snakemake):
    rows = compose_dataset(json.loads(snakemake.params.dataset), Path(snakemake.output.images), snakemake.params.seed)
    write_index(rows, snakemake.output.index)
    write_thumbnails(rows, snakemake.output.thumbnails)
    print(f"{len(rows)} images")


run(main, globals()["snakemake"])
