"""Classify each scale of the pyramid alone, and the first n scales together (paper B, Fig. 3 and 4).

figures: a row a scale or number of scales. pairs: the comparisons, on the same test images, among those of one representation.
"""

import json

import pandas as pd

from orderless.analyses.pairs import compare_pairs
from orderless.classification import evaluation
from orderless.classification.classifiers import encode_targets, train_classifier
from orderless.classification.intervals import Measured, halves
from orderless.datasets.index import classes, read_index
from orderless.files.jobs import run
from orderless.files.seeds import generator, seed
from orderless.files.storage import write_text
from orderless.representations.vectors import open_representations


def main(snakemake):
    params, inputs, dataset = snakemake.params, snakemake.input, snakemake.params.dataset
    plan, choice = json.loads(params.plan), json.loads(params.classifier)
    index = read_index(inputs.index)
    train = (index["split"] == "train").to_numpy()
    targets = encode_targets(index["labels"].tolist(), index["ignored"].tolist(), classes(index))
    finished = open_representations(inputs.vectors, inputs.reductions, plan, params.shards, index)
    half = halves(int((~train).sum()), params.halves, generator(params.seed, dataset, "halves"))
    rows, metric = [], ""
    studied: dict[tuple[str, str], dict[str, Measured]] = {}
    for row in json.loads(params.rows):
        axes = (params.seed, dataset, "classifier", row["id"])
        classifier = train_classifier(finished.matrix(row["id"]), train, targets[train], params.task, choice, seed(*axes))
        figures = evaluation.measure(targets[~train], classifier.scores, params.task, half)
        metric = next(iter(figures))
        studied.setdefault((row["base"], row["study"]), {})[row["id"]] = figures[metric]
        rows.append(row | {key: column[0] for key, column in evaluation.table(figures, len(classifier.scores)).items()})
    write_text(snakemake.output.figures, pd.DataFrame(rows).round(6).to_csv(index=False))
    pairs = pd.concat([compare_pairs(figures, metric) for figures in studied.values()])
    write_text(snakemake.output.pairs, pairs.to_csv(index=False, float_format="%.6g"))


run(main, globals()["snakemake"])
