"""Plot the benchmarks, and write a page with the figures beside peers and limits, and with facts about the computer."""

import json
from pathlib import Path

import pandas as pd

from orderless.files.jobs import run
from orderless.reports.pages import render, write_page
from orderless.reports.plots.bench import bench

WORDS = {"wanted": "at least", "memory_gib": "memory, GiB"}  # names of keys on the page, where they differ from the key


def readable(value) -> str:
    """A value as text for the page."""
    if isinstance(value, dict):
        return ", ".join(f"{str(WORDS.get(key, key)).replace('_', ' ')} {readable(item)}" for key, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str("none" if value is None else value)


def main(snakemake):
    topics = json.loads(Path(snakemake.params.measured).read_text())
    table = pd.DataFrame([row for topic in topics for row in topic["rows"]])
    bench(table, snakemake.output.plot)
    shown = pd.DataFrame(
        {
            "Figure": table["figure"],
            "Ours, s": table["ours_seconds"].map(readable),
            "Peer": table["peer"],
            "Peer, s": table["peer_seconds"].map(readable),
            "Ratio": table["ratio"].map("{:.2f}".format),
            "Limit, s": table["limit_seconds"].map(lambda value: "" if pd.isna(value) else readable(value)),
            "Notes": table["notes"].map(readable),
        }
    )
    machines = [
        {"Topic": topic["topic"], "Peak memory, GiB": topic["peak_memory_gib"]}
        | {WORDS.get(key, key).capitalize(): readable(value) for key, value in topic["machine"].items()}
        for topic in topics
    ]
    page = render("bench.html", title="Benchmarks", figures=shown.to_dict("records"), machines=machines)
    write_page(snakemake.output.html, page)


run(main, globals()["snakemake"])
