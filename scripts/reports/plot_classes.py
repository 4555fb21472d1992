"""Show the figures class by class: a table of every representation; of the best one the confusions or average precisions."""

import json
from pathlib import Path

from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.storage import Tensors
from orderless.reports.classes import class_table, classes_page
from orderless.reports.metrics import headline, read_metrics, titles
from orderless.reports.pages import write_page
from orderless.reports.plots.classes import class_precisions, confusion


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    networks, names = titles(selected, "backbones"), titles(selected, "representations")
    best = headline(read_metrics(snakemake.input.metrics), dataset).iloc[0]
    files = {(path.parts[-2], name_of(path)): Tensors(path, "scores") for path in map(Path, snakemake.input.scores)}
    first = files[best["backbone"], best["representation"]]
    classes, task, title = first.header["classes"], first.header["task"], titles(selected, "datasets")[dataset]
    labels = {key: names[key[1]] + (f" ({networks[key[0]]})" if len(networks) > 1 else "") for key in files}
    table = class_table({labels[key]: (file["targets"], file["scores"]) for key, file in files.items()}, classes, task)
    table.to_csv(snakemake.output.csv)
    write_page(snakemake.output.html, classes_page(table, f"{title}: class by class", task))
    draw = confusion if task == "single-label" else class_precisions
    draw(first["targets"], first["scores"], classes, f"{title}: {names[best['representation']]}", snakemake.output.plot)


run(main, globals()["snakemake"])
