"""Every kind of page with hostile names: it has the elements of a page with harmless ones, and shows the names as they are."""

import ast
import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jinja2 import UndefinedError

from orderless.reports import pages
from orderless.reports.claims import claims_page
from orderless.reports.classes import class_table, classes_page
from orderless.reports.comparison import comparison, comparison_page
from orderless.reports.pages import drawing, environment, render, write_page
from orderless.reports.plots.comparison import labelled, tradeoff
from orderless.reports.published import beside, published_page
from orderless.reports.summary import winners
from orderless.reports.timings import timings_page
from tests.conftest import ROOT
from tests.names import HARMLESS, HOSTILE


def metrics(names):
    """A row a name, best first; and their titles by id."""
    ids = [f"r{number}" for number in range(len(names))]
    values = 0.9 - 0.05 * np.arange(len(names))
    costs = {"dimensions": 64, "bytes": 1000 * (1 + np.arange(len(names))), "seconds": 0.01 * 2.0 ** np.arange(len(names))}
    rows = pd.DataFrame({"representation": ids, "value": values, "low": values - 0.1, "high": values + 0.1} | costs)
    return rows.assign(dataset="d", backbone="n", metric="accuracy"), dict(zip(ids, names, strict=True))


def comparison_of(names, folder):
    rows, titles = metrics(names)
    table = comparison(rows, "d", titles, {"n": names[0]})
    return comparison_page(table, names[1], demonstration=True, notes={name: [name, name] for name in names})


def classes_of(names, folder):
    targets = 2 * np.eye(len(names)) - 1
    table = class_table({name: (targets, targets) for name in names}, names, "single-label")
    return classes_page(table, names[0], "single-label")


def claims_of(names, folder):
    rows, titles = metrics(names)
    claims = pd.DataFrame({"a": rows["representation"], "b": rows["representation"][::-1].to_list()})
    claims = claims.assign(paper=names[0], text=names, published=[{name: 0.1} for name in names])
    claims = claims.assign(difference=0.1, low=0.05, high=0.2, p=0.01, p_holm=0.02, says="no worse", margin=0.01)
    return claims_page(claims.assign(seeds_low=0.1, seeds_high=0.2, verdict="holds"), titles, names[1])


def published_of(names, folder):
    rows, titles = metrics(names)
    figures = [
        {"paper": "yoo2015", "table": name, "backbone": "n", "stands_for": name, "method": name, "representation": "r0",
         "metric": f"ap11:{name}", "certainty": "", "note": name, "value": "0.5"}
        for name in names
    ]  # fmt: skip
    classes = pd.DataFrame([{"backbone": "n", "representation": "r0", "class": name, "value": 0.6} for name in names])
    return published_page(beside(figures, rows, classes), titles, {"n": names[1]}, names[2], fraction=0.1)


def summary_of(names, folder):
    rows, _ = metrics(names)
    parts = []
    for name in names:
        part = {"dataset": name, "network": name, "metric": "Accuracy", "papers": None, "verdicts": name, "worst": [(name, 50.0)]}
        titles = dict.fromkeys(rows["representation"], name)
        p = dict.fromkeys([*rows["representation"], "fc7"], 0.5)
        parts.append(part | winners(rows.replace("r9", "fc7"), "d", titles | {"fc7": name}, p))
    return render("summary.html", title=names[0], parts=parts, demonstration=False)


def facts_of(template, *sections):
    """A page of plain facts: the names as headings and as values, in each of its sections."""

    def build(names, folder):
        rows = [dict.fromkeys(names, name) for name in names]
        return render(template, title=names[0], **dict.fromkeys(sections, rows))

    return build


def timings_of(names, folder):
    """The names as headings and values of the first table, as titles in the second, and in the sentence about the papers."""
    published = [{"paper": "yoo2015", "table": name, "backbone": "n", "stands_for": name} for name in names]
    dense, costs = [dict.fromkeys(names, name) for name in names], [{"Representation": name} for name in names]
    return timings_page(dense, costs, published, dict(zip(names, names, strict=True)), {"n": names[0]})


