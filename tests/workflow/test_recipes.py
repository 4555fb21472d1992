"""Only what is new is computed: jobs counted by dry runs on one finished run, and what a change of code or data makes anew."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from orderless.catalog.entries import load_catalog, merge
from orderless.datasets.digits import compose_dataset
from orderless.files.images import find_images
from orderless.files.results import name_of
from tests.conftest import ENVIRONMENT, IN_CI, ROOT, SMALL, results, write_config

CODE = ("Snakefile", "config.yaml", "envs", "orderless", "scripts", "workflow")
PAGES = {"all", "collect_metrics", "compare", "compare_published", "describe_run", "judge_claims"}
PAGES |= {"plot_classes", "plot_comparison", "show_studies", "summarise"}
CONFIG = SMALL | {
    "run": "first",
    "datasets": ["own"],
    "representations": ["fc7", "global", "ap10", "mpp", "nfk"],
    "searched": [],
    "analyses": ["pairs", "claims", "seeds"],
    "sample": {"images": 20, "descriptors": 2000},
}
CONFIG["catalog"] = {
    "datasets": {"own": {"kind": "folder", "root": "images", "shards": 2}},
    "backbones": {"tinyalex": {"epochs": 1, "known_as": "caffenet", "adapt": {"encoders": {"fisher": {"words": 4}}}}},
    "analyses": {"seeds": {"seeds": [1, 2], "representations": ["nfk"]}},
}


class Folder:
    """A folder with images, weights and a copy of the suite's code, in which the workflow runs."""

    def __init__(self, path: Path, code: Path):
        self.path, self.code = path, code

    def snakemake(self, config: dict, *arguments: str) -> subprocess.CompletedProcess:
        """Run the workflow with a configuration."""
        file = write_config(self.path, **config)
        command = [sys.executable, "-m", "snakemake", "-s", str(self.code / "Snakefile"), "--configfile", str(file)]
        command += ["--cores", "2", *arguments]
        environment = ENVIRONMENT | {"PYTHONPATH": str(self.code)}
        return subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True, timeout=600, check=False)

    def run(self, config: dict) -> None:
        done = self.snakemake(config)
        assert done.returncode == 0, done.stderr[-3000:]

    def planned(self, config: dict = CONFIG) -> dict[str, int]:
        """Rule -> jobs that a dry run would do; numbered rules of a family count for it."""
        done = self.snakemake(config, "-n", "--quiet", "rules")
        text = done.stdout + done.stderr
        assert done.returncode == 0, text[-3000:]
        jobs: dict[str, int] = {}
        for rule, count in re.findall(r"^(\w+?)(?:_\d+)? +(\d+)$", text.split("\ntotal")[0], re.MULTILINE):
            jobs[rule] = jobs.get(rule, 0) + int(count)
        return jobs

    def computed(self, config: dict = CONFIG) -> dict[str, int]:
        """The planned jobs without the pages of the report."""
        return {rule: count for rule, count in self.planned(config).items() if rule not in PAGES}

    def missing_files(self, config: dict) -> list[str]:
        """The files under results/ for whose sake a dry run has jobs."""
        done = self.snakemake(config, "-n", "--verbose")  # else reasons are cut to a line
        reasons = re.findall(r"Missing output files: ([^;\n]*)", done.stdout + done.stderr)
        return [path for reason in reasons for path in reason.split(", ") if path.startswith("results/")]

    def missing(self, config: dict = CONFIG) -> set[str]:
        """The names of the results that a dry run would make."""
        return {name_of(path) for path in self.missing_files(config)}


def read_row(name: str) -> dict:
    """A representation of the catalog."""
    return load_catalog({})["representations"][name]


