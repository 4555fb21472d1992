"""Show the figures class by class: a table of every representation; of the best one the confusions or average precisions."""

import json
from pathlib import Path

from orderless.files.jobs import run
from orderless.files.storage import Tensors
from orderless.reports import headline, plots, read_metrics, titles
from orderless.reports.tables import class_table, class_table_html


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    networks, names = titles(selected, "backbones"), titles(selected, "representations")
    best = headline(read_metrics(snakemake.input.metrics), dataset).iloc[0]
    files = {(path.parts[-2], path.stem): Tensors(path, "scores") for path in map(Path, snakemake.input.scores)}
    first = files[best["backbone"], best["representation"]]
    classes, task, title = first.header["classes"], first.header["task"], titles(selected, "datasets")[dataset]
    labels = {key: names[key[1]] + (f" ({networks[key[0]]})" if len(networks) > 1 else "") for key in files}
    table = class_table({labels[key]: (file["targets"], file["scores"]) for key, file in files.items()}, classes, task)
    table.to_csv(snakemake.output.csv)
    figure = "Average precision (11 points)" if task == "multi-label" else "Share of the class's images named rightly"
    note = f"{figure}, per cent; the best of each class in bold."
    Path(snakemake.output.html).write_text(class_table_html(table, f"{title}: class by class", note))
    draw = plots.confusion if task == "single-label" else plots.class_precisions
    draw(first["targets"], first["scores"], classes, f"{title}: {names[best['representation']]}", snakemake.output.plot)


run(main, globals()["snakemake"])
