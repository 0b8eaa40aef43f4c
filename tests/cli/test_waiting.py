"""Long work says that it goes on, on a terminal or where it is asked for; short work says
nothing."""

import re
import sys

import pytest

from admodes.core import waiting

SLOW = "import time\ndef f(x):\n    time.sleep(0.2)\n    return x * x\n"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    monkeypatch.setattr(waiting, "PAUSE", 0.01)


def test_on_a_terminal_a_line_is_written_over_and_erased(run, file, impatient, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status, out, err = run("gradient", f"{file(SLOW)}:f", "--at", "x=3")
    assert status == 0
    assert "Gradient" in out
    assert re.match(r"\radmodes: gradient: at work for \d+ s \(Ctrl-C ends it\)", err)
    assert "\n" not in err
    last = err.split("\r")[-2]
    assert last
    assert not last.strip()


def test_in_a_pipe_nothing_is_said_unless_it_is_asked_for(run, file, impatient):
    mine = f"{file(SLOW)}:f"
    assert run("gradient", mine, "--at", "x=3")[2] == ""
    _, _, err = run("gradient", mine, "--at", "x=3", "--progress")
    assert re.match(r"admodes: gradient: at work for \d+ s \(Ctrl-C ends it\)\n", err)
    assert "\r" not in err


def test_short_work_says_nothing(run, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run("gradient", "x^2", "--at", "x=3")[2] == ""


def test_an_error_stands_in_a_line_of_its_own(run, file, impatient, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    mine = file(SLOW.replace("return x * x", "raise ValueError('no')"))
    status, _, err = run("gradient", f"{mine}:f", "--at", "x=3")
    assert status == 2
    assert err.split("\r")[-1].startswith("admodes: f raised ValueError: no")