def changed(**over) -> dict:
    """The configuration with something laid over it."""
    return merge(CONFIG, over)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run on a folder of images, and a copy of the code that made it."""
    path, code = tmp_path_factory.mktemp("finished"), tmp_path_factory.mktemp("code")
    for name in CODE:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, code / name)
    with open(code / "workflow/published/yoo2015.csv", "a") as file:
        file.write('yoo2015,3a,own,caffenet,MPP,mpp,accuracy,0.5,S,""\n')
    images = {"rule": "scenes", "train": 40, "test": 20, "block": "test"}
    for row in compose_dataset(images, path / "made", 0):
        target = path / "images" / row["split"] / row["labels"] / Path(row["path"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(row["path"], target)
    folder = Folder(path, code)
    folder.run(CONFIG)
    return folder


@pytest.fixture
def edit(finished):
    """Edit a file of the folder or of its copy of the code; what it was comes back."""
    kept = {}

    def change(path: Path, edited) -> None:
        kept.setdefault(path, path.read_bytes())
        path.write_bytes(edited(path.read_bytes()))

    yield change
    for path, content in kept.items():
        path.write_bytes(content)


def replaced(old: str, new: str):
    """An edit: one text for another, which must be there."""

    def edited(content: bytes) -> bytes:
        assert old.encode() in content
        return content.replace(old.encode(), new.encode())

    return edited


def test_nothing_is_left_to_do(finished):
    assert finished.planned() == {}


def test_another_normalisation_is_encoded_and_classified_alone(finished):
    row = read_row("nfk") | {"title": "NFK, plain", "normalisation": ["l2"]}
    config = changed(catalog={"representations": {"nfk-plain": row}})
    config["representations"] = [*CONFIG["representations"], "nfk-plain"]
    assert finished.computed(config) == {"encode_representations": 2, "classify": 1, "compare_pairs": 1}
    assert finished.missing(config) == {"nfk-plain", "pairs"}


def test_one_more_layer_is_extracted_alone(finished):
    """`gem-conv5` as docs/extending.md has it."""
    text = (ROOT / "docs/extending.md").read_text()
    encoder = finished.code / "orderless/encoders/gem.py"
    encoder.write_text(text.split("`orderless/encoders/gem.py`:\n\n```python\n")[1].split("```")[0])
    entry = yaml.safe_load(text.split("here in `gem.yaml`:\n\n```yaml\n")[1].split("```")[0])["catalog"]
    config = changed(catalog=entry)
    config["representations"] = [*CONFIG["representations"], "gem-conv5"]
    try:
        assert finished.computed(config) == {
            "extract_activations": 2, "encode_representations": 2, "classify": 1, "compare_pairs": 1
        }  # fmt: skip
        assert finished.missing(config) == {"whole.conv5.raw", "gem-conv5", "pairs"}
    finally:
        encoder.unlink()


def test_words_changed_and_changed_back(finished):
    config = changed(catalog={"backbones": {"tinyalex": {"adapt": {"encoders": {"fisher": {"words": 6}}}}}})
    assert finished.computed(config) == {"train_codebooks": 1, "encode_representations": 2, "classify": 1, "compare_pairs": 1}
    books = {f"pyramid.fc7.pca-mpp{repeat}.fisher" for repeat in ("", "@1", "@2")}
    assert finished.missing(config) == books | {"mpp", "nfk", "nfk@1", "nfk@2", "pairs"}
    finished.run(config)
    assert finished.computed() == {}
    finished.run(CONFIG)
    assert finished.planned() == {}


def test_one_more_seed_is_computed_alone(finished):
    config = changed(catalog={"analyses": {"seeds": {"seeds": [1, 2, 3]}}})
    assert {name.partition("@")[2].split(".")[0] for name in finished.missing(config)} == {"3"}


def test_a_second_data_set_leaves_the_first_alone(finished):
    config = CONFIG | {"datasets": ["own", "digit-scenes"]}
    files = finished.missing_files(config)
    assert files
    assert not any("/own" in path for path in files)


def test_a_second_name_of_the_run_makes_pages_alone(finished):
    planned = finished.planned(CONFIG | {"run": "second"})
    assert planned.keys() <= PAGES
    assert {"all", "collect_metrics", "compare"} <= planned.keys()


def test_an_encoders_formula_remakes_what_it_made(finished, edit):
    edit(finished.code / "orderless/encoders/mean.py", replaced("return x.mean(0)", "return x.mean(0) * 2"))
    assert finished.missing() == {"fc7", "global", "ap10", "pairs"}


def test_words_about_the_code_remake_nothing(finished, edit):
    edit(finished.code / "orderless/representations/encoding.py", lambda content: b"# A comment.\n" + content)
    edit(finished.code / "orderless/activations/views.py", replaced('"""Views:', '"""More words. Views:'))
    edit(finished.code / "orderless/bench/fisher.py", replaced("import", "import os\nimport"))
    assert finished.planned() == {}


def test_a_plots_colour_redraws_plots(finished, edit):
    edit(finished.code / "orderless/reports/plots/style.py", replaced('"colorblind"', '"deep"'))
    assert finished.planned().keys() == {"all", "plot_classes", "plot_comparison", "show_studies", "summarise"}


def test_claims_and_published_figures_are_printed_anew(finished, edit):
    edit(finished.code / "workflow/catalog/claims.yaml", lambda content: content + b"# another\n")
    assert finished.planned().keys() == {"all", "judge_claims", "summarise"}
    edit(finished.code / "workflow/catalog/claims.yaml", lambda content: content.removesuffix(b"# another\n"))
    edit(
        finished.code / "workflow/published/yoo2015.csv",
        replaced("own,caffenet,MPP,mpp,accuracy,0.5", "own,caffenet,MPP,mpp,accuracy,0.6"),
    )
    assert finished.planned().keys() == {"all", "compare_published", "summarise"}


def test_an_image_changed_added_or_removed_is_seen(finished, edit):
    first = find_images(finished.path / "images")[0]
    kept = first.read_bytes()
    first.touch()
    assert finished.planned() == {}

    def darker(content: bytes) -> bytes:
        Image.fromarray(np.asarray(Image.open(first)) // 2).save(first)
        return first.read_bytes()

    edit(first, darker)
    assert finished.computed()["index_folder"] == 1
    assert {"own", "mpp", "global"} <= finished.missing()
    first.write_bytes(kept)
    assert finished.planned() == {}
    another = first.with_name("another.png")
    shutil.copy(first, another)
    assert finished.computed()["index_folder"] == 1
    another.unlink()
    first.unlink()
    assert finished.computed()["index_folder"] == 1
    first.write_bytes(kept)
    assert finished.planned() == {}


def orderless(folder: Folder, *arguments: str) -> str:
    """What a command says in a folder."""
    command = [sys.executable, "-m", "orderless", *arguments]
    environment = ENVIRONMENT | {"PYTHONPATH": str(folder.code)}
    return subprocess.run(command, cwd=folder.path, env=environment, capture_output=True, text=True, check=True).stdout


def test_what_is_kept_is_listed_and_tidied(finished, tmp_path):
    """All that a configuration uses stays; the rest is named, and deleted where that is asked for."""
    folder = Folder(tmp_path / "copy", finished.code)
    shutil.copytree(finished.path, folder.path, symlinks=True)
    fewer = CONFIG | {"representations": ["fc7", "mpp", "nfk"]}
    listed = orderless(folder, "results")
    assert re.search(r"results/representations/own/tinyalex/ap10-[0-9a-f]{10}  \(first", listed)
    assert '"normalisation"' in orderless(folder, "results", "mpp")
    earlier = folder.path / "results/activations/own/tinyalex/shards/0.safetensors"
    earlier.parent.mkdir()
    earlier.touch()
    file = str(write_config(folder.path, **fewer))
    named = orderless(folder, "results", "tidy", "--configfile", file)
    assert "/ap10-" in named
    assert "1 files of an earlier version's layout" in named
    assert earlier.exists()
    assert "Deleted" in orderless(folder, "results", "tidy", "--yes", "--configfile", file)
    assert not earlier.parent.exists()
    assert not list((folder.path / "results/representations/own/tinyalex").glob("ap10-*"))
    assert "is used" in orderless(folder, "results", "tidy", "--configfile", file)
    assert folder.missing(fewer) == {"pairs"}


@IN_CI
def test_two_experiments_share_what_is_equal(finished, tmp_path):
    """In either order, and where the first was broken off: the same files, each made once, and both reports right."""
    one, other = (
        CONFIG | {"run": run, "representations": ["fc7", name], "analyses": []} for run, name in (("one", "mpp"), ("other", "nfk"))
    )
    folders = []
    for name, first, second in (("forth", one, other), ("back", other, one)):
        folder = Folder(tmp_path / name, finished.code)
        shutil.copytree(finished.path / "images", folder.path / "images")
        if name == "back":
            assert folder.snakemake(first, "--until", "extract_activations").returncode == 0
            assert folder.computed(second) == {
                "train_codebooks": 1,
                "encode_representations": 2,
                "classify": 1,
                "compare_pairs": 1,
                "describe_backbone": 1,
            }
        folder.run(first)
        assert folder.computed(second) == {"encode_representations": 2, "classify": 1, "compare_pairs": 1}
        folder.run(second)
        assert folder.planned(first) == {}
        folders.append(folder.path)
    files = [results(path / "results") for path in folders]
    assert files[0].keys() == files[1].keys()
    assert [name for name in files[0] if files[0][name].read_bytes() != files[1][name].read_bytes()] == []
    whole = read_figures(finished.path / "reports/first/metrics.csv")
    for path in folders:
        for run in ("one", "other"):
            figures = read_figures(path / "reports" / run / "metrics.csv")
            assert len(figures) == 4
            assert (figures == whole.loc[figures.index]).all(axis=None)


def read_figures(path: Path) -> pd.DataFrame:
    """The metrics of a run, without the seconds."""
    return pd.read_csv(path).set_index(["representation", "metric"]).drop(columns="seconds")
