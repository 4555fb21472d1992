"""Map where the classifier finds its classes in test images, and play the pointing game where the index has boxes."""

import json

import pandas as pd

from orderless import backends, encoders
from orderless.analyses import confidence
from orderless.classification import classifiers as classification
from orderless.datasets.index import read_index, shard_rows
from orderless.files.images import read_image
from orderless.files.jobs import run
from orderless.files.results import open_result
from orderless.files.storage import save, write_text
from orderless.representations.bags import bags, open_descriptors
from orderless.representations.encoding import read_codebooks
from orderless.representations.vectors import open_representations

SIDE = 96  # cells of a map


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    plan, study = json.loads(params.plan), json.loads(params.study)
    name = study["representation"]
    row = plan["representations"][name]
    index = read_index(inputs.index)
    train = (index["split"] == "train").to_numpy()
    vectors = open_representations(inputs.vectors, [], plan, params.shards, index).matrix(name)
    classifier = open_result(inputs.classifiers[0], "classifier")
    weights, names = classification.full_weights(classifier, vectors[train]), classifier.header["classes"]
    codebook = read_codebooks(inputs.codebooks).get(row["codebook"], {})
    encoder, backend = encoders.make(plan["codebooks"][row["codebook"]]["encoder"]), backends.get(params.backend, params.device)
    shown: dict[str, dict] = {}  # image -> class -> its map
    game: list[dict] = []
    for number, shard in enumerate(open_descriptors(inputs.descriptors, params.shards, index)):
        for place, bag in zip(shard_rows(len(index), params.shards, number), bags(shard, row["set"]), strict=True):
            item = index.iloc[place]
            boxes = confidence.parse_boxes(item["boxes"])
            if train[place] or (not boxes and len(shown) >= study["gallery"]):
                continue
            scores = confidence.patch_scores(bag.x, encoder, codebook, backend, row["normalisation"], weights)
            image = read_image(item["path"])
            maps: dict = {}
            for label in sorted(set(item["labels"].split(";")) - {""}):
                maps[label] = confidence.confidence_map(scores[:, names.index(label)], bag.windows, bag.level, SIDE)
                own = [box for other, box in boxes if other == label]
                if own:
                    hit, chance = confidence.pointing(confidence.peak(maps[label]), own, image.size)
                    game.append({"image": item["image"], "class": label, "hit": int(hit), "chance": chance})
            if len(shown) < study["gallery"] and maps:
                shown[item["image"]] = maps
    table = pd.DataFrame(game, columns=["image", "class", "hit", "chance"])
    write_text(snakemake.output.figures, table.round(6).to_csv(index=False))
    tensors = {f"{image}/{label}": values for image, maps in shown.items() for label, values in maps.items()}
    maps = {image: list(each) for image, each in shown.items()}
    save(snakemake.output.maps, tensors, "confidence", maps=maps, **json.loads(params.headers)["confidence"])


run(main, globals()["snakemake"])
