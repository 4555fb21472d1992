"""Train the classifiers of a bundle of representations, score the test images, and work out the figures with their intervals.

classifiers: `dual` (classes, training images), whose product with the training vectors the weights are, or where there are too many
images for a kernel `primal` (classes, D), the weights themselves; `biases` (classes,).
scores: `scores` (test images, classes), `targets` alike of 1, -1 and 0 (left out).
"""

import json

import pandas as pd

from orderless.classification import evaluation
from orderless.classification.classifiers import encode_targets, train_classifier
from orderless.classification.intervals import halves
from orderless.datasets.index import classes, read_index
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.seeds import generator, seed
from orderless.files.storage import save, write_text
from orderless.representations.vectors import open_representations


def main(snakemake):
    params, inputs, headers = snakemake.params, snakemake.input, json.loads(snakemake.params.headers)
    choice = json.loads(params.classifier)
    index = read_index(inputs.index)
    names, train = classes(index), (index["split"] == "train").to_numpy()
    targets = encode_targets(index["labels"].tolist(), index["ignored"].tolist(), names)
    finished = open_representations(inputs.vectors, inputs.reductions, json.loads(params.plan), params.shards, index)
    half = halves(int((~train).sum()), params.halves, generator(params.seed, params.dataset, "halves"))
    for paths in zip(*(snakemake.output[key] for key in ("classifiers", "scores", "figures")), strict=True):
        name = name_of(paths[0])
        axes = (params.seed, params.dataset, "classifier", name)
        classifier = train_classifier(finished.vectors(name), train, targets[train], params.task, choice, seed(*axes))
        print(f"{name}: cross-validation {classifier.tried}, C = {classifier.c}")
        tensors = classifier.weights | {"biases": classifier.biases}
        save(paths[0], tensors, "classifier", classes=names, c=classifier.c, **headers[name])
        tensors = {"scores": classifier.scores, "targets": targets[~train]}
        header = {"classes": names, "images": index["image"][~train].tolist(), "c": classifier.c, "task": params.task}
        save(paths[1], tensors, "scores", **header, **headers[name])
        figures = evaluation.measure(targets[~train], classifier.scores, params.task, half)
        dimensions, stored = finished.size(name)
        table = pd.DataFrame(evaluation.table(figures, len(classifier.scores))).assign(dimensions=dimensions, bytes=stored)
        write_text(paths[2], table.round(6).to_csv(index=False))


run(main, globals()["snakemake"])
