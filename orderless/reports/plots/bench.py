"""The benchmarks."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from orderless.reports.plots.style import begin, save


def bench(table: pd.DataFrame, path: str | Path) -> None:
    """How many times as long the peers take, on a logarithmic axis, from the line where both are as fast; and what is wanted."""
    begin()
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.5 * len(table)))
    blue, orange = sns.color_palette("colorblind")[0], sns.color_palette("colorblind")[1]
    for place, (_, row) in enumerate(table.iterrows()):
        axes.plot([1, row["ratio"]], [place, place], color=blue, lw=3, solid_capstyle="round", zorder=2)
        axes.plot(row["ratio"], place, marker="o", ms=9, color=blue, mec="white", zorder=3)
        wanted = row["notes"].get("wanted")
        if wanted:
            axes.plot([wanted, wanted], [place - 0.32, place + 0.32], color=orange, lw=2.5, zorder=4)
        axes.annotate(f"{row['ratio']:.3g}", (row["ratio"], place), (9, 0), textcoords="offset points", va="center", fontsize=10)
    axes.axvline(1, color="0.3", lw=1.5, zorder=1)
    axes.set_yticks(range(len(table)), table["figure"] + "\nbeside " + table["peer"], fontsize=9)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="Peer's time over ours", title="Benchmarks")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.margins(x=0.12)
    least = plt.Line2D([], [], color=orange, lw=2.5, label="At least this is wanted")
    axes.legend(handles=[least], loc="lower right", frameon=True)
    save(figure, path)
