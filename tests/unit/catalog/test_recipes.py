"""Recipes: what changes them, what does not; what is missing; what lies under results/."""

import ast
import json
import os
from pathlib import Path

import pytest

from orderless.backends import pick
from orderless.catalog.configuration import load_config
from orderless.catalog.datasets import task_of
from orderless.catalog.entries import load_catalog, merge, read_yaml
from orderless.catalog.kept import delete, earlier_layout, kept_results, stem_of
from orderless.catalog.missing import Shelf, Work
from orderless.catalog.plans import leaves
from orderless.catalog.recipes import all_recipes, asked, uses_backend
from orderless.catalog.results import SCRIPTS, Result, script
from orderless.files.contents import ASIDE, CHOSEN, ROOT, Contents, module_name, skeleton
from tests.conftest import NEEDS_VLFEAT

DEMO = read_yaml(ROOT / "config.yaml")


def results(over: dict | None = None, contents: Contents | None = None) -> dict[tuple[str, str, str, str], str]:
    """(kind, data set, network, name) -> hash of all that a configuration uses."""
    config = load_config(merge(DEMO, over or {}))
    rooms, cards = all_recipes(config, load_catalog(config["catalog"]), contents or Contents())
    found = {}
    for result in Work(asked(rooms, cards), Shelf(whole=True)).used:
        place = result.folder.split("/")
        found[result.kind, place[2] if len(place) > 2 else "", place[3] if len(place) > 3 else "", result.name] = result.key
    return found


BEFORE = results()


def changed(over: dict) -> set[str]:
    """The names of the results that a change of the configuration gives other hashes, or takes away."""
    after = results(over)
    return {key[3] for key, value in BEFORE.items() if after.get(key) != value}


def test_what_is_for_people_changes_nothing():
    over = {
        "catalog": {"representations": {"mpp": {"title": "Another"}}, "backbones": {"tinyalex": {"title": "T", "licence": "L"}}}
    }
    assert changed(over | {"run": "another", "bundle": 3, "device": "cpu"}) == set()


def test_a_normalisation_changes_its_representation_and_what_is_made_of_it():
    found = changed({"catalog": {"representations": {"csf": {"normalisation": ["l2"]}}}})
    assert found == {"csf", "pairs"}


def test_fine_cross_layer_pooling_sees_two_blocks_of_h3d_and_four_of_other_data_sets():
    """Paper D, Sec. 4.1: M = N = 2, and M = 2, N = 1 for H3D, whose images are higher than wide."""
    config = load_config({"experiment": "crosslayer"})
    rooms, _ = all_recipes(config, load_catalog({}), Contents())
    fine = ["cl-45f", "cl-45c", "cl-34f", "cl-34c", "cl-global", "cl-jitter", "cl-45f-sign"]
    fine += ["max-f", "sum-sqrt-f", "spp-f", "scfv-conv4-f"]
    assert {dataset for dataset, _ in rooms} == {"mit67", "cub200", "voc2007", "h3d"}
    for (dataset, _), room in rooms.items():
        expected = {"kind": "blocks", "rows": 2, "columns": 1 if dataset == "h3d" else 2}
        for name in fine:
            rows = [room.plan["representations"][leaf] for leaf in leaves(room.plan, name)]
            views = [room.plan["sets"][row["set"]]["views"] for row in rows]
            assert [view for view in views if view["kind"] == "blocks"] == [expected], (dataset, name)


def test_what_a_data_set_changes_makes_its_own_results_anew_and_not_its_index():
    adapt = {"projections": {"pca-cl": {"pca": 60}}}
    after = results({"catalog": {"datasets": {"digit-scenes": {"adapt": adapt}}}})
    found = {key for key, value in BEFORE.items() if after.get(key) != value}
    assert {dataset for _, dataset, *_ in found} == {"digit-scenes"}
    assert {"cl-45", "cl-45f"} < {name for kind, *_, name in found if kind == "scores"}
    assert "index" not in {kind for kind, *_ in found}


def test_words_change_what_hangs_on_the_codebook():
    after = results({"catalog": {"backbones": {"tinyalex": {"adapt": {"encoders": {"sparse": {"words": 8}}}}}}})
    found = {key for key, value in BEFORE.items() if after.get(key) != value}
    assert {kind for kind, *_ in found} == {"codebook", "representations", "scores", "pairs"}
    assert {name for kind, _, _, name in found if kind == "scores"} == {"scfv", "scfv@1", "scfv@2", "scfv-conv4"}


def test_the_seed_changes_all_that_is_drawn_and_nothing_else():
    found = changed({"seed": 1})
    assert {"mpp", "digit-scenes", "tinyalex"} <= found


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ("halves", {"scores", "scales", "invariance", "confidence", "pairs"}),
        ("classifier", {"scores", "scales", "invariance", "confidence", "pairs"}),
    ],
)
def test_a_setting_changes_the_stages_that_use_it(key, kinds):
    after = results({key: {"halves": 700, "classifier": {"C": [3]}}[key]})
    assert {name[0] for name, value in BEFORE.items() if after.get(name) != value} == kinds


@NEEDS_VLFEAT
def test_only_encoders_that_compute_with_a_backend_depend_on_it():
    assert [uses_backend(kind) for kind in ("fisher", "vlad", "mean", "max")] == [True, True, False, False]
    found = changed({"encoding": {"backend": "torch"}})
    assert "mpp" in found
    assert "fc7" not in found


