"""Transform the test images, describe them anew, and score them with the classifiers of the untouched training images."""

import json
from functools import partial

import pandas as pd

from orderless import backends
from orderless.activations.extraction import Extractor, extract
from orderless.activations.projection import by_set
from orderless.analyses import invariance
from orderless.backbones.networks import pick_device
from orderless.backbones.weights import load
from orderless.classification import classifiers as classification
from orderless.classification import evaluation
from orderless.datasets.index import classes, read_index
from orderless.files.images import read_image
from orderless.files.jobs import progress, run
from orderless.files.results import Together, name_of, open_result
from orderless.files.storage import TensorsInMemory, write_text
from orderless.representations.encoding import encode_in_memory, read_codebooks
from orderless.representations.vectors import Representations, open_representations


def read_transformed(path: str, kind: str, amount):
    return invariance.transform(read_image(path), kind, amount)


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    plan, study = json.loads(params.plan), json.loads(params.study)
    names = [name_of(path) for path in inputs.classifiers]
    index = read_index(inputs.index)
    finished = open_representations(inputs.vectors, inputs.reductions, plan, params.shards, index)
    train = (index["split"] == "train").to_numpy()
    classifiers = {}
    for name, path in zip(names, inputs.classifiers, strict=True):
        file = open_result(path, "classifier")
        classifiers[name] = classification.full_weights(file, finished.matrix(name)[train]), file["biases"]
    test = index[~train]
    rows = test.iloc[invariance.spread(test["labels"].tolist(), study["images"])]
    targets = classification.encode_targets(rows["labels"].tolist(), rows["ignored"].tolist(), classes(index))
    device = pick_device(params.device, params.precision)
    entry = json.loads(params.backbone)
    network = load(entry, params.name, inputs.weights, device)
    projections = by_set(Together(inputs.projections, "projection", keep=len(inputs.projections)))
    extractor = Extractor(network, entry, plan["sets"], projections, device, params.precision)
    codebooks, backend = read_codebooks(inputs.codebooks), backends.get(params.backend, params.device)
    found: list[dict] = []
    originals: dict[str, dict] = {}
    for kind, amount in invariance.steps(study):
        same = invariance.untouched(kind, amount)
        if same and originals:
            found += [original | {"kind": kind, "amount": amount} for original in originals.values()]
            continue
        read = partial(read_transformed, kind=kind, amount=amount)
        descriptors = TensorsInMemory(extract(extractor, rows["path"].tolist(), read, progress))
        encoded = encode_in_memory(descriptors, rows["image"].tolist(), plan, codebooks, backend)
        described = Representations([encoded], plan, finished.reductions)
        for name in names:
            weights, biases = classifiers[name]
            scores = described.matrix(name) @ weights.T + biases
            metric, value = evaluation.headline(targets, scores, params.task)
            row = {"representation": name, "kind": kind, "amount": amount}
            found.append(row | {"metric": metric, "value": value, "n": len(scores)})
            if same:
                originals[name] = found[-1]
    write_text(snakemake.output.figures, pd.DataFrame(found).round(6).to_csv(index=False))


run(main, globals()["snakemake"])
