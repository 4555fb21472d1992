"""The look of every plot: families and their colours, text kept as text, what points say on hovering."""

import html
import io
import re
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from orderless.catalog.entries import read_catalog

FAMILIES = {  # paper -> what its family is called
    "gong2014": "MOP-CNN (Gong 2014)",
    "yoo2015": "MPP (Yoo 2015)",
    "liu2015": "Cross-layer (Liu 2015)",
    "": "Other",
    "li2016": "BoW and MOF (after Li 2016)",
}
# The same in every plot, and told apart by the colour-blind.
COLOURS = dict(zip(FAMILIES.values(), [sns.color_palette("colorblind")[i] for i in (0, 1, 2, 7, 4)], strict=True))
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # characters that an SVG must not hold


@cache
def colours() -> dict[str, tuple]:
    """The colour of each representation of the catalog, the same in every figure: its family's, lighter or darker."""
    shades: dict[str, tuple] = {}
    counts = dict.fromkeys(FAMILIES, 0)
    for name, entry in read_catalog()["representations"].items():
        paper = entry.get("paper", "")
        # A step that keeps apart those of a family that figures draw together: FC7, NFK, CSF, MPP, SIFT-FV.
        light = (counts[paper] * 0.285) % 1
        counts[paper] += 1
        shades[name] = sns.set_hls_values(COLOURS[FAMILIES[paper]], l=0.22 + 0.45 * light)
    return shades


def colour(name: str, family: str = FAMILIES[""]) -> tuple:
    """The colour of a representation; its family's, where it is the user's own."""
    return colours().get(name, COLOURS[family])


def begin() -> None:
    """The look of every figure; reproducible SVG. Names are not read as formulas: a class may be called $5 or $x^$."""
    sns.set_theme(style="whitegrid", context="notebook")
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "orderless", "font.family": "sans-serif", "figure.dpi": 100})
    plt.rcParams["text.parse_math"] = False


def save(figure: plt.Figure, path: str | Path, tips: dict[str, str] | None = None) -> None:
    """Write and close a figure. tips: what an element says on hovering, by its id (`gid` in matplotlib)."""
    for axes in [axes for axes in figure.axes if axes.get_xscale() == "log"]:
        for tick in axes.get_xticklabels(which="both"):
            tick.set_parse_math(True)  # powers of ten
    written = io.StringIO()
    figure.savefig(written, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    svg = written.getvalue()
    for name, tip in (tips or {}).items():
        svg = svg.replace(f'<g id="{name}">', f'<g id="{name}"><title>{html.escape(tip)}</title>', 1)
    Path(path).write_text(NOT_XML.sub("\ufffd", svg), encoding="utf-8", errors="backslashreplace")


def legend_of_families(axes: plt.Axes, rows: pd.DataFrame, *lines: plt.Line2D) -> None:
    """A legend of the families that are in the rows, and of the lines given."""
    drawn = [family for family in COLOURS if (rows["family"] == family).any()]
    marks = [plt.Line2D([], [], marker="o", ls="", ms=8, color=COLOURS[family], label=family) for family in drawn]
    axes.legend(handles=[*marks, *lines], loc="best", frameon=True)
