"""Natural notation on the command line: every command reads it, and says how."""

from __future__ import annotations

import pytest

NATURAL = "x₁² sin x₂ + |x₁|"
PLAIN = "x1^2*sin(x2) + abs(x1)"

COMMANDS = {
    "trace": ["--tables", "evaluation"],
    "jacobian": [],
    "gradient": [],
    "hessian": [],
    "count": [],
    "explain": ["--wrt", "x1"],
    "graph": [],
    "check": ["--gradient", "2x₁ sin x₂ + sgn x₁", "--gradient", r"x_1^2 \cos x_2"],
    "eliminate": [],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_reads_natural_notation_and_says_how(run, command):
    status, out, err = run(command, NATURAL, "--at", "x₁=2,x₂=1", *COMMANDS[command])
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == PLAIN


def test_plain_text_stays_as_it_was_typed(run):
    assert run("gradient", "x*sin( x )", "--at", "x=1")[1].splitlines()[0] == "x*sin( x )"


def test_arrays_keep_their_products(run):
    argv = ["gradient", "xᵀ W x", "--at", "W=[[1, 2], [3, 4]],x=[1, 2]"]
    assert run(*argv)[1].splitlines()[0] == "x.T W x"
    status, out, err = run("gradient", "x y", "--at", "x=[1, 2],y=[1, 2]")
    assert (status, out) == (2, "")
    assert "· for the sum of products" in err


@pytest.mark.parametrize(
    "text", ["1/2x", "sin x/2", "|x|x|x|", "x\x1b[31m", "((((", "{x", "√", "x[y]"]
)
def test_what_cannot_be_read_is_status_2_without_a_traceback(run, text):
    status, out, err = run("gradient", text, "--at", "x=1")
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert len(err.splitlines()) <= 3
