"""Train the classifiers of a bundle of representations, score the test images, and work out the figures with their intervals.

machines: `dual` (classes, training images), whose product with the training vectors the weights are, or where there are too many
images for a kernel `primal` (classes, D), the weights themselves; `biases` (classes,).
scores: `scores` (test images, classes), `targets` alike of 1, -1 and 0 (left out).
"""

import json

import pandas as pd

from orderless.classification import classifiers as classification
from orderless.classification import evaluation
from orderless.datasets.index import classes, read_index
from orderless.files.jobs import run
from orderless.files.seeds import generator, seed
from orderless.files.storage import recipe, save
from orderless.representations.vectors import open_representations


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    choice = json.loads(params.classifier)
    index = read_index(inputs.index)
    names, train = classes(index), (index["split"] == "train").to_numpy()
    targets = classification.encode_targets(index["labels"].tolist(), index["ignored"].tolist(), names)
    finished, made_from = open_representations(inputs.shards, inputs.reductions, json.loads(params.plan), index)
    made_of = recipe("scores", choice, made_from)
    rng = generator(params.seed, snakemake.wildcards.dataset, "bootstrap")
    resamples = evaluation.resample(int((~train).sum()), params.bootstrap, rng)
    for name, *paths in zip(params.names, *(snakemake.output[key] for key in ("machines", "scores", "figures")), strict=True):
        axes = (params.seed, snakemake.wildcards.dataset, "classifier", name)
        machine = classification.train_machine(finished.vectors(name), train, targets[train], params.task, choice, seed(*axes))
        print(f"{name}: cross-validation {machine.tried}, C = {machine.c}")
        save(paths[0], machine.weights | {"biases": machine.biases}, "machines", recipe=made_of, classes=names, c=machine.c)
        tensors = {"scores": machine.scores, "targets": targets[~train]}
        header = {"classes": names, "images": index["image"][~train].tolist(), "c": machine.c, "task": params.task}
        save(paths[1], tensors, "scores", recipe=made_of, **header)
        table = evaluation.table(targets[~train], machine.scores, params.task, resamples)
        dimensions, stored = finished.size(name)
        pd.DataFrame(table).assign(dimensions=dimensions, bytes=stored).round(6).to_csv(paths[2], index=False)


run(main, globals()["snakemake"])
