"""Classify each scale of the pyramid alone, and the first n scales together (paper B, Fig. 3 and 4)."""

import json

import pandas as pd

from orderless.catalog.plans import scale_rows
from orderless.classification import evaluation
from orderless.classification.classifiers import encode_targets, train_classifier
from orderless.datasets.index import classes, read_index
from orderless.files.jobs import run
from orderless.files.seeds import generator, seed
from orderless.reports.plots import studies
from orderless.representations.vectors import Representations, open_shards


def main(snakemake):
    params, dataset = snakemake.params, snakemake.wildcards.dataset
    plan, choice, titles = json.loads(params.plan), json.loads(params.classifier), json.loads(params.titles)
    index = read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    targets = encode_targets(index["labels"].tolist(), index["ignored"].tolist(), classes(index))
    finished = Representations(open_shards(snakemake.input.shards, plan, index), plan)
    resampled = evaluation.resample(int((~train).sum()), params.bootstrap, generator(params.seed, dataset, "bootstrap"))
    rows = []
    for row in scale_rows(plan, json.loads(params.study)):
        axes = (params.seed, dataset, "classifier", row["id"])
        classifier = train_classifier(finished.matrix(row["id"]), train, targets[train], params.task, choice, seed(*axes))
        table = evaluation.table(targets[~train], classifier.scores, params.task, resampled)
        first = {key: column[0] for key, column in table.items()}
        rows.append(row | {"title": titles[row["base"]]} | first)
    table = pd.DataFrame(rows)
    table.round(6).to_csv(snakemake.output.figures, index=False)
    studies.scales(table, dataset, snakemake.output.plot)


run(main, globals()["snakemake"])
