"""List the images of an official data set in the published splits, decode each once, and write the index.

Images that are cut to their boxes are written as PNG; all others stay in their place.
"""

import json
from pathlib import Path

from orderless.datasets.checks import count
from orderless.datasets.index import write_index
from orderless.datasets.official import index
from orderless.files.jobs import run
from orderless.files.storage import write_text


def main(snakemake):
    params, output = snakemake.params, snakemake.output
    root = Path(json.loads(Path(snakemake.input.source).read_text())["root"])
    folder, entry = Path(output.images), json.loads(params.dataset)
    folder.mkdir(parents=True, exist_ok=True)
    name = params.name
    rows, skipped = index(name, entry, root, params.seed, params.fraction, params.on_bad_image, folder)
    write_index(rows, output.index)
    write_text(output.skipped, "".join(f"{line}\n" for line in skipped))
    print(f"{len(rows)} images, {len(skipped)} skipped: {count(rows)}")


run(main, globals()["snakemake"])
