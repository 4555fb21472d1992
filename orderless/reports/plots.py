"""Plots, through seaborn. Each function draws one figure and writes it as SVG with its text kept as text."""

import html
import io
import re
from functools import cache
from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from orderless.catalog.entries import read_catalog
from orderless.classification.evaluation import average_precision_11
from orderless.reports.metrics import METRICS

PAPERS = {  # paper -> what its family is called, and its colour, the same in every plot (colour-blind safe)
    "gong2014": "MOP-CNN (Gong 2014)",
    "yoo2015": "MPP (Yoo 2015)",
    "liu2015": "Cross-layer (Liu 2015)",
    "": "Other",
    "li2016": "BoW and MOF (after Li 2016)",
}
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # characters that an SVG must not hold
COLOURS = dict(zip(PAPERS.values(), [sns.color_palette("colorblind")[i] for i in (0, 1, 2, 7, 4)], strict=True))


@cache
def colours() -> dict[str, tuple]:
    """The colour of each representation of the catalog, the same in every figure: its family's, lighter or darker."""
    shades: dict[str, tuple] = {}
    counts = dict.fromkeys(PAPERS, 0)
    for name, entry in read_catalog()["representations"].items():
        paper = entry.get("paper", "")
        # A step that keeps apart those of a family that figures draw together: FC7, NFK, CSF, MPP, SIFT-FV.
        light = (counts[paper] * 0.285) % 1
        counts[paper] += 1
        shades[name] = sns.set_hls_values(COLOURS[PAPERS[paper]], l=0.22 + 0.45 * light)
    return shades


def colour(name: str, family: str = PAPERS[""]) -> tuple:
    """The colour of a representation; its family's, where it is the user's own."""
    return colours().get(name, COLOURS[family])


def begin() -> None:
    """The look of every figure; reproducible SVG. Names are not read as formulas: a class may be called $5 or $x^$."""
    sns.set_theme(style="whitegrid", context="notebook")
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "orderless", "font.family": "sans-serif", "figure.dpi": 100})
    plt.rcParams["text.parse_math"] = False


def save(figure: plt.Figure, path: str | Path, words: dict[str, str] | None = None) -> None:
    """Write and close a figure. words: what an element says on hovering, by its id."""
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    svg = text.getvalue()
    for gid, said in (words or {}).items():
        svg = svg.replace(f'<g id="{gid}">', f'<g id="{gid}"><title>{html.escape(said)}</title>', 1)
    Path(path).write_text(NOT_XML.sub("\ufffd", svg), encoding="utf-8", errors="backslashreplace")


def labelled(rows: pd.DataFrame, names: dict[str, str], networks: dict[str, str], papers: dict[str, str]) -> pd.DataFrame:
    """Headline rows with the titles and the family that a figure shows; the network is named where there are several."""
    rows = rows.copy()
    rows["title"] = rows["representation"].map(names)
    if rows["backbone"].nunique() > 1:
        rows["title"] += " (" + rows["backbone"].map(networks) + ")"
    rows["family"] = [PAPERS[papers.get(name, "")] for name in rows["representation"]]
    rows[["value", "low", "high"]] *= 100
    return rows


def families(axes: plt.Axes, rows: pd.DataFrame, **more) -> None:
    """A legend of the families in the rows."""
    found = [family for family in COLOURS if (rows["family"] == family).any()]
    marks = [plt.Line2D([], [], marker="o", ls="", ms=8, color=COLOURS[family], label=family) for family in found]
    axes.legend(handles=[*marks, *more.get("besides", [])], loc="best", frameon=True)


def accuracy(rows: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Every representation's figure with its 95% interval, best on top. rows: of `labelled`."""
    begin()
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.38 * len(rows)))
    for place, (_, row) in enumerate(rows.iterrows()):
        own = colour(row["representation"], row["family"])
        axes.plot([row["low"], row["high"]], [place, place], color=own, lw=2.5, solid_capstyle="round")
        axes.plot(row["value"], place, marker="o", ms=9, color=own, mec="white")
    axes.set_yticks(range(len(rows)), rows["title"])
    axes.invert_yaxis()
    axes.set(
        xlabel=f"{METRICS[rows['metric'].iloc[0]]}, % (95% bootstrap interval)", ylabel="", title=f"{dataset}: figures of merit"
    )
    families(axes, rows)
    save(figure, path)


def front(rows: pd.DataFrame, cost: str) -> pd.DataFrame:
    """The rows that no other beats at their cost or less, cheapest first."""
    ordered = rows.sort_values([cost, "value"], ascending=[True, False])
    return ordered[ordered["value"] > ordered["value"].cummax().shift(fill_value=-np.inf)]


