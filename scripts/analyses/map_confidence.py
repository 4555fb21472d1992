"""Map where the classifier finds its classes in test images, and play the pointing game where the index has boxes."""

import json

import numpy as np
import pandas as pd

from orderless import backends, encoders
from orderless.analyses import confidence
from orderless.classification import classifiers as classification
from orderless.datasets.index import read_index, shard_rows
from orderless.files.images import read_image
from orderless.files.jobs import run
from orderless.files.storage import Tensors
from orderless.reports.plots import studies
from orderless.representations.bags import bags, open_descriptors
from orderless.representations.vectors import Representations, open_shards

SIDE = 96  # cells of a map


def main(snakemake):
    inputs, plan, study = snakemake.input, json.loads(snakemake.params.plan), json.loads(snakemake.params.study)
    name = study["representation"]
    row = plan["representations"][name]
    index = read_index(inputs.index)
    train = (index["split"] == "train").to_numpy()
    vectors = Representations(open_shards(inputs.shards, plan, index), plan).matrix(name)
    classifier = Tensors(inputs.classifiers[0], "classifier")
    weights, names = classification.full_weights(classifier, vectors[train]), classifier.header["classes"]
    book = Tensors(inputs.codebooks[0], "codebook")
    codebook, encoder = {key: book[key] for key in book.names()}, encoders.make(plan["codebooks"][row["codebook"]]["encoder"])
    backend = backends.get(snakemake.params.backend)
    shown: list[tuple] = []
    game: list[dict] = []
    for number, shard in enumerate(open_descriptors(inputs.activations, plan["sets"], index)):
        for place, bag in zip(shard_rows(len(index), len(inputs.activations), number), bags(shard, row["set"]), strict=True):
            item = index.iloc[place]
            boxes = confidence.parse_boxes(item["boxes"])
            if train[place] or (not boxes and len(shown) >= study["gallery"]):
                continue
            scores = confidence.patch_scores(bag.x, encoder, codebook, backend, row["normalisation"], weights)
            image = read_image(item["path"])
            maps = {}
            for label in sorted(set(item["labels"].split(";")) - {""}):
                maps[label] = confidence.confidence_map(scores[:, names.index(label)], bag.windows, bag.level, SIDE)
                own = [box for other, box in boxes if other == label]
                if own:
                    hit, chance = confidence.pointing(confidence.peak(maps[label]), own, image.size)
                    game.append({"image": item["image"], "class": label, "hit": int(hit), "chance": chance})
            if len(shown) < study["gallery"] and maps:
                shown.append((item["image"], np.asarray(image), maps, boxes))
    table = pd.DataFrame(game, columns=["image", "class", "hit", "chance"])
    table.round(6).to_csv(snakemake.output.figures, index=False)
    note = ""
    if len(table):
        hits, chance = table["hit"].mean(), table["chance"].mean()
        shares = f"{100 * hits:.0f}% of {len(table)} cases; a random point in {100 * chance:.0f}%"
        note = f"The peak is inside a box of its class in {shares}"
        print(note)
    studies.confidence(shown, note, snakemake.output.gallery)


run(main, globals()["snakemake"])
