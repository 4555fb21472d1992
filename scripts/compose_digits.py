"""Compose a data set of digit scenes: PNG images and their index."""

import json
from pathlib import Path

from orderless.datasets import write_index
from orderless.datasets.digits import compose_dataset
from orderless.jobs import run


def main(snakemake):
    rows = compose_dataset(json.loads(snakemake.params.dataset), Path(snakemake.output.images), snakemake.params.seed)
    write_index(rows, snakemake.output.index)
    print(f"{len(rows)} images")


run(main, globals()["snakemake"])
