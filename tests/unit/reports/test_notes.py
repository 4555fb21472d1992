"""Notes beside a figure: what could not be learned on so few images, labels that were seen, searches without a match."""

import pytest

from orderless.catalog.configuration import load_config
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import make_plan
from orderless.reports.comparison import comparison, comparison_page
from orderless.reports.notes import notes
from tests.unit.reports.test_pages import metrics

GUIDED = "The C of cl-regions is chosen on training images whose labels trained its guidance"
ADAPTIVE = "Weights come from searches without a match"


def notes_of(name: str, purpose: str, images: int) -> list[str]:
    catalog = load_catalog({})
    chosen = {
        "run": "t",
        "datasets": ["digit-scenes"],
        "backbones": ["caffenet"],
        "representations": ["global"],
        "searched": ["global"],
    }
    chosen[purpose] = [name]
    return notes(make_plan(load_config(chosen), catalog, "caffenet", purpose), name, images)


def test_holidays_cannot_teach_paper_a_its_sizes():
    """Holidays has 991 images that are no queries: 12,288 and 2,048 dimensions need more."""
    found = notes_of("mop-white", "searched", 991)
    assert [note.split(":")[0] for note in found] == [
        "The second projection of mop-l2 has at most 991 dimensions instead of 4,096",
        "The second projection of mop-l3 has at most 991 dimensions instead of 4,096",
        "The PCA of mop-white has at most 990 dimensions instead of 2,048",
    ]
    assert notes_of("mop-white", "searched", 5000) == []
    assert [note.split(":")[0] for note in notes_of("mop-pca", "searched", 512)][-1].startswith(
        "The PCA of mop-pca has at most 511"
    )


@pytest.mark.parametrize(
    ("name", "purpose", "expected"),
    [("cl-regions", "representations", GUIDED), ("mof-adaptive", "searched", ADAPTIVE), ("mof-sum", "searched", None)],
)
def test_what_was_seen_is_said(name, purpose, expected):
    found = notes_of(name, purpose, 5000)
    assert [note[: len(expected or "")] for note in found] == ([expected] if expected else [])


def test_the_comparison_says_it_beside_the_figures():
    rows, titles = metrics(["CL on regions", "CL-45"])
    page = comparison_page(comparison(rows, "d", titles, {"n": "net"}), "data", False, {"CL on regions": [GUIDED], "CL-45": []})
    assert f"<p><bdi>CL on regions</bdi>: {GUIDED}</p>" in page
    assert "<bdi>CL-45</bdi>:" not in page
