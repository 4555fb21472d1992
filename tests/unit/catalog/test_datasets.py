"""Entries of data sets: shards of a job's size, licence, citation and published counts."""

import pytest

from orderless.catalog.configuration import load_config
from orderless.catalog.datasets import shard_count
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError


def test_shards_follow_the_published_counts_and_the_fraction():
    config = load_config({"run": "x", "datasets": ["mit67"], "backbones": ["tinyalex"], "representations": ["fc7"]})
    catalog = load_catalog({})
    assert shard_count(config, catalog, "mit67") == 14
    assert shard_count(config | {"fraction": 0.1}, catalog, "mit67") == 2
    assert shard_count(config, catalog, "ukbench") == 21


def test_every_entry_names_licence_citation_and_counts():
    for name, entry in load_catalog({})["datasets"].items():
        if "files" in entry:
            assert entry["licence"]
            assert entry["citation"]
            assert entry["expected"]
            assert entry["files"] or name == "ilsvrc2012"
    with pytest.raises(OrderlessError, match=r"catalog.datasets.mit67.files.*hash"):
        load_catalog({"datasets": {"mit67": {"files": {"TrainImages.txt": {"hash": "md5:123"}}}}})
