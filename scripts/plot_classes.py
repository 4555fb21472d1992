"""Plot how the best representation does class by class: a confusion matrix, or each class's average precision."""

import json
from pathlib import Path

from orderless.jobs import run
from orderless.reports import headline, plots, read_metrics, titles
from orderless.storage import Tensors


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    best = headline(read_metrics(snakemake.input.metrics), dataset).iloc[0]
    wanted = (best["backbone"], best["representation"])
    path = next(path for path in map(Path, snakemake.input.scores) if (path.parts[-2], path.stem) == wanted)
    file = Tensors(path, "scores")
    title = f"{titles(selected, 'datasets')[dataset]}: {titles(selected, 'representations')[path.stem]}"
    draw = plots.confusion if file.header["task"] == "single-label" else plots.class_precisions
    draw(file["targets"], file["scores"], file.header["classes"], title, snakemake.output[0])


run(main, globals()["snakemake"])
