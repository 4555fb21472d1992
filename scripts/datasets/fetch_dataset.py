"""Fetch the archives of a data set, verify and unpack them, or take the user's own copy; write down where it lies."""

import json
from pathlib import Path

from orderless.datasets.official import made_of, prepare
from orderless.files.jobs import run


def main(snakemake):
    entry = json.loads(snakemake.params.dataset)
    root = prepare(snakemake.wildcards.dataset, entry, Path(snakemake.params.data))
    found = {"root": str(root), "files": made_of(root)}
    Path(snakemake.output.source).write_text(json.dumps(found, indent=2) + "\n")
    print(f"{snakemake.wildcards.dataset}: {root}")


run(main, globals()["snakemake"])
