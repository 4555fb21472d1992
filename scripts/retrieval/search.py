"""Rank the database for every query by each representation, variant and fusion, and compute the figures of merit.

similarities: `similarities` and `relevance` (queries, images), and for each metric, under its name, a figure for each query.
"""

import json

import numpy as np
import pandas as pd

from orderless.classification import evaluation
from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.seeds import generator
from orderless.files.storage import save, write_text
from orderless.representations.vectors import open_representations
from orderless.retrieval.ranking import protocol, values
from orderless.retrieval.search import Search


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    plan, index = json.loads(params.plan), read_index(inputs.index)
    judged = protocol(index)
    headers = json.loads(params.headers)
    finished = open_representations(inputs.vectors, inputs.reductions, plan, params.shards, index)
    search = Search(finished, judged, np.flatnonzero(index["split"] == "train"), {})
    rng = generator(params.seed, params.dataset, "bootstrap")
    resamples = evaluation.resample(len(judged.queries), params.bootstrap, rng)
    names = {"queries": index["image"].iloc[judged.queries].tolist(), "images": index["image"].iloc[judged.images].tolist()}
    for path, table in zip(snakemake.output.similarities, snakemake.output.figures, strict=True):
        name = name_of(path)
        similarities = search.similarities(name)
        figures = {metric: values(similarities, judged.relevance, metric) for metric in params.metrics}
        tensors = {"similarities": similarities, "relevance": judged.relevance} | figures
        save(path, tensors, "similarities", metrics=params.metrics, **names, **headers[name])
        bounds = {metric: evaluation.interval(resamples @ of_queries / len(of_queries)) for metric, of_queries in figures.items()}
        rows = [(metric, of_queries.mean(), *bounds[metric], len(of_queries)) for metric, of_queries in figures.items()]
        dimensions, stored = search.size(name)
        columns = ["metric", "value", "low", "high", "n"]
        judgement = pd.DataFrame(rows, columns=columns).assign(dimensions=dimensions, bytes=stored).round(6)
        write_text(table, judgement.to_csv(index=False))
        print(f"{name}: " + ", ".join(f"{metric} {of_queries.mean():.4f}" for metric, of_queries in figures.items()))


run(main, globals()["snakemake"])
