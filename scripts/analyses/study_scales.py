"""Classify each scale of the pyramid alone, and the first n scales together (paper B, Fig. 3 and 4)."""

import json

import pandas as pd

from orderless.classification import evaluation
from orderless.classification.classifiers import encode_targets, train_classifier
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
    resampled = evaluation.resample(int((~train).sum()), params.bootstrap, generator(params.seed, dataset, "bootstrap"))
    rows = []
    for row in json.loads(params.rows):
        axes = (params.seed, dataset, "classifier", row["id"])
        classifier = train_classifier(finished.matrix(row["id"]), train, targets[train], params.task, choice, seed(*axes))
        table = evaluation.table(targets[~train], classifier.scores, params.task, resampled)
        first = {key: column[0] for key, column in table.items()}
        rows.append(row | first)
    write_text(snakemake.output.figures, pd.DataFrame(rows).round(6).to_csv(index=False))


run(main, globals()["snakemake"])
