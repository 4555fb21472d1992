"""Hold the papers' claims against this run: what each paper says, what was measured, whether it holds."""

import json

import pandas as pd

from orderless.analyses.claims import judge
from orderless.catalog.entries import WORKFLOW, read_yaml
from orderless.files.jobs import run
from orderless.reports.claims import claims_page
from orderless.reports.pages import write_page


def main(snakemake):
    claims = read_yaml(WORKFLOW / "catalog" / "claims.yaml")["claims"]
    table = judge(claims, pd.read_csv(snakemake.input.pairs))
    table.round(6).to_csv(snakemake.output.csv, index=False)
    title = f"Claims of the papers on {snakemake.params.dataset}"
    write_page(snakemake.output.html, claims_page(table, json.loads(snakemake.params.titles), title))


run(main, globals()["snakemake"])
