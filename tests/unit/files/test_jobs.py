"""The lines of progress: rates that are never zero, and fewer lines on the terminal than in the log."""

import io
import sys

import pytest

from orderless.files import jobs


@pytest.mark.parametrize(
    ("count", "seconds", "expected"),
    [(120, 4.0, "30.0 a second"), (3, 3.0, "1.0 a second"), (2, 90.0, "45.0 s each"), (5, 0.0, "5000000000.0 a second")],
)
def test_a_rate_is_never_zero(count, seconds, expected):
    assert jobs.rate(count, seconds) == expected


def test_progress_tells_the_log_often_and_the_terminal_ever_less_often(monkeypatch, capsys):
    """An image in two seconds: a line every 5 s for the log (after 6, 12, 18 s ...), after 6, 18, 42, 84 s for the terminal."""
    clock, terminal = iter(range(0, 1000, 2)), io.StringIO()
    monkeypatch.setattr(jobs.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(jobs, "TITLE", ["extract_activations own.0"])
    monkeypatch.setattr(sys, "__stderr__", terminal)
    assert list(jobs.progress(range(50), 50)) == list(range(50))
    log, shown = capsys.readouterr().out.splitlines(), terminal.getvalue().splitlines()
    assert log[0] == "2 of 50 images, 3.0 s each, 144 s left"
    assert log[-1].startswith("50 images in ")
    assert shown[0] == f"  extract_activations own.0: {log[0]}"
    assert len(shown) < len(log) / 3
