"""Hold the papers' claims against this run: what each paper says, what was measured, whether it holds."""

import json

import pandas as pd

from orderless.analyses.claims import judge
from orderless.analyses.pairs import COLUMNS
from orderless.catalog.entries import WORKFLOW, read_yaml
from orderless.files.jobs import run
from orderless.files.storage import write_text
from orderless.reports.claims import claims_page
from orderless.reports.metrics import read_seeds
from orderless.reports.pages import write_page


def main(snakemake):
    inputs = snakemake.input
    claims = read_yaml(WORKFLOW / "catalog" / "claims.yaml")["claims"]
    scales = pd.read_csv(inputs.scales) if inputs.get("scales") else pd.DataFrame(columns=COLUMNS)
    seeds = read_seeds(inputs.get("seeds", []))
    table = judge(claims, snakemake.wildcards.dataset, pd.read_csv(inputs.pairs), scales, seeds)
    write_text(snakemake.output.csv, table.to_csv(index=False, float_format="%.6g"))
    title = f"Claims of the papers on {snakemake.params.title}"
    write_page(snakemake.output.html, claims_page(table, json.loads(snakemake.params.titles), title))


run(main, globals()["snakemake"])
