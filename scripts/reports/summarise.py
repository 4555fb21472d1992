"""Write the report's first page from its tables."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from orderless.analyses.pairs import beside_best
from orderless.files.jobs import run
from orderless.reports.claims import verdicts
from orderless.reports.classes import read_class_table, worst_classes
from orderless.reports.metrics import METRICS, headline, read_metrics, titles
from orderless.reports.pages import render, write_page
from orderless.reports.summary import beside_papers, winners


def main(snakemake):
    selected, config = json.loads(snakemake.params.selected), json.loads(snakemake.params.config)
    metrics, folder = read_metrics(snakemake.input.metrics), Path(snakemake.output[0]).parent
    datasets, networks, names = (titles(selected, section) for section in ("datasets", "backbones", "representations"))
    published = {Path(path).stem.removeprefix("published-"): pd.read_csv(path) for path in snakemake.input.published}
    pairs = {tuple(Path(path).parts[-3:-1]): pd.read_csv(path) for path in snakemake.input.pairs}
    parts = []
    for dataset in config["datasets"]:
        best = headline(metrics, dataset).iloc[0]
        for backbone in config["backbones"]:
            part: dict[str, Any] = {"dataset": datasets[dataset], "network": networks[backbone], "metric": METRICS[best["metric"]]}
            part |= {"verdicts": None, "worst": None, "papers": beside_papers(published.get(dataset, pd.DataFrame()), backbone)}
            claims, classes = folder / f"claims-{dataset}-{backbone}.csv", folder / f"classes-{dataset}.csv"
            if str(claims) in snakemake.input.claims:
                part["verdicts"] = verdicts(pd.read_csv(claims))
            if str(classes) in snakemake.input.classes and best["backbone"] == backbone:
                label = names[best["representation"]] + (f" ({networks[backbone]})" if len(networks) > 1 else "")
                part["worst"] = worst_classes(read_class_table(classes), label)
            of_network = metrics[metrics["backbone"] == backbone]
            p = beside_best(pairs[dataset, backbone], headline(of_network, dataset).iloc[0]["representation"])
            parts.append(part | winners(of_network, dataset, names, p))
    digits = any(selected["datasets"][dataset]["kind"] == "digits" for dataset in config["datasets"])
    page = render("summary.html", title=f"Summary: {config['run']}", parts=parts, demonstration=digits)
    write_page(snakemake.output[0], page)


run(main, globals()["snakemake"])
