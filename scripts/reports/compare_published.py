"""Write the papers' figures beside those of this run: same network, same data set."""

import json
from pathlib import Path

import pandas as pd

from orderless.catalog.published import published_figures
from orderless.classification.evaluation import average_precision_11
from orderless.files.jobs import run
from orderless.files.results import name_of
from orderless.files.storage import Tensors
from orderless.reports.metrics import read_metrics, titles
from orderless.reports.pages import write_page
from orderless.reports.published import beside, published_page


def class_precisions(path: Path) -> list[dict]:
    """The 11-point AP of each class of one (network, representation)."""
    file = Tensors(path, "scores")
    precisions = [float(average_precision_11(t, s)[0]) for t, s in zip(file["targets"].T, file["scores"].T, strict=True)]
    row = {"backbone": path.parts[-2], "representation": name_of(path)}
    return [row | {"class": label, "value": value} for label, value in zip(file.header["classes"], precisions, strict=True)]


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    rows = published_figures(dataset, selected["backbones"])
    metrics = read_metrics(snakemake.input.metrics)
    classes = pd.DataFrame()
    if any(row["metric"].startswith("ap11:") for row in rows):
        classes = pd.DataFrame([row for path in snakemake.input.scores for row in class_precisions(Path(path))])
    table = beside(rows, metrics[metrics["dataset"] == dataset], classes)
    table.round(6).to_csv(snakemake.output.csv, index=False)
    names, networks = titles(selected, "representations"), titles(selected, "backbones")
    title = f"{titles(selected, 'datasets')[dataset]}: the papers' figures and this run's"
    write_page(snakemake.output.html, published_page(table, names, networks, title, snakemake.params.fraction))


run(main, globals()["snakemake"])
