"""Write the report's first page from its tables."""

import json
from pathlib import Path

import pandas as pd

from orderless.files.jobs import run
from orderless.reports import METRICS, headline, read_metrics, titles
from orderless.reports.summary import failures, summary_html, winners
from orderless.reports.tables import verdicts


def main(snakemake):
    selected, config = json.loads(snakemake.params.selected), json.loads(snakemake.params.config)
    metrics, folder = read_metrics(snakemake.input.metrics), Path(snakemake.output[0]).parent
    names, networks = titles(selected, "representations"), titles(selected, "backbones")
    beside = {Path(path).stem.removeprefix("published-"): pd.read_csv(path) for path in snakemake.input.published}
    parts = {}
    for dataset in config["datasets"]:
        best = headline(metrics, dataset).iloc[0]
        for backbone in config["backbones"]:
            rows = metrics[metrics["backbone"] == backbone]
            said = winners(rows, dataset, names)
            claims = folder / f"claims-{dataset}-{backbone}.csv"
            if str(claims) in snakemake.input.claims:
                said.append(("Claims of the papers", verdicts(pd.read_csv(claims))))
            near = beside.get(dataset, pd.DataFrame())
            near = near[near["backbone"] == backbone] if len(near) else near
            if len(near):
                apart = 100 * near["difference"].median()
                said.append(
                    ("Beside the papers", f"{len(near)} published figures, this run's {apart:+.1f} points from them (median)")
                )
            else:
                said.append(("Beside the papers", "no published figure is of this network on this data set"))
            classes = folder / f"classes-{dataset}.csv"
            if str(classes) in snakemake.input.classes and best["backbone"] == backbone:
                label = names[best["representation"]] + (f" ({networks[backbone]})" if len(networks) > 1 else "")
                said.append(("Where the best fails most", failures(pd.read_csv(classes), label)))
            parts[f"{titles(selected, 'datasets')[dataset]}, {networks[backbone]}: {METRICS[best['metric']]}"] = said
    kinds = {selected["datasets"][dataset]["kind"] for dataset in config["datasets"]}
    note = "Figures in per cent with 95% bootstrap intervals over the test images, or queries."
    if "digits" in kinds:
        note += " Composed scenes of handwritten digits are a demonstration, not a result of any paper."
    Path(snakemake.output[0]).write_text(summary_html(config["run"], parts, note))


run(main, globals()["snakemake"])
