"""Train the classifiers of one representation, score the test images, and work out the figures with their intervals.

machines: `weights` (classes, D), or where there are more dimensions than training images `dual` (classes, training images),
whose product with the training vectors the weights are; `biases` (classes,). scores: `scores` (test images, classes),
`targets` alike of 1, -1 and 0 (left out).
"""

import json

import numpy as np
import pandas as pd

from orderless import classification, evaluation
from orderless.datasets import classes, read_index
from orderless.jobs import run
from orderless.representations import Representations
from orderless.seeds import generator, seed
from orderless.storage import Tensors, recipe, save


def main(snakemake):
    params, wildcards = snakemake.params, snakemake.wildcards
    choice = json.loads(params.classifier)
    index = read_index(snakemake.input.index)
    names = classes(index)
    targets = classification.encode_targets(index["labels"].tolist(), index["ignored"].tolist(), names)
    shards = [Tensors(path, "representations") for path in snakemake.input.shards]
    reductions = Tensors(snakemake.input.reductions, "reductions")
    finished = Representations(shards, json.loads(params.plan), {name: reductions[name] for name in reductions.names()})
    x, train = finished.matrix(wildcards.representation), (index["split"] == "train").to_numpy()
    small = classification.span(x[train])
    axes = (params.seed, wildcards.dataset, "classifier", wildcards.representation)
    c, tried = classification.choose_c(small.train, targets[train], params.task, choice["C"], choice["folds"], seed(*axes))
    print(f"{wildcards.representation}: {x.shape[1]} dimensions, cross-validation {tried}, C = {c}")
    weights, biases = classification.fit(small.train, targets[train], c, seed(*axes))
    scores = small.express(x[~train], x[train]) @ weights.T + biases
    made_of = recipe("scores", choice, [s.header["recipe"] for s in shards], reductions.header["recipe"])
    machines = {"weights" if small.basis is None else "dual": small.dual(weights), "biases": biases}
    save(snakemake.output.machines, machines, "machines", recipe=made_of, classes=names, c=c)
    save(
        snakemake.output.scores,
        {"scores": scores, "targets": targets[~train]},
        "scores", recipe=made_of, classes=names, images=index["image"][~train].tolist(), c=c, task=params.task,
    )  # fmt: skip
    dimensions, stored = finished.size(wildcards.representation)
    rows = []
    for metric, figure in evaluation.figures(targets[~train], scores, params.task).items():
        low, high = evaluation.bootstrap(
            figure, len(scores), params.bootstrap, generator(params.seed, wildcards.dataset, "bootstrap")
        )
        value = figure(np.arange(len(scores)))
        rows.append(
            {
                "metric": metric,
                "value": value,
                "low": low,
                "high": high,
                "n": len(scores),
                "dimensions": dimensions,
                "bytes": stored,
            }
        )
    pd.DataFrame(rows).round(6).to_csv(snakemake.output.figures, index=False)


run(main, globals()["snakemake"])