def tradeoff(rows: pd.DataFrame, cost: str, label: str, dataset: str, path: str | Path) -> None:
    """The figure against a cost (a column of the metrics, logarithmic), and the front that no other representation beats.

    Every point is named where there are few; where there are many, those of the front. Each point says on hovering what it is.
    """
    from adjustText import adjust_text

    begin()
    np.random.seed(0)  # noqa: NPY002 (adjustText places the names by the global generator)
    best = front(rows, cost)
    figure, axes = plt.subplots(figsize=(8.5, 5.5))
    (line,) = axes.step(best[cost], best["value"], where="post", color="0.6", lw=1.5, zorder=0, label="Best for its cost")
    words = {}
    for place, (_, row) in enumerate(rows.iterrows()):
        own = colour(row["representation"], row["family"])
        axes.plot(row[cost], row["value"], marker="o", ms=9, color=own, mec="white", gid=f"point-{place}")
        words[f"point-{place}"] = f"{row['title']}: {row['value']:.1f} ({row['low']:.1f} to {row['high']:.1f}), {row[cost]:,.3g}"
    axes.set(xscale="log", xlabel=label, ylabel=f"{METRICS[rows['metric'].iloc[0]]}, %", title=f"{dataset}: figure against cost")
    axes.margins(0.15)
    named = rows if len(rows) <= 16 else best
    names = [axes.text(row[cost], row["value"], row["title"], fontsize=10) for _, row in named.iterrows()]
    adjust_text(names, ax=axes, iter_lim=300, arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.7})
    families(axes, rows, besides=[line])
    for tick in axes.get_xticklabels(which="both"):
        tick.set_parse_math(True)  # powers of ten
    save(figure, path, words)


def confusion(targets: np.ndarray, scores: np.ndarray, classes: list[str], title: str, path: str | Path) -> None:
    """Which class is taken for which: rows the truth, columns the answer, in per cent of the truth's images."""
    begin()
    truth, predicted, count = targets.argmax(1), scores.argmax(1), len(classes)
    table = np.zeros((count, count))
    np.add.at(table, (truth, predicted), 1)
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    side = max(6.0, 0.5 * count + 2)
    figure, axes = plt.subplots(figsize=(side + 1, side))
    sns.heatmap(
        share, vmin=0, vmax=100, cmap="Blues", annot=count <= 30, fmt=".0f", square=True, ax=axes, annot_kws={"fontsize": 9},
        xticklabels=classes, yticklabels=classes, cbar_kws={"label": "% of the true class", "shrink": 0.8},
    )  # fmt: skip
    axes.set(xlabel="Answer", ylabel="Truth", title=title)
    save(figure, path)


def class_precisions(targets: np.ndarray, scores: np.ndarray, classes: list[str], title: str, path: str | Path) -> None:
    """The 11-point AP of each class, worst first."""
    begin()
    values = [100 * float(average_precision_11(t, s)[0]) for t, s in zip(targets.T, scores.T, strict=True)]
    rows = pd.DataFrame({"class": classes, "ap": values}).sort_values("ap")
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.32 * len(rows)))
    sns.barplot(rows, x="ap", y="class", color=COLOURS["MPP (Yoo 2015)"], ax=axes)
    for bar, value in enumerate(rows["ap"]):
        axes.text(value + 1, bar, f"{value:.0f}", va="center", fontsize=10)
    axes.set(xlabel="Average precision (11 points), %", ylabel="Class", title=title, xlim=(0, 108))
    save(figure, path)


