"""Tables to read: HTML through pandas' Styler."""

import html
from typing import Any

import numpy as np
import pandas as pd

from orderless.classification.evaluation import average_precision_11
from orderless.reports import METRICS, PAPERS, SCALES, headline, readable

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem; }
h1 { font-size: 1.3rem; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; }
p { max-width: 46rem; margin: .3rem 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ddd; }
th { background: #f4f4f4; } td:first-child, th:first-child { text-align: left; }
td { white-space: nowrap; } .text td, .text th { text-align: left; vertical-align: top; white-space: normal; }
thead th { cursor: pointer; } thead th[aria-sort=ascending]::after { content: " \\25b2"; }
thead th[aria-sort=descending]::after { content: " \\25bc"; } input { margin: 0 0 .5rem; padding: .2rem .4rem; width: 16rem; }
svg { max-width: 100%; height: auto; }
"""
# A click on a heading sorts by it, words in the field leave the rows that hold them. `data-value` is what a cell means, where
# its text would not sort as a number.
SCRIPT = """
for (const table of document.querySelectorAll("table")) {
  const rows = [...table.querySelectorAll("tbody tr")], heads = [...table.querySelectorAll("thead tr:last-child th")];
  if (rows.length < 3) continue;
  const value = (row, i) => {
    const cell = row.children[i], meant = cell.querySelector("[data-value]");
    const text = (meant ? meant.dataset.value : cell.textContent).trim(), number = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => typeof a == typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a == "number" ? 1 : -1;
  heads.forEach((head, i) => head.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") == "descending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    rows.sort((a, b) => (up ? 1 : -1) * compare(value(a, i), value(b, i))).forEach(row => row.parentNode.append(row));
  }));
  if (rows.length < 9) continue;
  const field = document.createElement("input");
  field.type = "search"; field.placeholder = "Only rows with ..."; field.setAttribute("aria-label", "Filter");
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/ +/);
    rows.forEach(row => { row.hidden = !words.every(word => row.textContent.toLowerCase().includes(word)); });
  });
  table.before(field);
}
"""


def page(title: str, body: str) -> str:
    """A whole HTML page."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{html.escape(title)}</h1>\n{body}<script>{SCRIPT}</script></body></html>\n"
    )


def size(count: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def comparison(metrics: pd.DataFrame, dataset: str, names: dict[str, str], networks: dict[str, str]) -> pd.DataFrame:
    """One row a representation, best first: its figures in per cent with their intervals, dimensions, bytes, milliseconds."""
    best = headline(metrics, dataset)
    rows = metrics[metrics["dataset"] == dataset]
    table = pd.DataFrame({"Representation": best["representation"].map(names), "Network": best["backbone"].map(networks)})
    for metric in [name for name in METRICS if (rows["metric"] == name).any()]:
        figures = best[["backbone", "representation"]].merge(rows[rows["metric"] == metric], on=["backbone", "representation"])
        table[METRICS[metric]] = readable(metric, figures["value"]).round(2)
        digits = 2 if metric in SCALES else 1
        table[f"95% interval, {METRICS[metric]}"] = [
            " to ".join(f"{readable(metric, end):.{digits}f}" for end in ends)
            for ends in zip(figures["low"], figures["high"], strict=True)
        ]
    table["Dimensions"] = best["dimensions"]
    table["Bytes an image"] = best["bytes"]
    table["Milliseconds an image"] = (1000 * best["seconds"]).round(2)
    return table


def comparison_html(table: pd.DataFrame, title: str, note: str) -> str:
    """The comparison as a page, the best of each figure in bold."""
    figures = [column for column in table.columns if column in METRICS.values()]
    styled = (
        table.style.hide(axis="index")
        .highlight_max(subset=figures, props="font-weight: bold")
        .format(precision=1, subset=figures)
        .format(precision=2, subset=[METRICS[metric] for metric in SCALES if METRICS[metric] in figures])
        .format(lambda count: f'<span data-value="{count}">{size(count)}</span>', subset=["Bytes an image"])
        .format("{:,}", subset=["Dimensions"])
        .format("{:.3g}", subset=["Milliseconds an image"])
        .set_uuid("comparison")
    )
    return page(title, f"<p>{html.escape(note)}</p>\n{styled.to_html()}")


def class_table(files: dict[str, tuple[np.ndarray, np.ndarray]], classes: list[str], task: str) -> pd.DataFrame:
    """One row a representation, one column a class: its 11-point AP, or the share of its images named rightly; and their mean.

    files: title -> (targets, scores). As paper B's Table 5, in per cent.
    """
    rows = {}
    for name, (targets, scores) in files.items():
        if task == "multi-label":
            values = [float(average_precision_11(t, s)[0]) for t, s in zip(targets.T, scores.T, strict=True)]
        else:
            truth, right = targets.argmax(1), targets.argmax(1) == scores.argmax(1)
            values = [float(right[truth == k].mean()) if (truth == k).any() else float("nan") for k in range(len(classes))]
        rows[name] = [*values, float(np.nanmean(values))]
    table = (100 * pd.DataFrame.from_dict(rows, orient="index", columns=[*classes, "Mean"])).round(1)
    return table.sort_values("Mean", ascending=False, kind="stable").rename_axis("Representation")


def class_table_html(table: pd.DataFrame, title: str, note: str) -> str:
    """The table of classes as a page, the best of each class in bold."""
    styled = table.style.highlight_max(axis=0, props="font-weight: bold").format(precision=1, na_rep="").set_uuid("classes")
    return page(title, f"<p>{html.escape(note)}</p>\n{styled.to_html()}")


def facts_html(title: str, sections: dict[str, list[dict[str, Any]]]) -> str:
    """Plain facts as a page: section -> rows."""
    body = ""
    for name, rows in sections.items():
        table = pd.DataFrame(rows).fillna("").to_html(index=False, classes="text", border=0)
        body += f"<h2>{html.escape(name)}</h2>\n{table}\n"
    return page(title, body)


def verdicts(claims: pd.DataFrame) -> str:
    """How many of the papers' claims hold."""
    counts = claims["verdict"].value_counts()
    held, failed, open_ = (int(counts.get(verdict, 0)) for verdict in ("holds", "does not hold", "undecided"))
    return f"Of {len(claims)} of the papers' claims, {held} hold here, {failed} do not, {open_} cannot be decided on so few images"


def claims_html(table: pd.DataFrame, names: dict[str, str], title: str) -> str:
    """The claims as a page: what the paper says and by how much on its data, what this run measured, whether it holds."""
    rows = [
        {"Paper": PAPERS.get(row["paper"], row["paper"]), "Claim": row["text"],
         "Compared": f"{names[row['a']]} less {names[row['b']]}",
         "In the paper (its data and networks), points": ", ".join(f"{d} {100 * v:+.1f}" for d, v in row["published"].items()),
         "Here, points": f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f} to {100 * row['high']:+.1f})",
         "Here it": row["verdict"] if row["verdict"] != "undecided" else "is undecided"}
        for _, row in table.iterrows()
    ]  # fmt: skip
    note = "A claim holds where the 95% interval of the paired difference lies wholly on its side."
    body = f"<p>{html.escape(note)} {html.escape(verdicts(table))}.</p>\n"
    return page(title, body + pd.DataFrame(rows).to_html(index=False, classes="text", border=0))
