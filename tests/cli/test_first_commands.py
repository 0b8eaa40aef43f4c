"""Sixty first commands: what a newcomer types, right and wrong, and what has to be seen then."""

import json
import re

import pytest
from wcwidth import wcswidth

MINE = """
import numpy as np

def f(x, y):
    return x * np.sin(y)

def loss(W, x):
    return np.sum(np.tanh(W @ x) ** 2)

def broken(x):
    return np.reshape(x, (2, 3))
"""

SEEN = [
    ('trace "x1*x2 + sin(x1)" --at x1=2,x2=3', "Forward tangent trace for x1", "v̄0", "Jacobian"),
    ("trace @cpsc532s", "2 × 1 = 2", "7.671296", "2.898202"),
    (
        "trace @cpsc532s --mode reverse",
        "Reverse adjoint trace for y2",
    ),
    ("trace @cpsc532s --preset griewank --digits 3", "7.671"),
    ("trace @cpsc532s --numbering griewank", "v₋₁"),
    ("trace @cpsc532s --seed x1=1,x2=0.5", "1.59"),
    ("trace @cpsc532s -f markdown", "| Expression", "## Evaluation trace"),
    ("trace @cpsc532s -f latex --fragment", "\\begin{"),
    ("trace @cpsc532s -f html", "<table", "<math"),
    ("trace @cpsc532s -f csv", "2.898202"),
    ("trace @cpsc532s -f json", '"schema": "admodes.trace'),
    ("trace 2x --at x=3", "2*x\n", "2 × 3 = 6"),
    ('trace "2 x1 x2" --at x1=2,x2=3', "2*x1*x2\n", "12"),
    ('trace "(x+1)(x-1)" --at x=3', "(x + 1)*(x - 1)\n", "4 × 2 = 8"),
    ('trace "sin^2(x) + cos(x)^2" --at x=0.7', "sin(x)^2 + cos(x)^2\n"),
    ('trace "sin x" --at x=pi/2', "sin(x)\n"),
    ('trace "ln x" --at x=e', "ln(x)\n"),
    ('trace "|x|" --at x=-2', "abs(x)\n"),
    ('trace "√x" --at x=4', "sqrt(x)\n"),
    ('trace "x₁²" --at x1=3', "x1^2\n", "= 9"),
    ('trace "e^{2x}" --at x=0', "e^(2*x)\n"),
    (r'trace "\frac{x}{y}" --at x=1,y=4', "(x/y)\n", "0.25"),
    ('trace "a = sin(x1); y = ln(x1 + a)" --at x1=5 --mode reverse', "Reverse adjoint trace"),
    ('trace "-x1*x2" --at x1=1,x2=2', "-2"),
    ("trace MINE:f --at x=2,y=1", "sin", "Jacobian"),
    ("trace MINE:loss --at W=[[1,2],[3,4]],x=[1,2]", "W x"),
    (
        "jacobian @cpsc532s",
        "2 sweeps, reverse: 2 sweeps",
        "both modes give the same numbers",
    ),
    ('jacobian "x1**2" "x1*x2*x3" --at x1=1,x2=2,x3=3 --layout transposed', "rows inputs"),
    ('gradient "log(x1*x2)*sin(x2)" --at x1=1,x2=2', "0.909297", "0.630277"),
    ("gradient @rosenbrock --at x=[1,1]", "f(1, 1) = 0"),
    ('hessian "x**2 - y**2" --at x=0,y=0', "stationary point: saddle"),
    ("count @speelpenning", "480", "30"),
    ("explain @cpsc532s --of y1 --wrt x2", "2.898202"),
    ("verify @cpsc532s", "verified: 4 of 4 entries agree"),
    (
        'check "x1**2*x2" --gradient "2*x1*x2" --gradient "x1**2" --at x1=1,x2=3',
        "compared at",
    ),
    ("equations @cpsc532s-network", "r + W2ᵀ"),
    ("graph @cpsc532s", "v11"),
    ('code "x1*sin(x2)" --at x1=2,x2=1 --of adjoint', "def "),
    ("chain 10,10,1,10,10", "300"),
    ("advise @speelpenning", "reverse"),
    ("problems", "@cpsc532s"),
    ("presets", "griewank"),
    ("--version", "admodes "),
    ("-h", "Differentiate:", "Examples:"),
    ("trace -h", "Usage: admodes trace [OPTIONS] FUNCTION...", "Examples:"),
    ("help jacobian", "Usage: admodes jacobian [OPTIONS] FUNCTION..."),
]
"""Commands, and texts that they print."""

