"""`orderless data`: list, fetch, check."""

import yaml

from orderless.__main__ import main
from orderless.catalog.entries import load_catalog
from tests.layouts import serve_all


def test_the_command_line_lists_fetches_and_checks(server, tmp_path, capsys):
    over = serve_all(server, load_catalog({})["datasets"], tmp_path)
    config = tmp_path / "mine.yaml"
    config.write_text(yaml.safe_dump({"data": str(tmp_path / "store"), "catalog": {"datasets": over}}))
    options = ["--configfile", str(config)]
    assert main(["data", "check", "flowers102", *options]) == 1
    assert "Type: orderless data fetch flowers102" in capsys.readouterr().err
    assert main(["data", "fetch", "flowers102", "mit67", *options]) == 0
    said = capsys.readouterr().out
    assert "8 train, 6 test, 2 classes, as published" in said
    assert "cite: M.-E. Nilsback" in said
    assert main(["data", "list", *options]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "store/flowers102/unpacked" in lines["flowers102"]
    assert "your own copy" in lines["ilsvrc2012"]
    assert main(["data", "check", "flowers102", *options]) == 0
    assert "setid.mat" in capsys.readouterr().out
    (tmp_path / "store/flowers102/archives/setid.mat").write_bytes(b"damaged")
    assert main(["data", "check", "flowers102", *options]) == 1
    assert "setid.mat: has 7 bytes" in capsys.readouterr().err
    next((tmp_path / "store/mit67/unpacked/Images/bar").glob("*")).unlink()
    assert main(["data", "check", "mit67", *options]) == 1
    assert "no such file (1 of 14 images)" in capsys.readouterr().err
    assert main(["data", "fetch", "mit76", *options]) == 1
    assert "Did you mean 'mit67'" in capsys.readouterr().err
