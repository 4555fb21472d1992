"""Configurations: a wrong one gets a message that names the key and the remedy; the repository's own are valid."""

import pytest
import yaml

from orderless import backends
from orderless.catalog.configuration import check_selection, load_config, without_vlfeat
from orderless.catalog.datasets import shard_count
from orderless.catalog.entries import WORKFLOW, adapted, load_catalog, rulings
from orderless.catalog.plans import SEARCHED, make_plan
from orderless.errors import OrderlessError

GOOD = {"run": "mine", "datasets": ["digit-scenes"], "backbones": ["tinyalex"], "representations": ["mpp"]}


def resolve(**over):
    config = load_config({**GOOD, **over})
    entries = load_catalog(config["catalog"])
    check_selection(config, entries)
    for name in config["datasets"]:
        shard_count(config, entries, name)
    for name in config["backbones"] if config["searched"] else []:
        make_plan(config, entries, name, SEARCHED)
    return [make_plan(config, entries, name) for name in config["backbones"]]


def entry(section, name, **value):
    return {"catalog": {section: {name: value}}}


TOO_LARGE = entry("backbones", "tinyalex", adapt={"views": {"patches-64": {"patch": 640}}})


MINE = {"title": "T", "views": "whole", "layer": "fc7", "encoder": "mean", "pooling": ["mean"], "normalisation": ["l2"]}


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"representation": ["mpp"]}, "unknown key 'representation'.*Did you mean 'representations'"),
        ({"bootstrap": 1000}, "config.bootstrap: is called 'halves' now"),
        ({"halfs": 3}, "unknown key 'halfs'.*Did you mean 'halves'"),
        ({"run": "a/b"}, "config.run"),
        ({"datasets": "digit-scenes"}, "config.datasets"),
        ({"datasets": []}, "config.datasets"),
        ({"datasets": ["digit-scene"]}, "'digit-scene' is not in catalog.datasets.*Did you mean 'digit-scenes'"),
        ({"backbones": ["tinyalexx"]}, "Did you mean 'tinyalex'"),
        ({"representations": ["mmp"]}, "Did you mean 'mpp'"),
        ({"representations": ["mpp", "mpp"]}, "config.representations"),
        ({"seed": -1}, "config.seed"),
        ({"seed": "zero"}, "config.seed"),
        ({"sample": {"image": 3}}, "config.sample: unknown key 'image'.*Did you mean 'images'"),
        ({"encoding": {"backend": "vlfet"}}, "config.encoding.backend.*Did you mean 'vlfeat'"),
        ({"classifier": {"C": []}}, "config.classifier.C"),
        ({"classifier": {"C": [0]}}, "config.classifier.C"),
        ({"classifier": {"folds": 1}}, "config.classifier.folds"),
        ({"device": "gpu"}, "config.device"),
        ({"on_bad_image": "ignore"}, "config.on_bad_image"),
        ({"catalog": {"dataset": {}}}, "unknown key 'dataset'.*Did you mean 'datasets'"),
        ({"catalog": {"views": []}}, "config.catalog.views"),
        (entry("datasets", "mine", kind="folder"), "catalog.datasets.mine: 'root' is missing"),
        (entry("datasets", "mine", root="x"), "catalog.datasets.mine: 'kind' is missing"),
        (entry("datasets", "mine", kind="fold", root="x"), "kind 'fold' does not exist.*Did you mean 'folder'"),
        (entry("datasets", "mine", kind="folder", roots="x", root="y"), "unknown key 'roots'.*Did you mean 'root'"),
        (entry("datasets", "my set", kind="folder", root="x"), "an id is made of"),
        (entry("backbones", "net", kind="torchvision", model="resnet18"), "catalog.backbones.net: '.*' is missing"),
        (entry("backbones", "tinyalex", inputs=32), "unknown key 'inputs'.*Did you mean 'input'"),
        (entry("backbones", "caffenet", pooling="round"), "caffenet.pooling: 'round' is not valid. Valid: ceil, floor"),
        (entry("backbones", "caffenet", published={"x": {"urls": ["ftp://a"], "hash": "md5:0"}}), "published.x.urls"),
        (entry("backbones", "tinyalex", mean=[0.5]), "catalog.backbones.tinyalex.mean"),
        ({"catalog": {"datasets": {"h3d": None}}}, "catalog.datasets.h3d: None is not a map of settings"),
        (entry("datasets", "h3d", adapt=3), "catalog.datasets.h3d.adapt: 3 is not of type 'object'"),
        (entry("datasets", "h3d", adapt={"views": None}), "catalog.datasets.h3d.adapt.views: None is not of type 'object'"),
        (
            entry("datasets", "h3d", adapt={"views": {"whole": 1}}),
            "catalog.datasets.h3d.adapt.views.whole: 1 is not of type 'object'",
        ),
        (entry("backbones", "tinyalex", adapt={"views": None}), "catalog.backbones.tinyalex.adapt.views: None is not of type"),
        (entry("backbones", "tinyalex", adapt={"view": {}}), "adapt: unknown key 'view'.*Did you mean 'views'"),
        (entry("backbones", "tinyalex", adapt={"views": {"pyramids": {}}}), "Did you mean 'pyramid'"),
        (entry("backbones", "tinyalex", adapt={"views": {"pyramid": {"scale": 2}}}), "unknown key 'scale'.*Did you mean 'scales'"),
        (entry("views", "v", kind="crops", crops=11), "catalog.views.v.crops"),
        (entry("views", "v", kind="whole", scales=2), "unknown key 'scales'"),
        (entry("views", "v", kind="pyramid", scales=0), "catalog.views.v.scales"),
        (entry("views", "v", kind="blocks", rows=0, columns=2), "catalog.views.v.rows"),
        ({"representations": ["mop"]} | TOO_LARGE, "640 is larger than the canvas of 128"),
        ({"analyses": ["scale"]}, "Did you mean 'scales'"),
        ({"analyses": ["scales"], "representations": ["fc7"]}, "'scales' looks at mpp, sift-fv, nfk, none of which is in"),
        (entry("analyses", "invariances"), "no such study.*Did you mean 'invariance'"),
        (entry("analyses", "seeds", seeds=[1]), "catalog.analyses.seeds.seeds"),
        (entry("layers", "l", tap="fc7", sift={"step": 1, "bin": 2}), "either a 'tap' or 'sift'"),
        ({"representations": ["r"]} | entry("representations", "r", **MINE, levels=[1]), "view 'whole' has levels 0 to 0"),
        (entry("layers", "l", taps="fc7"), "unknown key 'taps'.*Did you mean 'tap'"),
        (entry("layers", "l", tap="conv4", units=2), "catalog.layers.l.units"),
        (entry("projections", "p", pca=0), "catalog.projections.p.pca"),
        (entry("encoders", "e", kind="fisher", gaussians=3), "no parameter 'gaussians'"),
        (entry("encoders", "e", words=3), "catalog.encoders.e: 'kind' is missing"),
        (entry("representations", "r", title="T", stack=["mpp"]), "catalog.representations.r.stack"),
        (entry("representations", "r", title="T", views="whole"), "catalog.representations.r: '.*' is missing"),
        (entry("representations", "r", **{**MINE, "normalisation": ["l1"]}), "catalog.representations.r.normalisation.*'l1'"),
        ({"representations": ["r"]} | entry("representations", "r", **{**MINE, "views": "hole"}), "Did you mean 'whole'"),
        (
            {"representations": ["r"]} | entry("representations", "r", **{**MINE, "projection": "pca"}),
            "'pca' is not in catalog.projections",
        ),
        ({"representations": ["r"]} | entry("representations", "r", **{**MINE, "layer": "conv4-units"}), "belong together"),
        ({"representations": ["r"]} | entry("representations", "r", **{**MINE, "encoder": "cross-layer"}), "belong together"),
        ({"representations": ["r"]} | entry("representations", "r", **{**MINE, "pooling": ["l2"]}), "must end in one of"),
        (
            {"representations": ["r"]} | entry("representations", "r", **{**MINE, "encoder": "vlad", "pooling": ["counts"]}),
            "'counts' weighs means",
        ),
        ({"representations": ["r"]} | entry("representations", "r", title="T", stack=["r", "mpp"]), "part of itself"),
        ({"representations": ["r"]} | entry("representations", "r", title="T", stack=["mmp", "nfk"]), "Did you mean 'mpp'"),
        ({"catalog": {"layers": {"fc7": {"tap": "fc9"}}}}, "needs layer 'fc9', which backbone 'tinyalex' does not name"),
        ({"datasets": ["m"]} | entry("datasets", "m", kind="folder", root="/no/such"), "catalog.datasets.m.root: no folder"),
        ({"representations": ["bow-conv5"]}, "'bow-conv5' is searched with, not classified. Name it under 'searched'"),
        ({"representations": ["mof-sum"]}, "searched with, not classified"),
        ({"representations": ["mop-white"]}, "searched with, not classified"),
        ({"searched": ["cl-regions"]}, "'cl-regions' is trained with class labels"),
        ({"searched": ["mof-som"]}, "Did you mean 'mof-sum'"),
        ({"datasets": ["digit-retrieval"], "searched": []}, "config.searched: data set 'digit-retrieval' is for retrieval"),
        (entry("representations", "r", title="T", fuse=["mpp"], rule="sum"), "catalog.representations.r.fuse"),
        (
            entry("representations", "r", title="T", fuse=["mpp", "mop"], rule="mean"),
            "r.rule: 'mean' is not valid. Valid: adaptive, product, rank, sum",
        ),
        (entry("representations", "r", title="T", of="mpp", whiten=True), "pca"),
        ({"representations": ["r"]} | entry("representations", "r", **{**MINE, "normalisation": ["idf"]}), "'idf' weighs words"),
        ({"searched": ["r"]} | entry("representations", "r", title="T", fuse=["r", "mpp"], rule="sum"), "part of itself"),
        (entry("datasets", "d", kind="copies", root="x", originals=3, each=9), "catalog.datasets.d.each"),
    ],
)
def test_a_wrong_configuration_names_key_and_remedy(over, message):
    with pytest.raises(OrderlessError, match=message):
        resolve(**over)


