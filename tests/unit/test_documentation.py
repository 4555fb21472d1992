"""The documentation builds without a warning, leaves nothing of the catalog out, and what it tells a newcomer to do works."""

import re
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

from orderless.catalog.configuration import load_config
from orderless.catalog.entries import load_catalog
from tests.conftest import ENVIRONMENT, ROOT

REPRESENTATIONS = load_catalog({})["representations"]
# As the papers have it: B, Sec. 4.3 (CSF is seven of MPP's); D, Sec. 4.1 and its 256 maps of conv5; A, three levels of 4,096.
PUBLISHED = {"mpp": 65_536, "mpp-sp": 262_144, "csf": 458_752, "cl-45": 128_000, "cl-45c": 256_000, "mop": 12_288, "fc7": 4096}


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, BeautifulSoup]:
    """The pages as `make docs` builds them: file name -> HTML."""
    folder = tmp_path_factory.mktemp("docs")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "-n",
        "-q",
        "-d",
        str(folder / "trees"),
        str(ROOT / "docs"),
        str(folder / "html"),
    ]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: BeautifulSoup(path.read_text(), "html.parser") for path in (folder / "html").glob("*.html")}


def test_every_page_is_built_and_every_internal_link_resolves(pages):
    assert {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")} <= set(pages)
    ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in pages.items()}
    links = [
        (name, tag["href"])
        for name, page in pages.items()
        for tag in page.select("article a[href], nav a[href], .sidebar-tree a[href]")
    ]
    inner = [(name, urlsplit(href)) for name, href in links if not urlsplit(href).scheme]
    assert len(inner) > 100
    for name, link in inner:
        target = link.path or name
        assert target in pages, f"{name}: {link.geturl()}"
        assert not link.fragment or unquote(link.fragment) in ids[target], f"{name}: {link.geturl()}"


def test_reading_needs_no_network(pages):
    for name, page in pages.items():
        loaded = [
            tag.get("src") or tag.get("href") for tag in page.select("script[src], link[rel=stylesheet], img[src], iframe[src]")
        ]
        assert not [url for url in loaded if urlsplit(url).scheme or url.startswith("//")], name
    assert pages["methods-mpp.html"].find("math") is not None


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_the_reference_has_every_representation(pages, name):
    (row,) = [tag.find_parent("tr") for page in pages.values() for tag in page.find_all(id=name) if tag.find_parent("tr")]
    entry, said = REPRESENTATIONS[name], row.get_text(" ")
    assert entry["title"] in said
    for key in ("views", "layer", "projection", "encoder", "of", "rule"):
        assert entry.get(key, "") in said
    assert all(step in said for key in ("pooling", "normalisation", "stack", "fuse") for step in entry.get(key, []))
    if name in PUBLISHED:
        assert f"{PUBLISHED[name]:,}" in said


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_links_of_the_front_pages_lead_somewhere(name):
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", (ROOT / name).read_text()):
        path, _, anchor = target.partition("#")
        assert (ROOT / path).is_file(), target
        headings = re.findall(r"^#+ (.*)", (ROOT / path).read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings], target


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name)
def test_every_block_of_configuration_is_valid(path):
    for text in re.findall(r"```yaml\n(.*?)```", path.read_text(), re.DOTALL):
        config = yaml.safe_load(text)
        over = config.get("catalog", {})
        own = {"gem": {"kind": "mean"}} if "gem" in over.get("encoders", {}) else {}  # the page's own file, run below
        load_catalog(over | ({"encoders": own} if own else {}))
        needed = {"run": "r", "datasets": ["digit-scenes"], "backbones": ["tinyalex"], "representations": ["fc7"]}
        load_config(needed | config)


def test_the_example_of_the_library_runs():
    (text,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/library.md").read_text(), re.DOTALL)
    done = subprocess.run([sys.executable, "-c", text], env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert 0.5 < float(done.stdout) <= 1  # two classes whose means lie one deviation apart


def files(page: str) -> dict[str, str]:
    """The files that a page gives in whole: a fenced block after a line that ends in the file's name."""
    return dict(re.findall(r"`([\w/.-]+\.\w+)`:\n\n```\w+\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL))


def test_a_newcomer_adds_a_representation_and_an_encoder_as_the_page_says(tmp_path):
    """In a copy of the repository, whose package comes before the installed one; only the images are fewer."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    given = files("extending.md")
    assert set(given) == {"mine.yaml", "gem.yaml", "orderless/encoders/gem.py"}
    for name, text in given.items():
        assert not (tmp_path / name).exists()
        (tmp_path / name).write_text(text)
    small = {"halves": 100, "classifier": {"C": [1]}, "catalog": {"datasets": {"digit-scenes": {"train": 40, "test": 20}}}}
    small["catalog"]["backbones"] = {"tinyalex": {"epochs": 2}}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small))
    (command,) = [
        line.strip() for line in (ROOT / "docs/extending.md").read_text().splitlines() if line.endswith("mine.yaml gem.yaml")
    ]
    assert command.startswith("snakemake --cores all ")
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "small.yaml", "--until", "collect_metrics"],
        cwd=tmp_path, env=ENVIRONMENT | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = pd.read_csv(tmp_path / "reports/mine/metrics.csv").query("metric == 'accuracy'").set_index("representation")
    assert set(metrics.index) == {"fc7", "mpp-conv5", "gem-conv5"}
    assert metrics["value"].between(0, 1).all()
    assert metrics.loc["mpp-conv5", "dimensions"] == 2 * 16 * 24  # TinyAlex's 16 Gaussians, the entry's 24 components
    assert metrics.loc["gem-conv5", "dimensions"] == 48  # channels of TinyAlex's conv5
