"""Train everything random again with other seeds, encode and classify, and show how far the figures move."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from orderless import classification, encoders, engines, evaluation
from orderless.datasets import classes, read_index, shard_rows
from orderless.jobs import run
from orderless.plans import is_learned, is_supervised, leaves, part
from orderless.reports import plots
from orderless.representations import bags, encode_shard
from orderless.seeds import generator, seed
from orderless.storage import Tensors
from orderless.vectors import Representations, fit_reduction


def main_figure(path: Path, titles: dict[str, str]) -> dict:
    """The figure of the main run, from its table."""
    first = pd.read_csv(path).iloc[0]
    return {"representation": path.stem, "title": titles[path.stem], "seed": 0, "metric": first["metric"], "value": first["value"]}


def main(snakemake):
    params, dataset = snakemake.params, snakemake.wildcards.dataset
    study, choice, titles = json.loads(params.study), json.loads(params.classifier), json.loads(params.titles)
    index = read_index(snakemake.input.index)
    train = (index["split"] == "train").to_numpy()
    targets = classification.encode_targets(index["labels"].tolist(), index["ignored"].tolist(), classes(index))
    plan = json.loads(params.plan)
    names = [name for name in study["representations"] if name in plan["representations"]]
    plan = part(plan, [leaf for name in names for leaf in leaves(plan, name)], names)
    projected = Tensors(snakemake.input.projected, "projected sample")
    shards = [Tensors(path, "descriptors") for path in snakemake.input.activations]
    rows_of = [shard_rows(len(index), len(shards), number) for number in range(len(shards))]
    engine = engines.get(params.engine)
    found = [main_figure(Path(path), titles) for path in snakemake.input.figures]

    def train_bags(name: str) -> list[np.ndarray]:
        return [
            bag.x
            for rows, shard in zip(rows_of, shards, strict=True)
            for row, bag in zip(rows, bags(shard, name), strict=True)
            if train[row]
        ]

    for other in study["seeds"]:
        axes = (params.seed, dataset, "repeat", other)
        books = {}
        for codebook, entry in plan["codebooks"].items():
            encoder = encoders.make(entry["encoder"])
            if is_supervised(entry["encoder"]):
                books[codebook] = encoder.fit_labelled(train_bags(entry["set"]), targets[train], seed(*axes, codebook))
            elif is_learned(entry["encoder"]):
                books[codebook] = encoder.fit(projected[entry["set"]], engine, seed(*axes, codebook))
        encoded = []
        for rows, shard in zip(rows_of, shards, strict=True):
            tensors, lengths, _ = encode_shard(shard, index["image"].iloc[list(rows)].tolist(), plan, books, engine, dataset)
            encoded.append((tensors, lengths))
        finished = Representations.in_memory(encoded, plan)
        for name in [name for name, row in plan["representations"].items() if "reduce" in row]:
            rng = generator(*axes, "reduction", name)
            finished.reductions[name] = fit_reduction(
                finished.matrix(name)[train], plan["representations"][name]["reduce"], 5000, rng
            )
        for name in names:
            x = finished.matrix(name)
            machine = classification.train_machine(x, train, targets[train], params.task, choice, seed(*axes, "classifier", name))
            metric, value = evaluation.headline(targets[~train], machine.scores, params.task)
            found.append({"representation": name, "title": titles[name], "seed": other, "metric": metric, "value": value})
        print(f"seed {other} done")
    table = pd.DataFrame(found)
    table.round(6).to_csv(snakemake.output.figures, index=False)
    plots.seeds(table, dataset, snakemake.output.plot)


run(main, globals()["snakemake"])
