"""Help as a reader sees it at 80 and at 120 columns, and text at the width that is asked for."""

import re

import pytest
import typer
from wcwidth import wcswidth

from admodes.cli.commands import GROUPS, app
from admodes.cli.helping import summary_of

APPLICATION = typer.main.get_command(app)
COMMANDS = APPLICATION.list_commands(None)


@pytest.fixture(params=[80, 120])
def columns(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


def test_the_list_of_commands_has_one_line_each_in_groups(run, columns):
    status, out, _ = run("--help")
    assert status == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= columns
    for title, members in GROUPS.items():
        start = lines.index(f"{title}:")
        for line, member in zip(lines[start + 1 :], members, strict=False):
            name, about = re.fullmatch(r"  (\S+) +(.+)", line).groups()
            assert name == member
            assert about == summary_of(APPLICATION.get_command(None, name))
            assert not about.endswith((".", "…"))
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)
    assert "Examples:" in lines
    assert run("help")[1] == out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_is_readable(run, columns, command):
    status, out, err = run(command, "--help")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith(f"Usage: admodes {command} [OPTIONS]")
    assert max(map(len, lines)) <= columns
    assert not re.search(r"<\w|list\[|\{|\brange\b", out)
    examples = lines[lines.index("Examples:") + 1 :]
    assert any(f"admodes {command}" in line for line in examples)
    assert run("help", command)[1] == out


def test_an_example_that_is_folded_is_still_one_command(run, columns):
    _, out, _ = run("trace", "-h")
    unfolded = re.sub(r" \\\n +", " ", out)
    example = '"exp(2*x2) + x1*sin(3*x2**2)" "x1*x2 + sigmoid(x2)" --at x1=2,x2=1'
    assert f"admodes trace {example}\n" in unfolded


WRONG = [
    (("trac", "x"), "there is no command trac: did you mean trace?"),
    (("jac", "x"), "there is no command jac: did you mean jacobian?"),
    (("zzz",), "there is no command zzz .admodes -h shows how"),
    (("x^2", "--at", "x=1"), "a command comes first: admodes trace 'x^2'"),
    (("@cpsc532s",), "a command comes first: admodes trace @cpsc532s"),
    (("trace",), "FUNCTION is missing: give an expression, file.py:function or @problem"),
    (("trace", "x", "--at"), "--at needs a point: write a name and its value, as --at x1=2,x2=1"),
    (("trace", "x", "--att", "x=1"), "No such option: --att .*--at"),
    (("trace", "x", "-mode", "reverse"), "-mode: an option has two dashes: --mode"),
    (("trace", "x", "--at", "x=1", "--mode", "revers"), "--mode revers: .*did you mean reverse?"),
    (("graph", "x", "--at", "x=1", "--kind", "linear"), "--kind linear: .*mean linearised?"),
    (("trace", "x", "--at", "x=1", "-f", "jsn"), "prints text, .*; did you mean json?"),
    (("trace", "x", "--at", "x=1", "--preset", "gri"), "did you mean griewank?"),
    (("trace", "x", "--at", "x=1", "--tables", "forwards"), "did you mean forward?"),
    (("trace", "x", "--at", "x=1", "-f", "md"), "did you mean markdown?"),
    (("trace", "cpsc532s"), "did you mean @cpsc532s?"),
    (("problems", "@cpsc532"), "did you mean cpsc532s?"),
    (("trace", "x", "--at", "x=1", "--width", "3"), "--width"),
]


@pytest.mark.parametrize(("argv", "message"), WRONG, ids=[" ".join(argv) for argv, _ in WRONG])
def test_what_there_is_not_is_met_with_the_nearest(run, argv, message):
    status, out, err = run(*argv)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert re.search(message.replace("?", r"\?").replace("^", r"\^"), err)


PRINTED = [
    ("trace", "@cpsc532s"),
    ("trace", "@cpsc532s", "--preset", "griewank", "--layout", "side-by-side"),
    ("jacobian", "@cpsc532s"),
    ("count", "@cpsc532s"),
    ("explain", "@cpsc532s", "--of", "y1", "--wrt", "x2"),
    ("report", "@osu-eq4"),
    ("equations", "@cpsc532s-network"),
    ("program", "@osu-ascent", "--of", "grad", "--explain"),
    ("verify", "@cpsc532s"),
    ("advise", "@speelpenning"),
    ("eliminate", "@cpsc532s"),
    ("chain", "10,10,1,10,10", "--steps"),
    ("problems",),
    ("presets",),
]


@pytest.mark.parametrize("argv", PRINTED, ids=" ".join)
def test_text_folds_at_the_width_that_is_asked_for(run, monkeypatch, argv):
    at_80 = run(*argv)[1]
    assert max(map(wcswidth, at_80.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "120")
    wide = run(*argv)[1]
    assert max(map(wcswidth, wide.splitlines())) <= 120
    assert len(wide.splitlines()) <= len(at_80.splitlines())
    assert run(*argv, "--width", "80")[1] == at_80


def test_a_file_has_80_columns_whatever_the_terminal_has(run, monkeypatch, tmp_path):
    printed = run("trace", "@cpsc532s")[1]
    monkeypatch.setenv("COLUMNS", "120")
    path = tmp_path / "trace.txt"
    run("trace", "@cpsc532s", "-o", str(path))
    assert path.read_text(encoding="utf-8") == printed
    wide = run("trace", "@cpsc532s")[1]
    run("trace", "@cpsc532s", "-o", str(path), "--width", "120")
    assert path.read_text(encoding="utf-8") == wide
