"""Fetch the archives of a data set, verify and unpack them, or take the user's own copy; record its folder."""

import json
from pathlib import Path

from orderless.datasets.official import prepare, read_record
from orderless.files.jobs import run
from orderless.files.storage import write_text


def main(snakemake):
    entry = json.loads(snakemake.params.dataset)
    root = prepare(snakemake.params.name, entry, Path(snakemake.params.data))
    source = {"root": str(root), "files": read_record(root)}
    write_text(snakemake.output.source, json.dumps(source, indent=2) + "\n")
    print(f"{snakemake.params.name}: {root}")


run(main, globals()["snakemake"])
