"""The studies beside the comparison, a plot each."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from orderless.reports.metrics import METRICS
from orderless.reports.plots.style import begin, colour, save


def scales(table: pd.DataFrame, dataset: str, path: str | Path) -> None:
    """Figures of each scale alone and of the first n scales, with their intervals. table: of the scale study."""
    begin()
    studies = {"alone": "Each scale alone", "first": "The first n scales together"}
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for axes, (study, title) in zip(panels, studies.items(), strict=True):
        for marker, (name, rows) in zip("osD^vP*X", table[table["study"] == study].groupby("title"), strict=False):
            shade = colour(rows["base"].iloc[0])
            axes.fill_between(rows["scale"], 100 * rows["low"], 100 * rows["high"], color=shade, alpha=0.15)
            sns.lineplot(x=rows["scale"], y=100 * rows["value"], marker=marker, color=shade, label=name, ax=axes)
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
        shades = {title: colour(name) for title, name in zip(rows["title"], rows["representation"], strict=True)}
        sns.lineplot(rows, x="amount", y="value", hue="title", style="title", markers=True, dashes=False, palette=shades, ax=axes)
        axes.set(xlabel=label, ylabel=f"{METRICS[table['metric'].iloc[0]]}, %", ylim=(0, 100))
        if kind == "scale":
            axes.invert_xaxis()
        axes.legend(title="") if axes is panels[0] else axes.get_legend().remove()
    figure.suptitle(f"{dataset}: {table['n'].iloc[0]} test images, transformed")
    save(figure, path)


def confidence(shown: list[tuple], note: str, path: str | Path) -> None:
    """A gallery (PNG): each image, and beside it the map of each of its classes, the true boxes drawn where there are any.

    shown: name, image (height, width, 3), class -> map (any size, spread over the image), boxes as (class, (x, y, width, height))
    in pixels of the image.
    """
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
    """Differences of every two representations, row less column, in points; those with p < 0.05 are written, after Holm in bold.

    table: of `compare_pairs`, one row for each ordered pair. names: titles by id.
    """
    begin()
    order = table.groupby("a")["difference"].mean().sort_values(ascending=False).index
    matrix = table.pivot(index="a", columns="b", values="difference").reindex(index=order, columns=order) * 100
    chance, corrected = (
        table.pivot(index="a", columns="b", values=key).reindex(index=order, columns=order).to_numpy() for key in ("p", "p_holm")
    )
    words = matrix.map(lambda v: "" if np.isnan(v) else f"{v:.0f}").where(chance < 0.05, "")
    side = 3 + 0.34 * len(order)
    figure, axes = plt.subplots(figsize=(side + 1.5, side))
    labels = [names[name] for name in order]
    sns.heatmap(
        matrix, center=0, cmap="vlag", annot=words, fmt="", ax=axes, annot_kws={"fontsize": 7}, square=True, xticklabels=labels,
        yticklabels=labels, cbar_kws={"label": "Points, row less column", "shrink": 0.6},
    )  # fmt: skip
    for text, sure in zip(axes.texts, corrected[~np.isnan(matrix.to_numpy())] < 0.05, strict=True):
        text.set_fontweight("bold" if sure else "light")
    axes.set(xlabel="", ylabel="", title=f"{dataset}: paired differences (written where p < 0.05, bold after Holm's correction)")
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
