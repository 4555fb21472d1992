"""Show what the studies of a data set and a network found: one picture or page each."""

import json

import numpy as np
import pandas as pd

from orderless.analyses.confidence import parse_boxes
from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import run
from orderless.files.results import open_result
from orderless.reports.metrics import read_seeds, read_timings
from orderless.reports.pages import write_page
from orderless.reports.plots import studies
from orderless.reports.timings import cost_rows, dense_rows, timings_page


def titled(snakemake, study: str, column: str = "representation") -> pd.DataFrame:
    """The figures of a study, with the titles of their representations."""
    table = pd.read_csv(snakemake.input[study])
    return table.assign(title=table[column].map(json.loads(snakemake.params.titles)))


def show_scales(snakemake, path: str) -> None:
    studies.scales(titled(snakemake, "scales", "base"), snakemake.wildcards.dataset, path)


def show_invariance(snakemake, path: str) -> None:
    studies.invariance(titled(snakemake, "invariance"), snakemake.wildcards.dataset, path)


def show_pairs(snakemake, path: str) -> None:
    studies.pairs(pd.read_csv(snakemake.input.pairs), json.loads(snakemake.params.titles), snakemake.wildcards.dataset, path)


def show_seeds(snakemake, path: str) -> None:
    """How far the figures of the representations that were made again with other seeds move."""
    table = read_seeds(snakemake.input.seeds)
    title = table["representation"].map(json.loads(snakemake.params.titles))
    studies.seeds(table.assign(title=title), snakemake.wildcards.dataset, path)


def show_confidence(snakemake, path: str) -> None:
    """The maps over their images, and how often their peaks hit a box of their class."""
    file, index = open_result(snakemake.input.maps, "confidence"), read_index(snakemake.input.index).set_index("image")
    shown = []
    for name, labels in file.header["maps"].items():
        maps = {label: file[f"{name}/{label}"] for label in labels}
        shown.append((name, np.asarray(read_image(index.loc[name, "path"])), maps, parse_boxes(index.loc[name, "boxes"])))
    table, note = pd.read_csv(snakemake.input.confidence), ""
    if len(table):
        shares = f"{100 * table['hit'].mean():.0f}% of {len(table)} cases; a random point in {100 * table['chance'].mean():.0f}%"
        note = f"The peak is inside a box of its class in {shares}"
    studies.confidence(shown, note, path)


def show_timings(snakemake, path: str) -> None:
    """Dense passes against cropping, the network against pooling, and the papers' seconds beside them."""
    params = snakemake.params
    plan, titles, published = json.loads(params.plan), json.loads(params.titles), json.loads(params.published)
    extraction, encoding = read_timings(snakemake.input.extraction), read_timings(snakemake.input.encoding)
    dense = dense_rows(pd.read_csv(snakemake.input.timings), published)
    costs = cost_rows(plan, params.timed, extraction, encoding, published)
    write_page(path, timings_page(dense, costs, published, titles, json.loads(params.networks)))


SHOW = {
    "scales": show_scales,
    "invariance": show_invariance,
    "confidence": show_confidence,
    "timings": show_timings,
    "pairs": show_pairs,
    "seeds": show_seeds,
}


def main(snakemake):
    for study in snakemake.params.studies:
        SHOW[study](snakemake, snakemake.output[study])


run(main, globals()["snakemake"])