def test_the_default_configuration_and_every_entry_are_valid():
    config = load_config(yaml.safe_load((WORKFLOW.parent / "config.yaml").read_text()))
    entries = load_catalog({})
    check_selection(config, entries)
    searched = [name for name, entry in entries["representations"].items() if name not in config["representations"]]
    for backbone, entry in entries["backbones"].items():
        if "patch" not in entry:
            make_plan(config, entries, backbone)
            make_plan(config | {"searched": searched}, entries, backbone, SEARCHED)


def test_parsing_needs_no_heavy_package():
    import subprocess
    import sys

    heavy = ["torch", "sklearn", "pandas", "PIL"]
    code = f"import sys, orderless.catalog.entries as c; c.load_catalog({{}}); print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("here", [True, False])
def test_auto_is_vlfeat_where_it_is_installed_and_torch_elsewhere(monkeypatch, here):
    monkeypatch.setattr(backends, "has_vlfeat", lambda: here)
    assert load_config(GOOD)["encoding"]["backend"] == ("vlfeat" if here else "torch")
    assert load_config(GOOD | {"encoding": {"backend": "torch"}})["encoding"]["backend"] == "torch"
    if not here:
        with pytest.raises(OrderlessError, match=r"'vlfeat' is not installed.*or set encoding.backend: torch"):
            load_config(GOOD | {"encoding": {"backend": "vlfeat"}})


