"""The files of the catalog: one a family, each id once, and what entries share by anchors is no entry."""

import shutil

import pytest
import yaml

from orderless.catalog.entries import FAMILIES, SHARED, WORKFLOW, catalog_files, read_catalog, read_yaml
from orderless.errors import OrderlessError

PAPERS = {"mop": "gong2014", "mpp": "yoo2015", "crosslayer": "liu2015", "mof": "li2016"}  # file -> whose methods are in it
NEW = """
shared:
  mean: &mean {layer: conv5, encoder: mean, pooling: [mean], normalisation: [l2]}
representations:
  mine: {<<: *mean, title: Mine, views: whole, layer: pool5}
"""


@pytest.fixture
def folder(tmp_path):
    """A copy of workflow/catalog, to be changed."""
    return shutil.copytree(WORKFLOW / "catalog", tmp_path / "catalog")


def family(name, entry):
    """The file in which a representation belongs."""
    if "of" in entry:
        return "searches"
    if entry.get("layer") == "fc7" and entry["encoder"] == "mean" and not entry["views"].startswith("patches"):
        return "baselines"
    papers = {paper: file for file, paper in PAPERS.items()}
    return papers.get(entry.get("paper"), "mpp")  # the thumbnail is there for MPP to be stacked with


@pytest.mark.parametrize("file", FAMILIES)
def test_the_file_of_a_representation_is_named_after_its_family(file):
    entries = read_yaml(WORKFLOW / "catalog" / "representations" / f"{file}.yaml")["representations"]
    assert {name: family(name, entry) for name, entry in entries.items()} == dict.fromkeys(entries, file)
    if file in PAPERS:
        assert {name.split("-")[0] for name in entries} & set(FAMILIES) <= {file}


def test_families_are_listed_in_order_and_new_ones_last(folder):
    before = list(read_catalog(folder)["representations"])
    (folder / "representations" / "additions.yaml").write_text(NEW)
    assert [file.stem for file in catalog_files(folder)] == ["datasets", "backbones", "parts", *FAMILIES, "additions", "analyses"]
    assert list(read_catalog(folder)["representations"]) == [*before, "mine"]


def test_what_entries_share_is_no_entry(folder):
    (folder / "representations" / "additions.yaml").write_text(NEW)
    catalog = read_catalog(folder)
    shared = {"encoder": "mean", "pooling": ["mean"], "normalisation": ["l2"]}
    assert catalog["representations"]["mine"] == shared | {"title": "Mine", "views": "whole", "layer": "pool5"}
    assert SHARED not in catalog
    assert not any("mean" in catalog[section] for section in catalog if section != "encoders")


def test_an_id_in_two_files_is_refused_with_both_names(folder):
    (folder / "representations" / "additions.yaml").write_text(NEW.replace("mine:", "nfk:"))
    with pytest.raises(OrderlessError, match=r"/mpp\.yaml and .*/additions\.yaml both define representations\.nfk\. Rename one"):
        read_catalog(folder)


def test_the_same_id_in_two_sections_is_two_entries():
    catalog = read_catalog()
    assert "max" in catalog["encoders"]
    assert "max" in catalog["representations"]


def test_an_unknown_section_is_refused_with_the_file(folder):
    (folder / "representations" / "additions.yaml").write_text(NEW.replace("representations:", "representation:"))
    with pytest.raises(OrderlessError, match=r"additions\.yaml: unknown key 'representation'.*Did you mean 'representations'"):
        read_catalog(folder)


def keys_twice(node):
    """The keys that a map of a YAML document has twice, of which YAML would keep the last in silence."""
    twice = []
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        twice += [name for name in names if names.count(name) > 1]
        twice += [name for _, value in node.value for name in keys_twice(value)]
    elif isinstance(node, yaml.SequenceNode):
        twice += [name for value in node.value for name in keys_twice(value)]
    return twice


@pytest.mark.parametrize("file", sorted((WORKFLOW / "catalog").rglob("*.yaml")), ids=lambda file: file.stem)
def test_no_file_has_a_key_twice(file):
    assert keys_twice(yaml.compose("a: {b: 1, c: [{d: 1, d: 2}]}\n")) == ["d", "d"]
    assert keys_twice(yaml.compose(file.read_text())) == []