def test_code_is_read_without_comments_docstrings_and_layout():
    texts = [
        '"""A."""\nx = 1  # one\ndef f():\n    """B."""\n    return x\n',
        '"""C."""\n\nx = 1\n\n\ndef f():\n    return (x)\n',
        "x = 2\n",
    ]
    digests = [skeleton(ast.parse(text)) for text in texts]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_code_of_a_stage_is_all_that_its_script_imports(kind):
    """Beside the script's own imports, what an entry chooses is named where the recipe is made; nothing else is left out."""
    files = Contents().closure([script(SCRIPTS[kind])])
    assert script(SCRIPTS[kind]) in files
    for file in files:
        assert module_name(file) not in ASIDE | CHOSEN
    for module in ASIDE | CHOSEN:
        assert (ROOT / "orderless" / f"{module.replace('.', '/')}.py").is_file()


def test_what_an_entry_chooses_is_in_its_recipes(monkeypatch):
    """Every module that is left out of the stages' code, and every encoder and backend, changes the results of some entry."""
    asked_for: list[str] = []
    monkeypatch.setattr(Contents, "code", lambda self, files: asked_for.extend(files) or "code")
    results()
    results({"backbones": ["caffenet", "dinov2_vits14"], "representations": ["global"], "searched": ["global"], "analyses": []})
    named = {module_name(file) for file in asked_for}
    assert named >= CHOSEN | {"encoders.fisher", "encoders.mean", "encoders.bow", f"backends.{pick('auto')}"}


def test_files_are_read_again_where_they_changed(tmp_path, monkeypatch):
    weights, cache = tmp_path / "w.pth", tmp_path / "cache.json"
    weights.write_bytes(b"one")
    first = Contents(cache)
    before = first.file(weights)
    first.keep()
    monkeypatch.setattr("orderless.files.contents.file_hash", lambda path: pytest.fail("was read again"))
    assert Contents(cache).file(weights) == before
    monkeypatch.undo()
    os.utime(weights, ns=(1, 1))
    assert Contents(cache).file(weights) == before
    weights.write_bytes(b"two")
    assert Contents(cache).file(weights) != before
    assert Contents(cache, {f"file {weights}": before}).file(weights) == before  # a job of a run that began before
    assert Contents(cache).file(tmp_path / "none") == "missing"


def test_a_weights_file_changes_all_that_its_network_makes(tmp_path):
    weights = tmp_path / "w.pth"
    over = {"backbones": ["tinyalex", "mobilenet_v2"], "representations": ["global"], "searched": ["global"], "analyses": []}
    over |= {"catalog": {"backbones": {"mobilenet_v2": {"weights": str(weights)}}}}
    keys = []
    for content in (b"one", b"two"):
        weights.write_bytes(content)
        keys.append(results(over))
    assert {key[2] or key[3] for key in keys[0] if keys[0][key] != keys[1][key]} == {"mobilenet_v2"}


def test_images_change_their_data_set(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    before = Contents().images(tmp_path)
    (tmp_path / "a/.3.png").write_bytes(b"hidden")
    os.utime(tmp_path / "a/1.png")
    assert Contents().images(tmp_path) == before
    (tmp_path / "a/1.png").rename(tmp_path / "a/9.png")
    assert Contents().images(tmp_path) != before


@pytest.fixture
def chain():
    """Descriptors in three parts, vectors made of them part by part, and a classifier of all."""
    first = Result("descriptors", "results/a", "first", {}, shards=3)
    second = Result("representations", "results/a", "second", {}, {"descriptors": [first]}, (".safetensors", ".timings.csv"), 3)
    return first, second, Result("scores", "results/a", "third", {}, {"representations": [second]})


def write(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("x")


def test_only_what_is_missing_is_made(chain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second, third = chain
    assert Work([third], Shelf()).parts == {third: {0}, second: {0, 1, 2}, first: {0, 1, 2}}
    write(*first.paths(), *second.paths(".safetensors"), second.path(".timings.csv", 0))
    work = Work([third], Shelf())
    assert work.parts == {third: {0}, second: {1, 2}}
    assert work.groups([second]) == [([second], [1, 2])]
    os.unlink(first.path(part=1))
    assert Work([third], Shelf()).parts == {third: {0}, second: {1, 2}, first: {1}}
    write(third.path())
    assert Work([third], Shelf()).parts == {}  # what stands on its own needs nothing below it
    assert Work([third, (second, (".timings.csv",))], Shelf()).parts == {second: {1, 2}, first: {1}}


def test_jobs_plan_what_the_run_began_with(chain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, _, third = chain
    told = Work([third], Shelf()).told()
    write(*first.paths(), third.path())
    assert Work([third], Shelf(told)).told() == told


def test_what_a_killed_job_began_is_swept(chain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, _, third = chain
    write(first.path(part=0) + ".part77", first.path(part=1))
    Work([third], Shelf()).sweep()
    assert [path.name for path in Path(first.stem).iterdir()] == ["1.safetensors"]


def test_results_lie_where_their_recipe_says(chain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, _, third = chain
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    write(first.path(part=0), third.path(), "results/activations/d/b/shards/0.safetensors", "results/runs/r.json")
    Path("results/runs/r.json").write_text(json.dumps({"run": "r", "uses": [first.stem]}))
    Path(first.stem, "link.csv").symlink_to(outside)
    kept, earlier = kept_results()
    assert {result.stem: result.runs for result in kept} == {first.stem: ["r"], third.stem: []}
    assert earlier == [Path("results/activations/d/b/shards/0.safetensors")]
    assert earlier_layout() == [Path("results/activations/d/b/shards")]
    assert stem_of(Path("results/datasets/d-0123456789/images/x.png")) == "results/datasets/d-0123456789"
    delete([path for result in kept for path in result.files] + earlier)
    assert outside.exists()
    assert [path.as_posix() for path in sorted(Path("results").rglob("*"))] == ["results/runs", "results/runs/r.json"]


def test_tasks_are_those_of_the_catalog():
    assert {name: task_of(load_catalog({}), name) for name in DEMO["datasets"]}["digit-retrieval"] == "retrieval"
