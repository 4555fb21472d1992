"""Compare every two representations on the same test images: McNemar's test for accuracy, a paired bootstrap for mAP."""

from orderless.analyses import pairs as statistics
from orderless.classification import evaluation
from orderless.files.jobs import run
from orderless.files.results import name_of, open_result
from orderless.files.seeds import generator
from orderless.files.storage import write_text


def main(snakemake):
    files = {name_of(path): open_result(path, "scores") for path in snakemake.input.scores}
    first = next(iter(files.values()))
    targets, task = first["targets"], first.header["task"]
    rng = generator(snakemake.params.seed, snakemake.params.dataset, "bootstrap")
    resampled = evaluation.resample(len(targets), snakemake.params.bootstrap, rng)
    pairs = statistics.compare_pairs(targets, {name: file["scores"] for name, file in files.items()}, task, resampled)
    write_text(snakemake.output.pairs, pairs.round(6).to_csv(index=False))


run(main, globals()["snakemake"])
