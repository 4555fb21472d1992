"""Plans: what every entry of the catalog needs of a network, and what representations share."""

import re

import pytest

from orderless.catalog.configuration import load_config
from orderless.catalog.entries import load_catalog
from orderless.catalog.plans import SEARCHED, make_plan
from orderless.errors import OrderlessError

GOOD = {"run": "mine", "datasets": ["digit-scenes"], "backbones": ["tinyalex"], "representations": ["mpp"]}


def tinyalex(**over):
    config = load_config({**GOOD, **over})
    return make_plan(config, load_catalog(config["catalog"]), "tinyalex")


SLIDING = {"window-mean", "nfk", "csf", "mpp", "mpp-sp", "mpp-fc8", "mpp-fc7-pool5", "mpp-fc7-fc8", "mpp-thumbnail", "scfv"}
SLIDING |= {"cl-regions", "bow-fc6", "mpp-expanded", "mpp-augmented"}


@pytest.mark.parametrize("backbone", ["vit_b_16", "dinov2_vits14"])
def test_a_class_token_is_not_slid_over_larger_images(backbone):
    """What needs a map of fc6, fc7 or fc8 is refused for a transformer, with the reason; all else has a plan."""
    entries = load_catalog({})
    refused = {}
    for name, entry in entries["representations"].items():
        searched = {"of", "fuse"} & entry.keys() or name.startswith("bow-")
        config = load_config(GOOD | {"representations": [name], "searched": [name]})
        try:
            make_plan(config, entries, backbone, SEARCHED if searched else "representations")
        except OrderlessError as error:
            refused[name] = str(error)
    assert set(refused) == SLIDING
    reason = "is a transformer: its class token is one vector.*patch tokens|needs layer 'fc8', which backbone 'dinov2"
    assert all(re.search(reason, message) for message in refused.values())


def test_representations_share_what_they_can():
    plan = tinyalex(representations=["nfk", "csf", "mpp"])
    assert len(plan["sets"]) == len(plan["codebooks"]) == 1


def test_a_stack_brings_its_parts():
    plan = tinyalex(representations=["mop"])
    assert set(plan["representations"]) == {"mop", "global", "mop-l2", "mop-l3"}


def test_adapt_changes_one_backbone_only():
    plan = tinyalex()
    assert plan["sets"]["pyramid.fc7.pca-mpp"]["views"]["scales"] == 5
    assert load_catalog({})["views"]["pyramid"]["scales"] == 7