def scales(table: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Figures of each scale alone and of the first n scales, with their intervals. table: of the scale study."""
    begin()
    studies = {"alone": "Each scale alone", "first": "The first n scales together"}
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for axes, (study, title) in zip(panels, studies.items(), strict=True):
        for marker, (name, rows) in zip("osD^vP*X", table[table["study"] == study].groupby("title"), strict=False):
            own = colour(rows["base"].iloc[0])
            axes.fill_between(rows["scale"], 100 * rows["low"], 100 * rows["high"], color=own, alpha=0.15)
            sns.lineplot(x=rows["scale"], y=100 * rows["value"], marker=marker, color=own, label=name, ax=axes)
        axes.set(xlabel="Scale" if study == "alone" else "Number of scales", title=title, xticks=sorted(table["scale"].unique()))
        axes.set_ylabel(f"{METRICS[table['metric'].iloc[0]]}, % (95% interval)")
    figure.suptitle(dataset)
    save(figure, path)


def invariance(table: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Figures while the test images are transformed: one panel a transformation, one line a representation."""
    begin()
    labels = {
        "scale": "Share of the side kept", "translate-x": "Moved right, px of 256", "translate-y": "Moved down, px of 256",
        "flip": "Mirrored", "rotate": "Turned, degrees",
    }  # fmt: skip
    figure, panels = plt.subplots(1, 5, figsize=(17, 4), sharey=True)
    for axes, (kind, label) in zip(panels, labels.items(), strict=True):
        rows = table[table["kind"] == kind].copy()
        rows["amount"] = rows["amount"].astype(str) if kind == "flip" else rows["amount"].astype(float)
        rows["value"] *= 100
        own = {title: colour(name) for title, name in zip(rows["title"], rows["representation"], strict=True)}
        sns.lineplot(rows, x="amount", y="value", hue="title", style="title", markers=True, dashes=False, palette=own, ax=axes)
        axes.set(xlabel=label, ylabel=f"{METRICS[table['metric'].iloc[0]]}, %", ylim=(0, 100))
        if kind == "scale":
            axes.invert_xaxis()
        axes.legend(title="") if axes is panels[0] else axes.get_legend().remove()
    figure.suptitle(f"{dataset}: {table['n'].iloc[0]} test images, transformed")
    save(figure, path)


def confidence(shown: list[tuple], note: str, path: str | Path) -> None:
    """A gallery: each image, and beside it the map of each of its classes, the true boxes drawn where there are any."""
    begin()
    columns = max([1, *(len(maps) for _, _, maps, _ in shown)]) + 1
    figure, panels = plt.subplots(
        max(len(shown), 1), columns, figsize=(2.6 * columns, 2.6 * max(len(shown), 1) + 0.6), squeeze=False
    )
    for axes in panels.flat:
        axes.set_axis_off()
    for row, (name, image, maps, boxes) in zip(panels, shown, strict=False):
        row[0].imshow(image)
        row[0].set_title(name, fontsize=9)
        for axes, (label, values) in zip(row[1:], maps.items(), strict=False):
            axes.imshow(image.mean(2), cmap="gray")
            extent = (-0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5)
            axes.imshow(values, cmap="magma", alpha=0.6, extent=extent)
            axes.set_title(label, fontsize=9)
            for other, (x, y, width, height) in boxes:
                if other == label:
                    axes.add_patch(plt.Rectangle((x, y), width, height, fill=False, edgecolor="cyan", lw=1.5))
    figure.suptitle(note or "Bright: where the classifier of the class finds it", fontsize=11)
    figure.tight_layout(rect=(0, 0, 1, 0.985))
    figure.savefig(path, format="png", dpi=90, metadata={"Software": None})
    plt.close(figure)


def pairs(table: pd.DataFrame, names: dict[str, str], dataset: str, path: str | Path) -> None:
    """Differences of every two representations, row less column, in points; those with p < 0.05 are written."""
    begin()
    order = table.groupby("a")["difference"].mean().sort_values(ascending=False).index
    matrix = table.pivot(index="a", columns="b", values="difference").reindex(index=order, columns=order) * 100
    chance = table.pivot(index="a", columns="b", values="p").reindex(index=order, columns=order)
    words = matrix.map(lambda v: "" if np.isnan(v) else f"{v:.0f}").where(chance < 0.05, "")
    side = 3 + 0.34 * len(order)
    figure, axes = plt.subplots(figsize=(side + 1.5, side))
    labels = [names[name] for name in order]
    sns.heatmap(
        matrix, center=0, cmap="vlag", annot=words, fmt="", ax=axes, annot_kws={"fontsize": 7}, square=True, xticklabels=labels,
        yticklabels=labels, cbar_kws={"label": "Points, row less column", "shrink": 0.6},
    )  # fmt: skip
    axes.set(xlabel="", ylabel="", title=f"{dataset}: paired differences (written where p < 0.05)")
    axes.tick_params(labelsize=9)
    save(figure, path)


def seeds(table: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Figures with other seeds: a point a seed, the range drawn."""
    begin()
    figure, axes = plt.subplots(figsize=(8, 1.5 + 0.5 * table["title"].nunique()))
    rows = table.assign(value=100 * table["value"])
    for place, (_, part) in enumerate(rows.groupby("title", sort=False)):
        axes.plot([part["value"].min(), part["value"].max()], [place, place], color="0.7", lw=6, solid_capstyle="round")
    sns.stripplot(rows, x="value", y="title", hue="seed", palette="colorblind", jitter=False, size=8, ax=axes)
    axes.set(
        xlabel=f"{METRICS[table['metric'].iloc[0]]}, %",
        ylabel="",
        title=f"{dataset}: everything random drawn again",
    )
    save(figure, path)


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
