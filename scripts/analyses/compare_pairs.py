"""Compare every two representations on the same test images: McNemar's test for accuracy, a paired bootstrap for mAP."""

import json
from pathlib import Path

from orderless.analyses import pairs as statistics
from orderless.classification import evaluation
from orderless.files.jobs import run
from orderless.files.seeds import generator
from orderless.files.storage import Tensors
from orderless.reports.plots import studies


def main(snakemake):
    files = {Path(path).stem: Tensors(path, "scores") for path in snakemake.input.scores}
    first = next(iter(files.values()))
    targets, task = first["targets"], first.header["task"]
    rng = generator(snakemake.params.seed, snakemake.wildcards.dataset, "bootstrap")
    resampled = evaluation.resample(len(targets), snakemake.params.bootstrap, rng)
    pairs = statistics.compare_pairs(targets, {name: file["scores"] for name, file in files.items()}, task, resampled)
    pairs.round(6).to_csv(snakemake.output.pairs, index=False)
    studies.pairs(pairs, json.loads(snakemake.params.titles), snakemake.wildcards.dataset, snakemake.output.plot)


run(main, globals()["snakemake"])
