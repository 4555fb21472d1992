"""Write the comparison of a data set's representations, as CSV to use and HTML to read."""

import json

from orderless.datasets.index import read_index
from orderless.files.jobs import run
from orderless.reports.comparison import comparison, comparison_page
from orderless.reports.metrics import read_metrics, titles
from orderless.reports.notes import notes
from orderless.reports.pages import write_page


def main(snakemake):
    selected, dataset = json.loads(snakemake.params.selected), snakemake.wildcards.dataset
    names, plans = titles(selected, "representations"), json.loads(snakemake.params.plans)
    table = comparison(read_metrics(snakemake.input.metrics), dataset, names, titles(selected, "backbones"))
    index = read_index(snakemake.input.index)
    learned_on = int((index["split"] == "train").sum())
    sentences = {
        title: list(
            dict.fromkeys(note for plan in plans if name in plan["representations"] for note in notes(plan, name, learned_on))
        )
        for name, title in names.items()
    }
    table.to_csv(snakemake.output.csv, index=False)
    digits = selected["datasets"][dataset]["kind"] == "digits"
    write_page(snakemake.output.html, comparison_page(table, titles(selected, "datasets")[dataset], digits, sentences))


run(main, globals()["snakemake"])
