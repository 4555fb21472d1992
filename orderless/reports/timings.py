"""The page of seconds: windows cut out against one dense pass, the network against pooling, both beside the papers' figures."""

import pandas as pd

from orderless.catalog.plans import Plan, leaves
from orderless.catalog.published import Row
from orderless.reports.metrics import PAPERS, seconds_per_image
from orderless.reports.pages import render
from orderless.reports.published import network_name

MEASURED_ON = {"yoo2015": "on a GTX TITAN Black (a GPU)", "liu2015": "in MATLAB, on a machine that is not stated"}


def dense_rows(table: pd.DataFrame, published: list[Row]) -> list[Row]:
    """Paper B, Table 1. table: of `analyses.timings`. published: of `catalog.published.published_seconds`."""
    papers, rows = {row["metric"]: row["value"] for row in published}, []
    for row in table.itertuples():
        seconds = {"Naive, s": f"{row.naive_seconds:.3g}", "Dense, s": f"{row.dense_seconds:.3g}"}
        ratio = {"Ratio": f"{row.naive_seconds / row.dense_seconds:.1f}", "On": row.device, "In": row.precision}
        metrics = {f"Published {way}, s": f"seconds:{way}:{row.scales}" for way in ("naive", "dense")}
        beside = {head: papers[metric] for head, metric in metrics.items() if metric in papers}
        rows.append({"Scales": row.scales, "Activations": str(row.activations)} | seconds | ratio | beside)
    return rows


def cost_rows(plan: Plan, names: list[str], extraction: pd.DataFrame, encoding: pd.DataFrame, published: list[Row]) -> list[Row]:
    """Paper D, Table 5: the seconds of some representations, which have their ids in the table; of those that the run measured.

    plan: its `representations`. extraction, encoding: the shards' timings, as `seconds_per_image` takes them.
    """
    papers = {(row["representation"], row["metric"]): row["value"] for row in published}
    measured, rows = set(encoding["representation"]), []
    for name in [name for name in names if name in plan["representations"] and set(leaves(plan, name)) <= measured]:
        network = seconds_per_image(plan, name, extraction, encoding.iloc[:0])
        pooling = seconds_per_image(plan, name, extraction.iloc[:0], encoding)
        seconds = {"Network, s": network, "Pooling, s": pooling, "Total, s": network + pooling}
        metrics = {"network": "seconds:network", "pooling": "seconds:pooling", "total": "seconds"}
        beside = {f"Published {part}, s": papers[name, metric] for part, metric in metrics.items() if (name, metric) in papers}
        rows.append({"Representation": name} | {head: f"{value:.3g}" for head, value in seconds.items()} | beside)
    return rows


def source(published: list[Row], networks: dict[str, str]) -> str:
    """Whose seconds stand beside the run's: paper and table, on what, of which network; empty without any."""
    told = [
        f"{PAPERS[row['paper']]}, Table {row['table']}, {MEASURED_ON[row['paper']]}; {network_name(row, networks)}"
        for row in published
    ]
    return " and ".join(dict.fromkeys(told))


def timings_page(dense: list[Row], costs: list[Row], published: list[Row], names: dict[str, str], networks: dict[str, str]) -> str:
    """Both tables as a page. names, networks: the titles of representations and of networks by their id."""
    costs = [row | {"Representation": names[row["Representation"]]} for row in costs]
    title, told = "Seconds an image on this machine (one thread)", source(published, networks)
    return render("timings.html", title=title, dense=dense, costs=costs, published=told)