def test_what_only_vlfeat_computes_is_left_out_where_nobody_asked_for_it_and_refused_where_somebody_did(monkeypatch):
    over = {"representations": {"both": {"title": "T", "stack": ["fc7", "sift-fv"]}}}
    catalog = load_catalog(over)
    config = load_config(GOOD | {"representations": ["fc7", "sift-fv", "both"], "searched": ["sift-fv", "mpp"]})
    monkeypatch.setattr(backends, "has_vlfeat", lambda: True)
    assert without_vlfeat(config, catalog, config) == (config, [])
    monkeypatch.setattr(backends, "has_vlfeat", lambda: False)
    settled, left_out = without_vlfeat(config, catalog, {"run", "datasets"})
    assert (settled["representations"], settled["searched"], left_out) == (["fc7"], ["mpp"], ["sift-fv", "both"])
    for key in ("representations", "searched"):
        with pytest.raises(OrderlessError, match=f"config.{key}: 'sift-fv' needs VLFeat, which is not installed. Install it"):
            without_vlfeat(config, catalog, {key})


def test_vlfeat_is_there_only_if_its_library_is(monkeypatch, tmp_path):
    """The binding alone is not enough: a file that is no library stands for one whose libvl is missing."""
    import importlib.util

    def has_it() -> bool:
        backends.has_vlfeat.cache_clear()
        return backends.has_vlfeat()

    try:
        (tmp_path / "cyvlfeat" / "kmeans").mkdir(parents=True)
        (tmp_path / "cyvlfeat" / "__init__.py").touch()
        spec = importlib.util.spec_from_file_location("cyvlfeat", tmp_path / "cyvlfeat" / "__init__.py")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
        assert not has_it()
        (tmp_path / "cyvlfeat" / "kmeans" / "cykmeans.so").write_bytes(b"no library")
        assert not has_it()
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        assert not has_it()
    finally:
        backends.has_vlfeat.cache_clear()


