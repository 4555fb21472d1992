"""Every example of every `--help` runs, one after another, as a person would type them."""

import re
import shlex
from pathlib import Path

import pytest

from orderless.__main__ import COMMANDS, main, parser
from orderless.commands import rank, workflow


def examples(module) -> list[list[str]]:
    """The commands that a help shows, as words; what stands behind two blanks says what they do."""
    lines = [line.strip() for line in module.EXAMPLES.splitlines() if line.strip().startswith("orderless ")]
    return [shlex.split(re.split(r"  +", line)[0])[1:] for line in lines]


def expanded(words: list[str]) -> list[str]:
    """Words as a shell gives them: `new/*.jpg` becomes the files."""
    return [name for word in words for name in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_of_the_help_runs(here, name, monkeypatch, capsys):
    told = []
    monkeypatch.setattr(workflow, "snakemake", lambda *arguments: told.append(arguments))  # run for good in tests/workflow
    monkeypatch.setattr(rank, "ranking", lambda out, config: [])
    monkeypatch.setattr(rank, "as_text", lambda rows, config: [])
    commands = examples(COMMANDS[name])
    assert len(commands) >= 3
    for words in commands:
        if words[:2] in (["data", "fetch"], ["data", "check"]) or words[0] == "results":
            parser().parse_args(words)  # hundreds of megabytes; results of a run: tests/workflow/test_recipes.py
        else:
            assert main(expanded(words)) == 0, words
            output = capsys.readouterr()
            assert output.out or name == "rank", words
            assert "error" not in output.err


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_help_shows_examples_and_fits(name, capsys):
    with pytest.raises(SystemExit):
        main([*filter(None, [name]), "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert "examples:" in lines
    assert max(map(len, lines)) <= 132
