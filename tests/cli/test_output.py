"""Files take their format from their ending, and --format has the same words, on every command."""

import json
import shutil
from pathlib import Path

import pytest
from autograd_mistakes import FOLDER

from admodes.cli.commands import GROUPS
from admodes.cli.output import ENDINGS, Format

POINT = ("--at", "x=2,y=1")
HANDED_IN = Path(__file__).parent.parent / "data" / "handed_in"

COMMANDS = {
    "trace": ("x*y", *POINT),
    "jacobian": ("x*y", *POINT),
    "gradient": ("x*y", *POINT),
    "hessian": ("x*y", *POINT),
    "count": ("x*y", *POINT),
    "verify": ("x*y", *POINT),
    "check": ("x*y", *POINT, "--gradient", "y", "--gradient", "x"),
    "equations": ("x*y", *POINT),
    "explain": ("x*y", *POINT, "--wrt", "x"),
    "eliminate": ("x*y", *POINT),
    "graph": ("x*y", *POINT),
    "explore": ("x*y", *POINT),
    "program": ("x*y", *POINT),
    "code": ("x*y", *POINT),
    "sparsity": ("x*y", "x", *POINT),
    "advise": ("x*y", *POINT),
    "report": ("x*y", *POINT),
    "compare": ("x*y", *POINT, "--backends", "admodes", "--rounds", "1"),
    "accuracy": ("x*y", *POINT, "--steps", "1e-3"),
    "kinks": ("x*y", *POINT, "--backends", "admodes"),
    "swell": ("--sizes", "1,2", "--family", "speelpenning"),
    "scale": ("speelpenning", "--sizes", "1,2", "--no-times"),
    "chain": ("2,3,4",),
    "exercise": ("--count", "2"),
    "audit": (f"{HANDED_IN}/right.md", "--function", "3*(x1 + 4)", "--at", "x1=5"),
    "grade": (f"{HANDED_IN}/submissions", "--key", f"{HANDED_IN}/key.json"),
    "diagnose": ("x*y", *POINT),
    "grade-code": (str(FOLDER / "diy.py"),),
    "revolve": ("10",),
    "ops": (),
    "presets": (),
    "problems": (),
}
"""Every command that prints a result, with a short job."""

FOLDERS = ("report", "exercise", "grade")
"""Commands that write a folder, where the name has no ending."""

SLOW = ("compare", "kinks", "swell", "accuracy", "scale", "grade-code")
TABLES = (".txt", ".md", ".tex", ".html", ".csv", ".json")
BEGINNINGS = {
    ".tex": "\\documentclass",
    ".html": "<!doctype html>",
    ".json": "{",
    ".svg": "<svg",
    ".mmd": "flowchart",
    ".dot": "digraph",
}
PICTURES = {"graph": (".svg", ".dot", ".mmd"), "explain": (".svg",), "eliminate": (".svg",)}


def names():
    return {name for members in GROUPS.values() for name in members}


def test_every_command_is_tried():
    assert names() - {"gradbench"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_have_the_same_words(run, command):
    _, out, _ = run(command, "-h")
    assert "-f, --format FORMAT" in out
    assert "-o, --save" in out
    assert "--fragment" in out


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in SLOW])
def test_a_file_is_written_as_its_ending_says(run, tmp_path, command):
    endings = (".html",) if command == "explore" else TABLES
    for ending in (*endings, *PICTURES.get(command, ())):
        path = tmp_path / f"a{ending}"
        status, out, _ = run(command, *COMMANDS[command], "-o", str(path))
        assert (status, out) == (0, "")
        text = path.read_text(encoding="utf-8")
        assert text.lstrip().startswith(BEGINNINGS.get(ending, ""))
        assert text.endswith("\n")
        if ending == ".json":
            assert json.loads(text)
        format = ENDINGS[ending]
        status, printed, _ = run(command, *COMMANDS[command], "-f", format.value)
        assert status == 0
        if (command, ending) != ("report", ".md"):  # which has its picture beside it
            assert printed == text


def test_a_pdf_is_typeset(run, tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("needs pdflatex")
    for command in ("jacobian", "graph"):
        path = tmp_path / f"{command}.pdf"
        assert run(command, *COMMANDS[command], "-o", str(path))[:2] == (0, "")
        assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_not_written_is_refused_before_any_work(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    for options, words in (
        (("-o", "a.docx"), "-o a.docx: this command writes ."),
        (("-o", "a"), "-o a: this command writes ."),
        (("-f", "docx"), "--format docx: this command prints "),
        (("-o", "a.html", "-f", "text"), "text"),
        (("-o", "a.json", "--fragment"), "json"),
        (("-f", "csv", "--fragment"), "csv"),
    ):
        if command in FOLDERS and options == ("-o", "a"):
            continue
        status, out, err = run(command, *COMMANDS[command], *options)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert words in err
    assert not list(tmp_path.iterdir())


def test_a_picture_is_refused_where_there_is_none(run, tmp_path):
    for command in ("jacobian", "count", "chain", "ops"):
        for format in ((), ("-f", "text")):
            path = tmp_path / "a.svg"
            status, _, err = run(command, *COMMANDS[command], "-o", str(path), *format)
            assert status == 2
            assert err.endswith("this command writes .txt, .md, .tex, .html, .csv, .json, .pdf\n")
    assert run("jacobian", *COMMANDS["jacobian"], "-f", "svg")[0] == 2


def test_any_name_will_do_with_a_format(run, tmp_path):
    path = tmp_path / "table.out"
    assert run("jacobian", *COMMANDS["jacobian"], "-o", str(path), "-f", "csv")[0] == 0
    assert path.read_text(encoding="utf-8").startswith('"Jacobian')
    path = tmp_path / "picture.gv"
    assert run("graph", *COMMANDS["graph"], "-o", str(path), "-f", "dot")[0] == 0
    assert path.read_text(encoding="utf-8").startswith("digraph")
    assert run("jacobian", *COMMANDS["jacobian"], "-o", "/dev/null")[:2] == (0, "")


def test_what_cannot_be_printed_asks_for_a_file(run):
    for command, format in (("jacobian", "pdf"), ("graph", "png"), ("revolve", "png")):
        pytest.importorskip({"graph": "resvg_py", "revolve": "matplotlib"}.get(command, "json"))
        if format == "pdf" and not shutil.which("pdflatex"):
            continue
        status, out, err = run(command, *COMMANDS[command], "-f", format)
        assert (status, out) == (2, "")
        assert f"{format} is written into a file: add -o NAME.{format}" in err


@pytest.mark.parametrize("format", ["latex", "html"])
def test_a_fragment_has_no_document_around_it(run, format):
    _, out, _ = run("trace", *COMMANDS["trace"], "-f", format, "--fragment")
    _, whole, _ = run("trace", *COMMANDS["trace"], "-f", format)
    assert out in whole
    assert "documentclass" not in out
    assert "<html" not in out


def test_a_preset_is_toml_or_json(run, tmp_path):
    path = tmp_path / "mine.toml"
    assert run("presets", "griewank", "-o", str(path))[:2] == (0, "")
    assert path.read_text(encoding="utf-8").startswith('name = "griewank"')
    _, out, _ = run("presets", "griewank", "-f", "json")
    assert json.loads(out)["numbering"] == "griewank"
    status, _, err = run("presets", "griewank", "-f", "latex")
    assert (status, "TOML" in err) == (2, True)


def test_every_format_has_an_ending():
    assert {*ENDINGS.values(), Format.tikz} == set(Format)
