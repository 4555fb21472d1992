"""Weights: only those of the network, never a pickle of code, from the first mirror that has them."""

import hashlib
import re

import pytest
import torch
from torchvision import models

from orderless.backbones.tinyalex import tinyalex
from orderless.backbones.weights import fetch_model, read_weights, set_weights
from orderless.catalog.entries import load_catalog
from orderless.errors import OrderlessError
from tests.caffemodels import small, write_caffemodel


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(models.resnet18().state_dict(), path)
    with pytest.raises(OrderlessError, match=r"other\.pth.*not of backbone 'tiny'"):
        set_weights(tinyalex(), read_weights(path), "tiny", str(path))
    wrong = tinyalex().state_dict()
    wrong["fc7.weight"] = wrong["fc7.weight"][:64]
    with pytest.raises(OrderlessError, match=r"shape of 'fc7\.weight'"):
        set_weights(tinyalex(), wrong, "tiny", "x")


def test_weights_of_another_network_than_the_entrys_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(models.mobilenet_v2().state_dict(), path)
    with pytest.raises(OrderlessError, match=r"weights\.pth.*is not of backbone 'mine'"):
        fetch_model({"kind": "torchvision", "model": "resnet18", "weights": str(path)}, "mine")


def test_a_pickle_of_code_is_never_loaded(tmp_path):
    path = tmp_path / "evil.pth"
    torch.save({"model": tinyalex()}, path)
    with pytest.raises(OrderlessError, match=r"evil\.pth"):
        read_weights(path)


def test_weights_come_from_the_first_mirror_that_has_them(tmp_path, server, monkeypatch):
    """The catalog's way to a file: name -> addresses and hash -> cache -> the reader of its format."""
    content = write_caffemodel(tmp_path / "net.caffemodel", "caffenet", small("conv1"), old=False).read_bytes()
    server.files |= {"bad/net.caffemodel": b"<html>moved</html>", "other/net.caffemodel": b"other", "net.caffemodel": content}
    urls = [server.url(f"{place}net.caffemodel") for place in ("gone/", "bad/", "other/", "")]
    monkeypatch.setenv("ORDERLESS_CACHE", str(tmp_path / "cache"))

    def entry(mirrors: list[str]) -> dict:
        published = {"mine": {"urls": mirrors, "hash": f"md5:{hashlib.md5(content).hexdigest()}"}}
        return load_catalog({"backbones": {"caffenet": {"weights": "mine", "published": published}}})["backbones"]["caffenet"]

    with pytest.raises(OrderlessError) as refused:
        fetch_model(entry(urls[:3]), "caffenet")
    page = "refused: the server sent an HTML page"
    answers = r"gone/net\.caffemodel: 404", rf"bad/net\.caffemodel: {page}", r"other/net\.caffemodel: refused: .*hash"
    for said in (*answers, "set its 'weights' to your copy"):
        assert re.search(said, str(refused.value)), said
    assert not list((tmp_path / "cache").glob("net.caffemodel"))
    for _ in range(2):
        with pytest.raises(OrderlessError, match=r"cache/net\.caffemodel: lacks layer 'conv2'"):
            fetch_model(entry(urls), "caffenet")
    assert server.sent["net.caffemodel"] == [(0, len(content))]
