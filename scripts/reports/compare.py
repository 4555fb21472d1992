"""Write the comparison of a data set's representations, as CSV to use and HTML to read."""

import json
from pathlib import Path

from orderless.files.jobs import run
from orderless.reports import read_metrics, titles
from orderless.reports.tables import comparison, comparison_html


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    table = comparison(
        read_metrics(snakemake.input.metrics), dataset, titles(selected, "representations"), titles(selected, "backbones")
    )
    table.to_csv(snakemake.output.csv, index=False)
    note = "With 95% bootstrap intervals over the test images, or queries. Time: one image, this representation alone, one thread."
    if selected["datasets"][dataset]["kind"] == "digits":
        note += " A demonstration on composed scenes of handwritten digits: not a result of any paper."
    Path(snakemake.output.html).write_text(comparison_html(table, titles(selected, "datasets")[dataset], note))


run(main, globals()["snakemake"])