def test_a_key_of_an_earlier_version_is_read_under_its_present_name():
    with pytest.warns(FutureWarning, match="catalog.representations.dsfl: 'foreign' is called 'precomputed' now"):
        catalog = load_catalog({"representations": {"dsfl": {"title": "DSFL", "foreign": "dsfl.csv"}}})
    assert catalog["representations"]["dsfl"] == {"title": "DSFL", "precomputed": "dsfl.csv"}


def test_an_unknown_experiment_names_the_nearest():
    with pytest.raises(OrderlessError, match="mpp-table3a"):
        load_config({"experiment": "mpp-tabel3a"})


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_experiment_is_refused(empty):
    with pytest.raises(OrderlessError, match=r"config\.experiment: is empty.*orderless list experiments"):
        load_config(GOOD | {"experiment": empty})


@pytest.mark.parametrize("key", ["datasets", "backbones", "representations", "searched", "analyses"])
def test_an_experiment_beside_a_selection_of_ones_own_is_refused(key):
    own = {"experiment": "mpp-table3a", key: ["x"]}
    with pytest.raises(OrderlessError, match=f"config.{key}: experiment 'mpp-table3a' selects its own {key}. Leave out one"):
        load_config(GOOD | own, own)


def test_an_experiment_goes_before_the_default_and_ones_own_settings_before_the_experiment():
    own = {"experiment": "mpp-digest", "fraction": 0.1, "run": "tenth", "classifier": {"folds": 5}}
    own["catalog"] = {"datasets": {"mit67": {"root": "mine"}}}
    config = load_config(GOOD | own, own)
    assert (config["datasets"], config["backbones"], config["run"], config["fraction"]) == (["mit67"], ["caffenet"], "tenth", 0.1)
    assert config["classifier"] == {"C": [1, 10, 100], "folds": 5}
    assert config["catalog"]["backbones"]["caffenet"]["adapt"] == {"views": {"pyramid": {"scales": 5}}}
    assert config["catalog"]["datasets"]["mit67"] == {"root": "mine"}


@pytest.mark.parametrize(
    ("over", "backbone", "scales"),
    [
        ({}, "vit_b_16", 5),
        ({"views": {"pyramid": {"scales": 2}}}, "vit_b_16", 2),
        ({"views": {"pyramid": {"scales": 2}}}, "alexnet", 2),
        ({"views": {"pyramid": {"scales": 2}}, "backbones": {"vit_b_16": {"adapt": {"views": {"pyramid": {"scales": 3}}}}}},
         "vit_b_16", 3),
        ({"backbones": {"vit_b_16": {"adapt": {"views": {"pyramid": {"scales": 3}}}}}}, "vit_b_16", 3),
    ],
)  # fmt: skip
def test_a_setting_of_the_configuration_goes_before_a_built_in_adapt(over, backbone, scales):
    assert adapted(load_catalog(over), backbone)["views"]["pyramid"]["scales"] == scales


