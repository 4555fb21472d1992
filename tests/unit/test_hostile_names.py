"""Three hundred configurations and folders, made of the schemas and of nasty names: each is taken or refused in a sentence.

Never a traceback, never markup of theirs on a page, never a path outside the folder of results.
"""

import copy
import os
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from orderless.catalog import entries
from orderless.catalog.configuration import DEFAULTS, check_selection, load_config, without_vlfeat
from orderless.catalog.entries import SECTIONS, load_catalog, schema
from orderless.catalog.missing import Shelf, Work
from orderless.catalog.recipes import all_recipes, asked
from orderless.datasets.folder import index_folder
from orderless.datasets.index import classes, read_index, write_index
from orderless.errors import OrderlessError
from orderless.files.contents import Contents
from orderless.reports.pages import render

CONFIGURATIONS, FOLDERS = 180, 120
GOOD = {"run": "mine", "datasets": ["digit-scenes"], "backbones": ["tinyalex"], "representations": ["fc7", "mpp"]}
CATALOG = load_catalog({})
NASTY = [
    "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "'\"`", "$(touch ran)", "; touch ran;", "a;b", "a|b&c",
    "../../ran", "/nowhere/ran", "..\\ran", "{wildcard}", "{0}", "%s%n", "-rf", "--help", "two\nlines", "bell\x07", "nul\\0", " ",
    "a b", "é", "图像", "\u202egpj.exe", "NaN", "null", "True", "~root", "x" * 120, "mpp", "=1+1", "@SUM(1)", "${HOME}",
    "*", "?", "$x^$",
]  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=8).filter(lambda text: text.strip("./\\~ ")))
plain = st.one_of(st.none(), st.booleans(), st.integers(-3, 10**6), st.floats(-2, 2), st.just(float("nan")), words)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=5)
PROFILE = settings(
    max_examples=CONFIGURATIONS, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@st.composite
def configurations(draw) -> dict:
    """A good configuration of which some keys have other values, and an entry of the catalog of which some have."""
    config = copy.deepcopy(GOOD)
    for key in draw(st.lists(st.sampled_from(sorted(schema("config")["properties"])) | words, max_size=2)):
        known = st.just(DEFAULTS[key]) if key in DEFAULTS else values
        config[key] = draw(known | values)
    section = draw(st.sampled_from(SECTIONS))
    name = draw(st.sampled_from(sorted(CATALOG[section])))
    entry = copy.deepcopy(CATALOG[section][name])
    for key in draw(st.lists(st.sampled_from(sorted(entry) or ["title"]) | words, max_size=2)):
        entry[key] = draw(values)
    own_name = draw(st.just(name) | words)
    if draw(st.booleans()):
        config["catalog"] = {section: {own_name: entry}}
        if section in GOOD and isinstance(config.get(section), list):
            config[section] = [*config[section], own_name]
    return config


def contents_of_code() -> dict[str, str]:
    """The digests of the suite's code, which no configuration changes, so that it is read once."""
    known = Contents()
    all_recipes(load_config(GOOD), CATALOG, known)
    return {key: digest for key, digest in known.told.items() if key.startswith("code ")}


CODE = contents_of_code()


def planned(config: dict) -> list[str]:
    """All paths that the workflow would make for a configuration, as its Snakefile plans them."""
    whole = load_config(config, config)
    catalog = load_catalog(whole["catalog"])
    whole, _ = without_vlfeat(whole, catalog, config)
    check_selection(whole, catalog)
    work = Work(asked(*all_recipes(whole, catalog, Contents(told=CODE))), Shelf(whole=True))
    paths = [result.path(file, part) for result in work.used for file in result.files for part in list(result.parts())[:2]]
    return [*paths, f"reports/{whole['run']}/metrics.csv"]


def inside(path: str) -> bool:
    """Whether a path lies below results/ or reports/, is one line, and says nothing to a shell."""
    parts = PurePosixPath(path).parts
    return parts[0] in ("results", "reports") and ".." not in parts and not set(path) & set("\n;|&$`<>'\"*?{}~ ")


def test_configurations_are_planned_or_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given_catalog = entries.read_catalog()
    monkeypatch.setattr(entries, "read_catalog", lambda: copy.deepcopy(given_catalog))  # read once
    outcomes: Counter[str] = Counter()

    @PROFILE
    @given(configurations())
    def attempt(config):
        try:
            paths = planned(config)
        except OrderlessError as error:
            outcomes["refused" if str(error).strip() else "refused without a word"] += 1
        else:
            assert all(map(inside, paths)), [path for path in paths if not inside(path)]
            outcomes["planned"] += 1

    attempt()
    with capsys.disabled():
        print(f"\nconfigurations: {dict(outcomes)}")
    assert outcomes.total() >= CONFIGURATIONS
    assert min(outcomes["planned"], outcomes["refused"]) >= CONFIGURATIONS // 10
    assert not list(tmp_path.iterdir())


NOT_UTF8 = [b"caf\xe9", b"\xff\xfe"]
any_name = words.map(lambda text: os.fsencode(text.replace("/", "_").replace("\0", "_"))[:200]) | st.sampled_from(NOT_UTF8)
names = any_name.filter(lambda name: not name.startswith(b".") and name.decode(errors="ignore").strip())
fine = words.map(lambda text: "".join(sign for sign in text if sign.isprintable() and sign not in ";/").strip(". ") or "x")


def trees(of: st.SearchStrategy[bytes]) -> st.SearchStrategy[dict[bytes, list[bytes]]]:
    """Folders of classes: name -> the names of four or five images."""
    return st.dictionaries(of, st.lists(of, min_size=4, max_size=5, unique=True), min_size=2, max_size=3)


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("picture") / "p.png"
    Image.new("RGB", (4, 4), "red").save(path)
    return path.read_bytes()


def test_folders_are_indexed_as_they_are_or_refused(tmp_path, picture, capsys):
    outcomes: Counter[str] = Counter()

    @settings(PROFILE, max_examples=FOLDERS)
    @given(trees(fine.map(str.encode)) | trees(names))
    def attempt(tree):
        root = tmp_path / str(outcomes.total()) / "photos"
        for folder, files in tree.items():
            os.makedirs(os.fsencode(root) + b"/" + folder, exist_ok=True)
            for name in files:
                Path(os.fsdecode(os.fsencode(root) + b"/" + folder + b"/" + name + b".png")).write_bytes(picture)
        try:
            rows, _ = index_folder(root, 0, "classes", 0.5, "fail")
            write_index(rows, root.parent / "index.csv")
        except OrderlessError as error:
            str(error).encode("utf-8")
            outcomes["refused"] += 1
            return
        index = read_index(root.parent / "index.csv")
        assert classes(index) == sorted(os.fsdecode(folder) for folder in tree)
        assert sorted(index["path"]) == sorted(str(path) for path in root.rglob("*.png"))
        listed = [dict.fromkeys(["Data set", "Cite"], name) for name in classes(index)]
        facts = {"datasets": listed, "networks": [], "settings": [], "versions": [], "machine": []}
        page = BeautifulSoup(render("run.html", title=classes(index)[0], **facts), "html.parser")
        assert page.title.get_text() == classes(index)[0]
        assert len(page.find_all("script")) <= 1
        assert not page.find_all(["img", "iframe"])
        outcomes["indexed"] += 1

    attempt()
    with capsys.disabled():
        print(f"\nfolders: {dict(outcomes)}")
    assert outcomes.total() >= FOLDERS
    assert min(outcomes["indexed"], outcomes["refused"]) >= FOLDERS // 10
    assert {path.name for path in tmp_path.iterdir()} == {str(number) for number in range(outcomes.total())}
