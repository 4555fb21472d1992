"""The figures that the papers published (workflow/published)."""

import csv

from orderless.catalog.entries import WORKFLOW


def published_figures(dataset: str, backbones: dict[str, dict]) -> list[dict[str, str]]:
    """The published figures for a data set with one of these networks: rows of workflow/published with a column `backbone`, its id.

    backbones: id -> entry, whose `known_as` is the name of the network in workflow/published.
    """
    id_of = {entry["known_as"]: name for name, entry in backbones.items() if "known_as" in entry}
    figures = []
    for path in sorted((WORKFLOW / "published").glob("*.csv")) if id_of else []:
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["dataset"] == dataset and row["network"] in id_of]
        figures += [row | {"backbone": id_of[row["network"]]} for row in rows if row["representation"]]
    return figures
