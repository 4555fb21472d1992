"""The papers' data sets through the workflow: from a server's archives to a table; 15-Scene as it comes and as a folder."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from orderless.catalog.entries import load_catalog
from orderless.datasets.digits import compose_dataset
from orderless.datasets.index import read_index
from tests.conftest import IN_CI, only, snakemake, write_config
from tests.layouts import EXPECTED, scene15, serve, serve_all
from tests.server import pack

CONFIG = {
    "backbones": ["tinyalex"],
    "representations": ["fc7"],
    "searched": ["global"],
    "classifier": {"C": [1], "folds": 2},
    "halves": 100,
    "sample": {"images": 10, "descriptors": 100},
}
COMPARED = ["voc2007", "holidays"]
TINY = {"tinyalex": {"epochs": 1}}


@IN_CI
def test_every_data_set_from_its_archives_to_a_table(server, tmp_path):
    catalog = load_catalog({})["datasets"]
    over = serve_all(server, catalog, tmp_path)
    server.faults["mit67/indoorCVPR_09.tar"] = [("drop", 20_000)]
    config = CONFIG | {"run": "all", "datasets": list(EXPECTED), "catalog": {"datasets": over, "backbones": TINY}}
    wanted = ["reports/all/metrics.csv", "reports/all/run.html", *(f"reports/all/comparison-{name}.csv" for name in COMPARED)]
    done = snakemake(tmp_path, *wanted, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = pd.read_csv(tmp_path / "reports/all/metrics.csv").set_index("dataset")
    assert set(metrics.index) == set(EXPECTED)
    for name, expected in EXPECTED.items():
        found = metrics.loc[[name]]
        asked = "queries" if "queries" in expected else "test"
        assert (found["n"] == expected[asked]).all()
        assert found["value"].between(0, 1).all()
    assert metrics.loc[["voc2007", "h3d"], "metric"].str.contains("map11").any()
    assert metrics.loc["ukbench", "metric"].tolist() == ["ns", "map"]
    assert metrics.loc[["holidays"], "metric"].tolist() == ["map_trapezoid"]
    for name in COMPARED:
        assert len(pd.read_csv(tmp_path / f"reports/all/comparison-{name}.csv")) >= 1
    page = (tmp_path / "reports/all/run.html").read_text()
    assert "Quattoni and A. Torralba, Recognizing indoor scenes" in page  # citations
    assert "ImageNet terms of access" in page  # licences
    starts = [first for first, _ in server.sent["mit67/indoorCVPR_09.tar"]]
    assert len(starts) == 2  # the connection that dropped, and the rest
    pinned = {path.name.split(".")[0] for path in (tmp_path / "data").glob("*.lock.json") if "sha256" in path.read_text()}
    assert pinned == {"mit67", "h3d", "holidays", "ukbench", "paris6k"}


def test_what_is_refused_is_said_and_the_next_run_completes(server, tmp_path):
    over = {"mit67": serve_all(server, load_catalog({})["datasets"], tmp_path)["mit67"]}
    config = CONFIG | {"run": "one", "datasets": ["mit67"], "catalog": {"datasets": over, "backbones": TINY}}
    path = "mit67/indoorCVPR_09.tar"
    good = server.files[path]
    server.files[path] = pack("x.tar", {"Images/bar/1.jpg": b"", "../x": b""})
    target = ["--until", "index_dataset"]
    done = snakemake(tmp_path, *target, "--configfile", str(write_config(tmp_path, **config)))
    assert done.returncode != 0
    assert "error: " in done.stderr
    assert "'../x' would be written outside the folder" in done.stderr
    assert "Traceback" not in done.stderr
    kept = sorted(p.name for p in (tmp_path / "data").rglob("*") if p.is_file() and p.name != ".lock")
    assert kept == ["TestImages.txt", "TrainImages.txt"]
    assert not list(tmp_path.glob("results/datasets/*/index.csv"))
    server.files[path] = good
    done = snakemake(tmp_path, *target, "--configfile", str(tmp_path / "mine.yaml"))
    assert done.returncode == 0, done.stderr[-2000:]
    assert only(tmp_path, "results/datasets/mit67-*/index.csv").exists()


@IN_CI
def test_scene15_as_it_comes_and_as_a_folder_give_the_same_table(server, tmp_path):
    """The archive's split, laid out as train/<class> and test/<class> under the same name of a data set."""
    pictures: dict[str, list[bytes]] = {}
    for row in compose_dataset({"rule": "scenes", "train": 60, "test": 20, "block": "test"}, tmp_path / "made", 0):
        pictures.setdefault(row["labels"], []).append(Path(row["path"]).read_bytes())
    published = load_catalog({})["datasets"]["scene15"]
    official = published | serve(server, "scene15", scene15(pictures), published["files"]) | {"train": 5}
    official["expected"] = {"train": 50, "test": 30, "classes": 10}
    tables = {}
    for name in ("official", "folder"):
        folder = tmp_path / name
        folder.mkdir()
        entry = official
        if name == "folder":
            index = read_index(only(tmp_path, "official/results/datasets/scenes-*/index.csv"))
            for row in index.to_dict("records"):
                target = folder / "images" / row["split"] / row["image"]
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(tmp_path / "official" / row["path"], target)
            entry = {"kind": "folder", "root": "images"}
        config = CONFIG | {"run": "same", "datasets": ["scenes"], "representations": ["fc7", "mpp"]}
        config["sample"] = {"images": 40, "descriptors": 4000}
        config["catalog"] = {"datasets": {"scenes": entry | {"shards": 2}}, "backbones": TINY}
        done = snakemake(folder, "reports/same/metrics.csv", "--configfile", str(write_config(folder, **config)))
        assert done.returncode == 0, done.stderr[-3000:]
        # The recipes differ: they hold the data set's own entry.
        tables[name] = pd.read_csv(folder / "reports/same/metrics.csv").drop(columns=["seconds", "recipe"])
    pd.testing.assert_frame_equal(tables["official"], tables["folder"])
    assert tables["official"]["n"].eq(30).all()
    assert not np.isnan(tables["official"]["value"]).any()
