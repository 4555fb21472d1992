"""Write the comparison of a data set's representations, as CSV to use and HTML to read."""

import json

from orderless.files.jobs import run
from orderless.reports.comparison import comparison, comparison_page
from orderless.reports.metrics import read_metrics, titles
from orderless.reports.pages import write_page


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    table = comparison(
        read_metrics(snakemake.input.metrics), dataset, titles(selected, "representations"), titles(selected, "backbones")
    )
    table.to_csv(snakemake.output.csv, index=False)
    digits = selected["datasets"][dataset]["kind"] == "digits"
    write_page(snakemake.output.html, comparison_page(table, titles(selected, "datasets")[dataset], digits))


run(main, globals()["snakemake"])