def costs_of(names, folder):
    rows, titles = metrics(names)
    tradeoff(labelled(rows, titles, {}, {}), "seconds", "Seconds", names[0], folder / "seconds.svg")
    return render("costs.html", title=names[1], drawings=[drawing(folder / "seconds.svg")])


KINDS = {
    "comparison.html": comparison_of,
    "classes.html": classes_of,
    "claims.html": claims_of,
    "published.html": published_of,
    "summary.html": summary_of,
    "run.html": facts_of("run.html", "datasets", "networks", "settings", "versions", "machine"),
    "timings.html": timings_of,
    "bench.html": facts_of("bench.html", "figures", "machines"),
    "costs.html": costs_of,
}


class Parsed(HTMLParser):
    """The elements of a page with the names of their attributes, its words, and what stands in its scripts."""

    def __init__(self, page):
        super().__init__()
        self.page, self.elements, self.words, self.scripts, self.links, self.policy = page, [], "", [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, *sorted(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"]

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts.append(data)
        elif self.cdata_elem is None:
            self.words += data


@pytest.fixture(scope="module", params=KINDS)
def built(request, tmp_path_factory):
    """A page with harmless names and the same page with hostile ones."""
    build = KINDS[request.param]
    return [Parsed(build(names, tmp_path_factory.mktemp("page"))) for names in (HARMLESS, HOSTILE)]


def test_names_add_no_element_and_no_attribute(built):
    harmless, hostile = built
    if "<svg" in hostile.page:  # where its words stand, and so how many lines join them to points, changes
        assert set(hostile.elements) == set(harmless.elements)
    else:
        assert hostile.elements == harmless.elements
    assert len(hostile.elements) > 30


def test_names_are_shown_as_they_are(built):
    _, hostile = built
    missing = [name for name in HOSTILE if name not in hostile.words]
    assert missing == []


def test_a_page_runs_its_own_script_and_reaches_no_host(built):
    _, hostile = built
    (script,) = hostile.scripts
    assert script == Path(pages.__file__).with_name("templates").joinpath("tables.js").read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert hostile.policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert [link for link in hostile.links if not link.startswith("#")] == []


def test_every_template_is_tried_above():
    shared = {"layout.html", "table.html", "style.css", "tables.js"}
    assert set(environment().list_templates()) == KINDS.keys() | shared


def test_no_template_switches_the_escaping_off():
    assert environment().autoescape is True
    for name in environment().list_templates():
        source, _, _ = environment().loader.get_source(environment(), name)
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", source), name


def test_markup_stands_in_the_templates_alone():
    """Not in strings of the code, and not made by pandas; what a point of a drawing says on hovering is the exception."""
    for path in [*(ROOT / "orderless").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        closing = [node.value for node in nodes if isinstance(node, ast.Constant) and "</" in str(node.value)]
        assert closing == ([] if path.name != "style.py" else ["</title>"]), path
        assert not [node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr in ("to_html", "style")], path


def test_a_value_that_a_page_lacks_is_an_error():
    with pytest.raises(UndefinedError, match="machine"):
        render("run.html", title="What ran", datasets=[], networks=[], settings=[], versions=[])


def test_a_fact_that_a_row_lacks_stays_empty():
    page = render("bench.html", title="Benchmarks", figures=[], machines=[{"A": 1, "B": 2}, {"B": 3, "C": 4}])
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", page)
    assert cells == ["A", "B", "C", "1", "2", "", "", "3", "4"]


def test_only_the_best_of_a_column_is_bold_and_sizes_sort_by_their_bytes():
    page = comparison_of(HARMLESS, None)
    assert re.findall(r'class="best" data-value="([^"]*)"', page) == ["90.0"]
    assert re.findall(r'data-value="(\d+)">[\d.]+ k?B<', page) == [str(1000 * place) for place in range(1, len(HARMLESS) + 1)]


def test_a_page_is_written_whatever_the_locale_and_the_bytes_of_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr("locale.getpreferredencoding", lambda *_: "ascii")
    name = b"caf\xe9".decode(errors="surrogateescape")
    write_page(tmp_path / "page.html", render("bench.html", title=f"שלום {name}", figures=[], machines=[]))
    assert "<h1>שלום caf\\udce9</h1>" in (tmp_path / "page.html").read_text(encoding="utf-8")
