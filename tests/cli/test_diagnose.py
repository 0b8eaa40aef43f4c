"""The command `diagnose`: its text, its JSON contract, its exit status, and lines of files."""

import json

import pytest
from typer.testing import CliRunner

from admodes.cli.commands import app
from admodes.errors import BadType

KEYS = ["kind", "sweep", "row", "name", "file", "line", "reason", "digits_left", "remedy"]


def run(*arguments):
    return CliRunner().invoke(app, ["diagnose", *arguments])


def data_of(*arguments):
    result = run(*arguments, "--format", "json")
    return result.exit_code, json.loads(result.stdout)


def test_findings_are_data_by_the_contract():
    status, data = data_of("ln(1+x)", "--at", "x=1e-10")
    assert status == 1
    assert data["schema"] == "admodes.diagnosis/1"
    assert data["function"] == "ln(1+x)"
    (finding,) = data["findings"]
    assert list(finding) == KEYS
    assert finding["kind"] == "lost digits"
    assert finding["sweep"] == "value"
    assert finding["row"] == 2
    assert finding["name"] == "v2"
    assert finding["file"] is finding["line"] is None
    assert finding["digits_left"] == pytest.approx(7.1, abs=0.2)
    assert "log1p" in finding["remedy"]


def test_a_healthy_function_exits_with_0():
    assert data_of("log1p(x)", "--at", "x=1e-10") == (
        0,
        {
            "schema": "admodes.diagnosis/1",
            "function": "log1p(x)",
            "findings": [],
            "notes": [],
        },
    )


def test_files_are_told_with_their_lines(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import math\n\n\ndef f(x):\n    y = x * x\n    return math.sin(y)\n")
    status, data = data_of(f"{file}:f", "--at", "x=2")
    (finding,) = data["findings"]
    assert (status, finding["kind"], finding["line"]) == (1, "raises", 6)
    assert finding["file"] == str(file)
    assert "ad.sin" in finding["remedy"]


def test_infinity_and_the_nan_that_it_becomes_are_both_told():
    _, data = data_of("a = exp(x); y = a/(a + 1)", "--at", "x=1000")
    values = [(x["kind"], x["name"]) for x in data["findings"] if x["sweep"] == "value"]
    assert values == [("overflow", "a"), ("nan", "v3")]


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "html", "csv"])
def test_all_formats_have_reason_and_way_out(format):
    result = run("x - x", "--at", "x=3", "--format", format)
    assert result.exit_code == 1
    assert "lost influence" in result.stdout
    assert "leave the row out" in " ".join(result.stdout.split())


def test_text_folds_at_the_width():
    result = run("sqrt(x1^2 + x2^2)", "--at", "x1=0,x2=0", "--width", "60")
    assert max(map(len, result.stdout.splitlines())) <= 60


def test_a_result_that_is_no_number_is_no_finding_but_misuse(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def f(x):\n    return 'text'\n")
    result = run(f"{file}:f", "--at", "x=2")
    assert isinstance(result.exception, BadType)
