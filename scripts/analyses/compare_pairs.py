"""Compare every two representations on the same test images, or on the same queries."""

from orderless.analyses.pairs import compare_pairs
from orderless.classification.evaluation import measure
from orderless.classification.intervals import Measured, halves, mean_of
from orderless.files.jobs import run
from orderless.files.results import name_of, open_result
from orderless.files.seeds import generator
from orderless.files.storage import write_text
from orderless.reports.metrics import METRICS
from orderless.retrieval.ranking import query_groups


def classified(paths: list[str], params) -> tuple[str, dict[str, Measured]]:
    """The metric that judges a data set, and its figure for each representation."""
    metric, half, figures = "", None, {}
    for path in paths:
        file = open_result(path, "scores")
        targets = file["targets"]
        if half is None:
            half = halves(len(targets), params.halves, generator(params.seed, params.dataset, "halves"))
        metric, figures[name_of(path)] = next(iter(measure(targets, file["scores"], params.task, half).items()))
    return metric, figures


def searched(paths: list[str]) -> tuple[str, dict[str, Measured]]:
    """The same of searches. Queries that share a match are of one group."""
    first = open_result(paths[0], "similarities")
    metric, groups = next(name for name in METRICS if name in first.header["metrics"]), query_groups(first["relevance"])
    return metric, {name_of(path): mean_of(open_result(path, "similarities")[metric], groups) for path in paths}


def main(snakemake):
    paths, params = snakemake.input.scores, snakemake.params
    metric, figures = searched(paths) if params.task == "retrieval" else classified(paths, params)
    write_text(snakemake.output.pairs, compare_pairs(figures, metric).to_csv(index=False, float_format="%.6g"))


run(main, globals()["snakemake"])
