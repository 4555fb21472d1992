"""Rank the database for every query by each representation, each change of one and each fusion; work out the figures.

similarities: `similarities` and `relevance` (queries, images), and a figure for each query under its metric's name.
"""

import json

import numpy as np
import pandas as pd

from orderless.classification import evaluation
from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.files.seeds import generator
from orderless.files.storage import recipe, save
from orderless.representations.vectors import open_representations
from orderless.retrieval.ranking import protocol, values
from orderless.retrieval.search import Search


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    plan, index = json.loads(params.plan), read_index(inputs.index)
    asked = protocol(index)
    finished, made_from = open_representations(inputs.shards, inputs.reductions, plan, index)
    search = Search(finished, asked, np.flatnonzero(index["split"] == "train"), {})
    rng = generator(params.seed, snakemake.wildcards.dataset, "bootstrap")
    resamples = evaluation.resample(len(asked.queries), params.bootstrap, rng)
    names = {"queries": index["image"].iloc[asked.queries].tolist(), "images": index["image"].iloc[asked.images].tolist()}
    for path, table in zip(snakemake.output.similarities, snakemake.output.figures, strict=True):
        name = path.rsplit("/", 1)[1].removesuffix(".safetensors")
        similarities = search.similarities(name)
        each = {metric: values(similarities, asked.relevance, metric) for metric in params.metrics}
        tensors = {"similarities": similarities, "relevance": asked.relevance} | each
        made_of = recipe("search", plan["representations"][name], made_from)
        save(path, tensors, "similarities", recipe=made_of, metrics=params.metrics, **names)
        bounds = {metric: evaluation.interval(resamples @ found / len(found)) for metric, found in each.items()}
        rows = [(metric, found.mean(), *bounds[metric], len(found)) for metric, found in each.items()]
        dimensions, stored = search.size(name)
        columns = ["metric", "value", "low", "high", "n"]
        pd.DataFrame(rows, columns=columns).assign(dimensions=dimensions, bytes=stored).round(6).to_csv(table, index=False)
        print(f"{name}: " + ", ".join(f"{metric} {found.mean():.4f}" for metric, found in each.items()))


run(main, globals()["snakemake"])
