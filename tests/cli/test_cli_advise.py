"""The command advise: what it prints, and its exit statuses."""

import json

import pytest

from admodes.cli import main

MINE = """
import math
import numpy as np
def stencil(x):
    print("running")
    return x[2:] * x[:-2] - np.sin(x[1:-1])
def closed(x): return math.sin(x)
def fails(x): raise ValueError("no")
def pair(x, y): return x * y, x + y
"""


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["advise", *words])
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def test_a_problem_as_json(capsys):
    status, out, _ = run(capsys, "@speelpenning", "--format", "json")
    data = json.loads(out)
    assert status == 0
    assert data["schema"] == "admodes.advice/1"
    assert (data["inputs"], data["outputs"]) == (16, 1)
    assert data["choice"]["route"] == "reverse"


def test_what_a_function_prints_stays_out_of_the_output(capsys, mine):
    status, out, err = run(capsys, f"{mine}:stencil", "--at", "x=normal(20)", "--format", "json")
    assert status == 0
    assert json.loads(out)["function"] == "stencil"
    assert "running" in err


def test_several_arguments_and_operators(capsys, mine):
    status, out, _ = run(capsys, f"{mine}:pair", "--at", "x=2,y=3")
    assert status == 0
    assert "Ways to the jacobian: 2 → 2" in out
    status, out, _ = run(capsys, "x**2*y", "--at", "x=2,y=3", "--of", "hessian", "--format", "csv")
    assert status == 0
    assert "forward-over-reverse" in out


def test_memory_and_measured_times(capsys, mine):
    words = (f"{mine}:stencil", "--at", "x=normal(20)", "--memory", "2M", "--measure")
    status, out, _ = run(capsys, *words)
    assert status == 0
    assert "measured" in out
    # The path of the file is not broken, however long it is.
    assert all(len(line) <= 80 for line in out.splitlines() if str(mine.parent) not in line)


def test_what_cannot_be_differentiated_is_advice_too(capsys, mine):
    status, out, _ = run(capsys, f"{mine}:closed", "--at", "x=2")
    assert status == 0
    assert "finite differences *" in out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("{mine}:fails", "--at", "x=1"), "fails raised ValueError: no"),
        (("{mine}:pair", "--at", "x=1,y=2", "--of", "gradient"), "2 outputs"),
        (("{mine}:pair", "--at", "x=1,y=2", "--of", "slope"), "slope"),
        (("{mine}:pair", "--at", "x=1,y=2", "--memory", "much"), "500M or 2G"),
        (("x*y", "--at", "x=1"), "no value for y"),
        ((), "FUNCTION"),
    ],
)
def test_misuse_is_one_line_and_status_two(capsys, mine, words, text):
    status, out, err = run(capsys, *(word.format(mine=mine) for word in words))
    assert status == 2
    assert not out
    assert text in err
    assert len(err.strip().splitlines()) == 1
