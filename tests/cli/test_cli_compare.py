"""The command compare: what it prints, and how it ends."""

import json

import pytest

from admodes.cli.commands import app
from admodes.cli.running import run_app


def command(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        run_app(app, ["compare", *arguments])
    out, err = capsys.readouterr()
    return end.value.code, out, err


def test_the_command_prints_what_the_function_gives(capsys):
    code, out, err = command(
        capsys,
        "x1*sin(x2)",
        "--at",
        "x1=1,x2=2",
        "--backends",
        "admodes,complex step",
        *("--rounds", "1", "--format", "json"),
    )
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert [row["backend"] for row in data["rows"]] == [
        *("admodes forward", "admodes reverse", "admodes compiled", "complex step")
    ]
    assert {row["status"] for row in data["rows"]} == {"ok"}


def test_the_command_takes_functions_of_files_unchanged(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "from numpy import sin, exp as e_\nimport numpy as np\nprint('imported')\n"
        "A = np.eye(2)\ndef helper(x):\n    print('called')\n    return e_(sin(A @ x))\n"
        "def f(b, x):\n    return helper(x).sum() * b\n"
    )
    code, out, _ = command(
        capsys,
        f"{file}:f",
        "--at",
        "x=[1, 2],b=3",
        "--backends",
        "admodes",
        "--rounds",
        "1",
        *("--format", "json"),
    )
    assert code == 0
    assert json.loads(out)["inputs"] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--backends", "jux"], "'jux' is unknown; choose from admodes forward"),
        (["--backends", "jax,,torch"], "words between commas"),
        (["--memory", "much"], "500M or 2G"),
        (["--of", "curl"], "curl"),
        (["--limit", "0"], "limit"),
        (["--rounds", "0"], "rounds"),
    ],
)
def test_misuse_of_the_command_is_one_line_and_status_2(capsys, arguments, words):
    code, out, err = command(capsys, "x1*x2", "--at", "x1=1,x2=2", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_wrong_backend_is_status_1(tmp_path, capsys):
    """With 1e5 the steps of forward differences are too long for sin."""
    code, out, _ = command(
        capsys,
        "sin(1e5*x + 1)",
        "--at",
        "x=1",
        "--backends",
        "finite differences forward",
        *("--rounds", "1"),
    )
    assert code == 1
    assert "wrong" in out
    code, out, err = command(capsys, "log(x)/0 + y", "--at", "x=1", "--backends", "admodes")
    assert code == 2
    assert "y" in err
