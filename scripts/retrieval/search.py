"""Rank the database for every query by each representation, variant and fusion, and compute the figures of merit.

similarities: `similarities` and `relevance` (queries, images), and for each metric, under its name, a figure for each query.
"""

import json

import numpy as np
import pandas as pd

from orderless.classification.evaluation import table
from orderless.classification.intervals import mean_of
from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.storage import save, write_text
from orderless.representations.vectors import open_representations
from orderless.retrieval.ranking import protocol, query_groups, values
from orderless.retrieval.search import Search


def main(snakemake):
    params, inputs = snakemake.params, snakemake.input
    plan, index = json.loads(params.plan), read_index(inputs.index)
    judged = protocol(index)
    headers = json.loads(params.headers)
    finished = open_representations(inputs.vectors, inputs.reductions, plan, params.shards, index)
    search = Search(finished, judged, np.flatnonzero(index["split"] == "train"), {})
    groups = query_groups(judged.relevance)
    names = {"queries": index["image"].iloc[judged.queries].tolist(), "images": index["image"].iloc[judged.images].tolist()}
    for path, output in zip(snakemake.output.similarities, snakemake.output.figures, strict=True):
        name = name_of(path)
        similarities = search.similarities(name)
        figures = {metric: values(similarities, judged.relevance, metric) for metric in params.metrics}
        tensors = {"similarities": similarities, "relevance": judged.relevance} | figures
        save(path, tensors, "similarities", metrics=params.metrics, **names, **headers[name])
        measured = {metric: mean_of(of_queries, groups) for metric, of_queries in figures.items()}
        dimensions, stored = search.size(name)
        judgement = pd.DataFrame(table(measured, len(groups))).assign(dimensions=dimensions, bytes=stored).round(6)
        write_text(output, judgement.to_csv(index=False))
        print(f"{name}: " + ", ".join(f"{metric} {of_queries.mean():.4f}" for metric, of_queries in figures.items()))


run(main, globals()["snakemake"])
