"""The papers' published figures: the rows of workflow/published."""

import csv

from orderless.catalog.entries import WORKFLOW


def published_figures(dataset: str, backbones: dict[str, dict]) -> list[dict[str, str]]:
    """The papers' figures for a data set with one of these networks: rows of workflow/published, each with its `backbone` here.

    backbones: id -> entry, whose `known_as` is the network's name in workflow/published.
    """
    known = {entry["known_as"]: name for name, entry in backbones.items() if "known_as" in entry}
    found = []
    for path in sorted((WORKFLOW / "published").glob("*.csv")) if known else []:
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["dataset"] == dataset and row["network"] in known]
        found += [row | {"backbone": known[row["network"]]} for row in rows if row["representation"]]
    return found
