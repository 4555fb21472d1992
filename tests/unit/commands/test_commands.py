"""What the commands answer, in each form; what they refuse, before any work, in a line."""

import csv
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import orderless
from orderless.__main__ import main
from orderless.commands import rank, search, workflow
from orderless.reports.metrics import COLUMNS


def test_a_search_shows_a_table_and_a_picture(here, capsys):
    assert main(["search", "photo.jpg", "--in", "photos", "--top", "9"]) == 0
    output = capsys.readouterr()
    lines = [line.split() for line in output.out.splitlines()]
    assert [line[0] for line in lines] == [str(n) for n in range(1, 10)]
    assert lines[0][1:] == ["a/4.jpg", "1.0000"]
    assert "1 of 13 images cannot be read and are left out:\n  a/broken.jpg: cannot be read as an image" in output.err
    with Image.open("photo.matches.png") as sheet:
        assert sheet.width > 8 * 256
        assert sheet.height > 2 * 256


def test_several_queries_as_json_and_csv(here, capsys):
    queries = ["photo.jpg", "new/1.jpg", "new/3.jpg"]
    command = ["search", *queries, "--in", "photos", "--top", "2", "--no-sheet"]
    assert main([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["images"] == 12
    assert answer["representation"] == "global"
    assert [row["query"] for row in answer["matches"]] == [query for query in queries for _ in range(2)]
    assert main([*command, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["image"] for row in rows] == [row["image"] for row in answer["matches"]]
    assert not list(here.glob("*.png"))


def test_what_was_added_and_removed_is_said(here, capsys):
    command = ["search", "photo.jpg", "--in", "photos", "--no-sheet"]
    main(command)
    shutil.move("photos/a/2.jpg", "elsewhere.jpg")
    shutil.copy("new/1.jpg", "photos/b/more.jpg")
    shutil.copy("new/3.jpg", "photos/b/even-more.jpg")
    capsys.readouterr()
    assert main(command) == 0
    assert "photos: 2 added, 1 removed; 13 images in all." in capsys.readouterr().err
    assert main([*command, "--strict"]) == 1
    assert "photos/a/broken.jpg: cannot be read" in capsys.readouterr().err


def test_copies_are_grouped(here, capsys):
    shutil.copy("photos/a/4.jpg", "photos/b/same.jpg")
    shutil.copy("photos/a/6.jpg", "photos/a/also.jpg")
    command = ["duplicates", "photos", "--threshold", "0.9999999"]
    assert main([*command, "--json"]) == 0
    copies = json.loads(capsys.readouterr().out)["copies"]
    groups = {number: {row["image"] for row in copies if row["group"] == number} for number in (1, 2)}
    assert sorted(map(sorted, groups.values())) == [["a/4.jpg", "b/same.jpg"], ["a/6.jpg", "a/also.jpg"]]
    assert {(row["width"], row["height"]) for row in copies} == {(96, 72)}
    assert main(command) == 0
    assert "group 2" in capsys.readouterr().out
    with Image.open("duplicates.png") as sheet:
        assert sheet.height > 2 * 256


def test_vectors_are_those_of_the_library(here, capsys):
    assert main(["describe", "photos", "--out", "v.npy", "--backend", "torch"]) == 0
    assert "1 of 13 images cannot be read. They are left out." in capsys.readouterr().err
    names = (here / "v.txt").read_text().split()
    assert len(names) == 12
    expected = orderless.describe([f"photos/{name}" for name in names], "tinyalex", weights="mobilenet_v2.pth", backend="torch")
    np.testing.assert_array_equal(np.load("v.npy"), expected)
    assert main(["describe", "photos", "--out", "v.csv"]) == 0
    assert len((here / "v.csv").read_text().splitlines()) == 13
    assert main(["describe", "photos", "--out", "w.csv", "--strict"]) == 1
    assert not (here / "w.csv").exists()


IN = ["photo.jpg", "--in", "photos"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "absent.jpg", "--in", "photos"], "absent.jpg: cannot be read"),
        (["search", "photos/a/broken.jpg", "--in", "photos"], "broken.jpg: cannot be read"),
        (["search", "photo.jpg", "--in", "nowhere"], "nowhere: no such folder"),
        (["search", "photo.jpg", "--in", "empty"], "empty: no image in this folder"),
        (["search", *IN, "--sheet", "sheet.xyz"], "sheet.xyz: its name must end in one of .png"),
        (["search", *IN, "--sheet", "nowhere/sheet.png"], "nowhere: no such folder for sheet.png"),
        (["search", *IN, "--representation", "golbal"], "--representation: 'golbal' does not exist. Did you mean 'global'?"),
        (["search", *IN, "--representation", "cl-guided"], "--representation"),
        (["search", *IN, "--backbone", "mobilenet"], "--backbone: 'mobilenet' does not exist. Did you mean 'mobilenet_v2'?"),
        (["search", *IN, "--weights", "none.pth"], "--weights none.pth: no such file"),
        (["search", *IN, "--index", "mobilenet_v2.pth"], "mobilenet_v2.pth: is no index of images. Name another file"),
        (["search", *IN, "--configfile", "none.yaml"], "none.yaml: cannot be read"),
        (["search", *IN, "--configfile", "list.yaml"], "list.yaml: holds a list, not keys"),
        (["search", *IN, "--configfile", "broken.yaml"], "broken.yaml: is not YAML"),
        (["data", "list", "--configfile", "broken.yaml"], "broken.yaml: is not YAML"),
        (["describe", "photos", "--out", "v.txt"], "v.txt: its name must end in one of .csv, .npy"),
        (["describe", "photos", "--out", "nowhere/v.csv"], "nowhere: no such folder for v.csv"),
        (["duplicates", "photos", "--sheet", "d.mp4"], "d.mp4: its name must end in"),
        (["rank", "nowhere"], "nowhere: no such folder"),
        (["rank", "photos", "--representations", "fc7", "mmp"], "--representations: 'mmp' is not in catalog.representations"),
        (["rank", "photos", "--weights", "none.pth"], "--weights none.pth: no such file"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(here, words, message, capsys):
    (here / "empty").mkdir()
    (here / "list.yaml").write_text("[1, 2]\n")
    (here / "broken.yaml").write_text("a: [b\n")
    before = sorted(path for path in here.rglob("*"))
    assert main(words) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("error:") == 1
    assert "Traceback" not in error
    left = [path for path in sorted(here.rglob("*")) if path not in before and "orderless-index" not in path.name]
    assert not left


@pytest.mark.parametrize("top", ["0", "-3", "many"])
def test_a_count_is_positive(here, top, capsys):
    with pytest.raises(SystemExit):
        main(["search", *IN, "--top", top])
    assert "argument --top" in capsys.readouterr().err


def test_control_c_is_a_line(here, monkeypatch, capsys):
    monkeypatch.setattr(search, "as_text", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["search", *IN]) == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("Stopped.")


def test_the_settings_of_an_index_are_kept(here, capsys):
    for number, scales in enumerate((2, 3)):
        (here / f"{number}.yaml").write_text(f"catalog: {{views: {{pyramid: {{scales: {scales}}}}}}}")
    command = ["search", *IN, "--no-sheet", "--representation", "window-mean", "--configfile"]
    assert main([*command, "0.yaml"]) == 0
    capsys.readouterr()
    assert main([*command, "1.yaml"]) == 1
    assert "was made with catalog" in capsys.readouterr().err
    assert main([*command, "1.yaml", "--rebuild"]) == 0


def test_the_seed_is_the_describers_and_an_index_of_another_is_refused(here, capsys):
    command = ["describe", "photos", "--representation", "nfk", "--backend", "torch", "--device", "cpu", "--out"]
    for name, seed in (("none", []), ("zero", ["--seed", "0"]), ("one", ["--seed", "1"])):
        assert main([*command, f"{name}.npy", *seed]) == 0
    none, zero, one = (np.load(f"{name}.npy") for name in ("none", "zero", "one"))
    np.testing.assert_array_equal(none, zero)
    assert not np.array_equal(none, one)
    assert main(["search", *IN, "--no-sheet", "--seed", "1"]) == 0
    assert main(["search", *IN, "--no-sheet"]) == 0
    capsys.readouterr()
    assert main(["search", *IN, "--no-sheet", "--seed", "0"]) == 1
    assert "was made with seed '1', not '0'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["search", *IN, "--seed", "-1"])


def test_the_list_has_the_entries_of_ones_own_configuration(here, capsys):
    (here / "own.yaml").write_text("catalog: {encoders: {fisher-8: {kind: fisher, words: 8}}}\n")
    assert main(["list", "encoders"]) == 0
    assert "fisher-8" not in capsys.readouterr().out
    assert main(["list", "encoders", "--configfile", "own.yaml"]) == 0
    assert "fisher-8               kind fisher, words 8\n" in capsys.readouterr().out


def test_what_is_left_out_is_counted_by_one_rule(here, capsys):
    """Links to folders are followed; other formats, hidden files and folders, images in no class are left out, and said to be."""
    (here / "photos" / "a").rename(here / "elsewhere")
    (here / "photos" / "a").symlink_to(here / "elsewhere")
    (here / "elsewhere" / "round").symlink_to(here / "photos")
    for name in ("b/one.gif", "b/two.GIF", "b/three.bmp", "b/._1.jpg", ".trash/4.jpg"):
        (here / "photos" / name).parent.mkdir(exist_ok=True)
        shutil.copy("photo.jpg", here / "photos" / name)
    expected = "photos: left out: 1 BMP files, 2 GIF files, 1 hidden files, 1 hidden folders. Read are .jpeg, .jpg,"
    assert main(["search", *IN, "--no-sheet"]) == 0
    error = capsys.readouterr().err
    assert "photos: 12 images described." in error
    assert expected in error
    assert main(["describe", "photos", "--out", "v.csv"]) == 0
    assert expected in capsys.readouterr().err
    shutil.copy("photo.jpg", "photos/loose.jpg")
    assert main(["rank", "photos", "--print-config"]) == 0
    error = capsys.readouterr().err
    assert expected in error
    assert "photos: left out: 1 images that are in no class folder, such as loose.jpg." in error


def test_a_ranking_says_what_the_best_is_not_told_from(tmp_path):
    """Of a finished run, with tables of two selections: the best, what may be as good, and what is worse."""
    config = {"run": "r", "datasets": ["d"], "backbones": ["b"]}
    (tmp_path / "reports/r").mkdir(parents=True)
    (tmp_path / "results/analyses/d/b").mkdir(parents=True)
    rows = [("fc7", 0.5, 3e-3), ("mpp", 0.8, 9e-3), ("cl-45", 0.75, 5e-3)]
    lines = [f"d,b,{name},accuracy,{value},0.4,0.9,60,128,512,{seconds}" for name, value, seconds in rows]
    (tmp_path / "reports/r/metrics.csv").write_text("\n".join([",".join(COLUMNS), *lines]))
    head = "a,b,metric,difference,low,high,p"
    (tmp_path / "results/analyses/d/b/pairs-1.csv").write_text(
        f"{head}\nmpp,fc7,accuracy,0.3,-1,1,1\nfc7,mpp,accuracy,-0.3,-1,1,1\n"
    )
    pairs = ["mpp,fc7,accuracy,0.3,0.1,0.5,0", "mpp,cl-45,accuracy,0.05,-0.1,0.2,0.4"]
    pairs += [f"{a},{b},accuracy,0,0,0,1" for a, b in (("fc7", "mpp"), ("cl-45", "mpp"))]
    (tmp_path / "results/analyses/d/b/pairs-2.csv").write_text("\n".join([head, *pairs]))
    found = rank.ranking(tmp_path, config)
    assert [(row["representation"], row["alike"]) for row in found] == [("mpp", True), ("cl-45", True), ("fc7", False)]
    text = "\n".join(rank.as_text(found, config))
    assert "Best on 60 test images: mpp." in text
    assert "do not tell it from: cl-45. The fastest of these: cl-45." in text


def test_what_the_workflow_refuses_is_said():
    """Its message stands on the line after Snakemake's own words."""
    lines = ["WorkflowError in file common.smk, line 4:\n", "catalog.backbones.b.model: no such model.\n", "  File x, line 4\n"]
    assert workflow.failure(lines) == "catalog.backbones.b.model: no such model."
    assert workflow.failure(["error: a.jpg: cannot be read\n"] * 2) == "error: a.jpg: cannot be read"
