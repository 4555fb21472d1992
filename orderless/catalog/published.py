"""The figures that the papers published (workflow/published)."""

import csv

from orderless.catalog.entries import WORKFLOW

Row = dict[str, str]


def published_rows() -> list[Row]:
    """Every row of workflow/published, paper by paper."""
    rows: list[Row] = []
    for path in sorted((WORKFLOW / "published").glob("*.csv")):
        with path.open(newline="") as file:
            rows += csv.DictReader(file)
    return rows


def of_networks(rows: list[Row], backbones: dict[str, dict]) -> list[Row]:
    """The rows that are of some networks, with two columns more: `backbone`, its id, and `stands_for`.

    backbones: id -> entry, whose `known_as` and `stands_for` name networks of workflow/published. The column `stands_for` says
    what the network is to the paper's, and is empty where it is the same.
    """
    found = []
    for name, entry in backbones.items():
        known = ({entry["known_as"]: ""} if "known_as" in entry else {}) | entry.get("stands_for", {})
        found += [row | {"backbone": name, "stands_for": known[row["network"]]} for row in rows if row["network"] in known]
    return found


def is_time(row: Row) -> bool:
    """Whether a row is of seconds, not of a figure of merit."""
    return row["metric"].split(":")[0] == "seconds"


def published_figures(dataset: str, backbones: dict[str, dict]) -> list[Row]:
    """The figures of merit of this suite's representations on a data set with one of these networks, as `of_networks`."""
    rows = [row for row in published_rows() if row["dataset"] == dataset and row["representation"] and not is_time(row)]
    return of_networks(rows, backbones)


def published_seconds(dataset: str, backbones: dict[str, dict]) -> list[Row]:
    """The seconds an image with one of these networks, on a data set or where none is stated, as `of_networks`."""
    return of_networks([row for row in published_rows() if is_time(row) and row["dataset"] in ("", dataset)], backbones)
