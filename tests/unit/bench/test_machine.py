"""What a page says of the machine and of the code."""

import subprocess

from orderless.bench.machine import commit, stamp
from orderless.files.versions import installed


def test_a_revision_says_whether_its_code_was_changed(tmp_path):
    def git(*words: str) -> str:
        settings = ("-c", "user.name=a", "-c", "user.email=a@b")
        return subprocess.run(
            ["git", "-C", str(tmp_path), *settings, *words], capture_output=True, text=True, check=True
        ).stdout.strip()

    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("1")
    (tmp_path / "report.csv").write_text("1")
    assert commit(tmp_path, ["code"]) == ""
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    revision = git("rev-parse", "--short=12", "HEAD")
    (tmp_path / "report.csv").write_text("2")
    assert commit(tmp_path, ["code"]) == revision
    (tmp_path / "code" / "a.py").write_text("2")
    assert commit(tmp_path, ["code"]) == f"{revision} (changed)"
    assert commit(tmp_path / "code", ["a.py"]) == ""  # a folder inside somebody's repository


def test_stamps_are_filled():
    assert all(stamp().values())
    assert installed("numpy")[0].isdigit()
    assert installed("no-such-package") == "not installed"
