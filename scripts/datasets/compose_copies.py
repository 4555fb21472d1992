"""Make altered copies of some images of a folder, and write the index of copies, originals and all other images."""

import json
from pathlib import Path

from orderless.datasets.copies import compose_copies
from orderless.datasets.fractions import keep_fraction
from orderless.datasets.index import write_index
from orderless.files.jobs import run


def main(snakemake):
    entry = json.loads(snakemake.params.dataset)
    folder = Path(snakemake.output.images)
    rows = compose_copies(entry["root"], entry["originals"], entry["each"], folder, snakemake.params.seed)
    rows = keep_fraction(rows, snakemake.params.fraction, snakemake.params.seed, "retrieval")
    write_index(rows, snakemake.output.index)
    print(f"{sum(row['search'] == 'query' for row in rows)} copies of {entry['originals']} images among {len(rows)} in all")


run(main, globals()["snakemake"])