REFUSED = [
    ('trace "x*y" --at x=2 y=3', "write --at x=2,y=3"),
    ('trace "x*y" -at x=2,y=3', "write --at x=2,y=3"),
    ('trace "x*y" --at x:2,y:3', "write --at x=2,y=3"),
    ('trace "x*y" --at 2 3', "write --at x=2,y=3"),
    ('trace "x*y" --at x=2', "no value for y: the inputs are x, y"),
    ('trace "x*y"', "no value for x, y"),
    ('trace "x*" --at x=1', "^"),
    ("trace xy --at x=1,y=2", "did you mean x*y?"),
    ("trac @cpsc532s", "did you mean trace?"),
    ("trace @cpsc", "did you mean @cpsc532s?"),
    ("trace @cpsc532s --format jsn", "did you mean json?"),
    ("trace @cpsc532s -o notes.docx", "this command writes .txt"),
    ("graph @cpsc532s --kind linear", "did you mean linearised?"),
    ("trace MINE:g --at x=1", "has no function g; it has f, loss, broken"),
    ("trace MINE:broken --at x=1", "mine.py, line 11)"),
    ('"x^2" --at x=1', "a command comes first: admodes trace"),
    ('gradient "x" "x^2" --at x=1', "one output"),
]
"""Commands that cannot be taken, and what is said."""


def words(command, mine):
    """The words of a command, as a shell makes them, backslashes as they are."""
    parts = re.findall(r'"[^"]*"|\S+', command)
    return [part.strip('"').replace("MINE", mine) for part in parts]


def test_there_are_sixty():
    assert len(SEEN) + len(REFUSED) >= 60


@pytest.mark.parametrize("columns", [80, 120])
def test_what_is_right_is_printed_at_both_widths(run, file, monkeypatch, tmp_path, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    file(MINE)
    for command, *texts in SEEN:
        status, out, err = run(*words(command, "mine.py"))
        assert (command, status, err) == (command, 0, "")
        assert [text for text in texts if text not in out] == [], (command, out)
        if not re.search("-f (latex|markdown|html|csv|json)", command):
            widest = max(out.splitlines(), key=wcswidth)
            assert wcswidth(widest) <= columns, (command, widest)


def test_what_is_wrong_is_met_in_one_line(run, file):
    mine = file(MINE)
    for command, said in REFUSED:
        status, out, err = run(*words(command, mine))
        assert (command, status, out) == (command, 2, "")
        first, *more = err.splitlines()
        assert first.startswith("admodes: ")
        # The place in an expression is marked in two lines more.
        assert len(more) in (0, 2), err
        assert said in err


def test_files_are_written_as_their_endings_say(run, tmp_path):
    begins = {
        "md": "#|@|\\*|\\|",
        "tex": r"\\documentclass",
        "html": "<!doctype html>",
        "csv": "\\w",
        "json": r"\{",
        "txt": "@cpsc532s",
    }
    for ending, start in begins.items():
        path = tmp_path / f"notes.{ending}"
        assert run("trace", "@cpsc532s", "-o", str(path)) == (0, "", "")
        assert re.match(start, path.read_text(encoding="utf-8"), re.IGNORECASE), ending
    assert json.loads((tmp_path / "notes.json").read_text("utf-8"))["schema"].startswith("admodes.")
    picture = tmp_path / "graph.svg"
    assert run("graph", "@cpsc532s", "-o", str(picture)) == (0, "", "")
    assert picture.read_text(encoding="utf-8").startswith("<svg")
