"""Where every published figure is shown: in which experiment's report, or why in none.

`python -m orderless.reports.places docs/published.md`, or `make experiments`, writes the tables between the two MARKS of a file.
"""

import sys
from itertools import groupby
from pathlib import Path

from orderless.catalog.configuration import experiments, load_config
from orderless.catalog.entries import load_catalog
from orderless.catalog.published import Row, is_time, published_figures, published_rows, published_seconds
from orderless.reports.metrics import METRICS, PAPERS

KEY = ("paper", "table", "dataset", "network", "method", "metric")  # of a row of workflow/published: no two have the same
MARKS = "<!-- places -->\n", "<!-- /places -->\n"
OTHERS = "a system of other authors that this suite does not have"


def key_of(row: Row) -> tuple[str, ...]:
    """What tells a published row from all others."""
    return tuple(row[name] for name in KEY)


def shown(name: str, catalog: dict[str, dict]) -> list[Row]:
    """The published rows that the report of an experiment shows, as `catalog.published` has them."""
    config = load_config({"experiment": name})
    networks, study = {backbone: catalog["backbones"][backbone] for backbone in config["backbones"]}, catalog["analyses"]["timings"]
    rows = []
    for dataset in config["datasets"]:
        rows += [row for row in published_figures(dataset, networks) if row["representation"] in config["representations"]]
        for row in published_seconds(dataset, networks) if "timings" in config["analyses"] else []:
            timed = row["representation"] in config["representations"] and row["representation"] in study["representations"]
            if timed or row["metric"].rpartition("-")[2] in map(str, study["scales"]):
                rows.append(row)
    return rows


def places(catalog: dict[str, dict]) -> dict[tuple[str, ...], dict[str, list[str]]]:
    """Key of a published row -> id of a network -> the experiments whose reports show the row.

    An experiment that changes the catalog (five scales instead of seven) is no place: it is not the paper's.
    """
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name in [name for name, entry in experiments().items() if "catalog" not in entry]:
        for row in shown(name, catalog):
            of_network = found.setdefault(key_of(row), {}).setdefault(row["backbone"], [])
            of_network += [name] if name not in of_network else []
    return found


def reason(row: Row, rows: list[Row]) -> str:
    """Why a published row is in no report. rows: all that are published."""
    same = ("representation", "dataset", "metric")
    if row["representation"] and not row["network"]:
        quoted = next(r for r in rows if r["network"] and all(r[name] == row[name] for name in same))
        return f"a quotation of {PAPERS[quoted['paper']]}, whose row is shown"
    return row["note"] if row["network"] else OTHERS


def line(row: Row, place: dict[str, list[str]], rows: list[Row], catalog: dict[str, dict]) -> str:
    """A published row as a line of the page's table. place: of `places`, empty for none."""
    told = [f"{', '.join(f'`{name}`' for name in names)} with `{backbone}`" for backbone, names in place.items()]
    kind, _, which = row["metric"].partition(":")
    figure = {"ap11": f"AP of {which}", "seconds": f"seconds, {which.replace(':', ' ')}".rstrip(", ")}.get(kind) or METRICS[kind]
    cells = [
        catalog["datasets"][row["dataset"]]["title"] if row["dataset"] else "not stated",
        row["method"],
        figure,
        row["value"] if is_time(row) else f"{100 * float(row['value']):.2f}",
        f"`{row['representation'] or 'timings'}`" if place else "-",
        "; ".join(told) or f"no place: {reason(row, rows)}",
    ]
    return f"| {' | '.join(cells)} |\n"


def tables() -> str:
    """All published rows, a table for each table of a paper, after the number of those with a place."""
    catalog, rows = load_catalog({}), published_rows()
    found = places(catalog)
    placed = sum(key_of(row) in found for row in rows)
    text = f"Of {len(rows)} published figures {placed} are shown, {len(rows) - placed} have no place.\n"
    for (paper, table), group in groupby(rows, lambda row: (row["paper"], row["table"])):
        text += f"\n## {PAPERS[paper]}, {'quoted by others' if table == 'quoted' else f'Table {table}'}\n\n"
        text += "| data set | system | figure | published | here | shown in |\n|---|---|---|---:|---|---|\n"
        text += "".join(line(row, found.get(key_of(row), {}), rows, catalog) for row in group)
    return text


def write(path: Path) -> None:
    """Replace what stands between the two MARKS of a file."""
    before, rest = path.read_text().split(MARKS[0])
    path.write_text(before + MARKS[0] + tables() + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
