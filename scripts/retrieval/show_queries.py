"""Show the best and the worst queries of the best search as a contact sheet."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from orderless.datasets.index import read_index
from orderless.files.images import read_image
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.storage import Tensors
from orderless.reports.sheets import GREEN, RED, Cell, contact_sheet
from orderless.retrieval.ranking import ITSELF, MATCH

SHOWN, FOUND = 5, 7  # queries of each kind, images found for each


def main(snakemake):
    titles = json.loads(snakemake.params.titles)
    figures = {name_of(path): pd.read_csv(path).iloc[0] for path in snakemake.input.figures}
    best = max(figures, key=lambda name: figures[name]["value"])
    file = Tensors(next(path for path in snakemake.input.similarities if name_of(path) == best), "similarities")
    paths = read_index(snakemake.input.index).set_index("image")["path"]
    metric = file.header["metrics"][0]
    order = np.argsort(file[metric], kind="stable")
    rows = []
    for query in dict.fromkeys([*order[:SHOWN], *order[-SHOWN:]]):
        relevance = file["relevance"][query]
        found = [i for i in np.argsort(-file["similarities"][query], kind="stable") if relevance[i] != ITSELF][:FOUND]
        asked = file.header["queries"][query]
        cells: list[Cell] = [(read_image(paths[asked]), f"{Path(asked).stem}: {file[metric][query]:.2f}", None)]
        for i in found:
            cells.append((read_image(paths[file.header["images"][i]]), "", GREEN if relevance[i] == MATCH else RED))
        rows.append(cells)
    contact_sheet(rows, f"{snakemake.wildcards.dataset}, {titles[best]}: the worst queries and the best").save(snakemake.output[0])


run(main, globals()["snakemake"])
