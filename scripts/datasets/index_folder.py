"""List the images of a folder, decode each once, and write the index. Unreadable images fail or are skipped, as configured."""

import json

from orderless.datasets.folder import index_folder
from orderless.datasets.index import write_index
from orderless.files.jobs import run
from orderless.files.storage import write_text


def main(snakemake):
    entry = json.loads(snakemake.params.dataset)
    rows, skipped = index_folder(
        entry["root"],
        snakemake.params.seed,
        entry.get("task", "single-label"),
        entry.get("test_fraction", 0.3),
        snakemake.params.on_bad_image,
        snakemake.params.fraction,
    )
    write_index(rows, snakemake.output.index)
    write_text(snakemake.output.skipped, "".join(f"{line}\n" for line in skipped))
    print(f"{len(rows)} images, {len(skipped)} skipped")


run(main, globals()["snakemake"])