@pytest.mark.parametrize(
    ("over", "columns"),
    [
        ({"representations": {"cl-45f": {"views": "blocks-2x2"}}}, 2),
        ({"datasets": {"h3d": {"adapt": {"representations": {"cl-45f": {"views": "blocks-2x2"}}}}}}, 2),
        ({"datasets": {"h3d": {"adapt": {"views": {"blocks-2x1": {"columns": 3}}}}}}, 3),
        ({"backbones": {"bvlc-alexnet": {"adapt": {"views": {"blocks-2x1": {"columns": 3}}}}}}, 3),
        ({"views": {"blocks-2x1": {"columns": 3}}, "datasets": {"h3d": {"adapt": {"views": {"blocks-2x1": {"columns": 4}}}}}}, 4),
    ],
)
def test_a_setting_of_the_configuration_goes_before_what_a_data_set_changes(over, columns):
    catalog = adapted(load_catalog(over), "bvlc-alexnet", "h3d")
    assert catalog["views"][catalog["representations"]["cl-45f"]["views"]]["columns"] == columns


@pytest.mark.parametrize(
    ("adapt", "message"),
    [
        ({"view": {}}, "catalog.datasets.mit67.adapt: unknown key 'view'.*Did you mean 'views'"),
        ({"views": {"pyramids": {}}}, "catalog.datasets.mit67.adapt.views: .*Did you mean 'pyramid'"),
        ({"views": {"pyramid": {"scale": 2}}}, "unknown key 'scale'.*Did you mean 'scales'"),
    ],
)
def test_what_a_data_set_changes_is_checked(adapt, message):
    with pytest.raises(OrderlessError, match=message):
        adapted(load_catalog({"datasets": {"mit67": {"adapt": adapt}}}), "alexnet", "mit67")


def test_what_a_network_needs_is_checked_before_any_job(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OrderlessError, match=r"catalog.backbones.alexnet.layers: .*taps 'fc77'. Did you mean 'fc7'\?"):
        load_catalog({"backbones": {"alexnet": {"layers": {"fc77": "classifier.5"}}}})
    config = load_config({"run": "r", "datasets": ["digit-scenes"], "backbones": ["alexnet"], "representations": ["fc7"]})
    catalog = load_catalog({"backbones": {"alexnet": {"weights": "mine.pth"}}})
    with pytest.raises(OrderlessError, match=r"catalog.backbones.alexnet.weights: no file 'mine.pth' here"):
        check_selection(config, catalog)
    (tmp_path / "mine.pth").touch()
    check_selection(config, catalog)


def test_where_two_settings_speak_one_is_said_to_hold():
    """One's own entry over the network's built-in `adapt`, one's own `adapt` over both, and nothing where both say the same."""
    over = {"encoders": {"vlad": {"words": 5000, "iterations": 3}}, "views": {"pyramid": {"scales": 5}}}
    words = load_catalog({})["backbones"]["tinyalex"]["adapt"]["encoders"]["vlad"]["words"]
    assert rulings(over, "tinyalex") == {
        "encoders.vlad.words": f"catalog.encoders.vlad.words (5000) holds, not the built-in adapt of tinyalex ({words})"
    }
    own = over | {"backbones": {"tinyalex": {"adapt": {"encoders": {"vlad": {"words": 7}}}}}}
    assert rulings(own, "tinyalex") == {
        "encoders.vlad.words": "catalog.backbones.tinyalex.adapt (7) holds, not catalog.encoders.vlad.words (5000)"
    }
    assert adapted(load_catalog(own), "tinyalex")["encoders"]["vlad"]["words"] == 7
    assert adapted(load_catalog(over), "tinyalex")["encoders"]["vlad"]["words"] == 5000
