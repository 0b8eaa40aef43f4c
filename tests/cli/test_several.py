"""Several functions in one call are printed one after the other, as if each had been asked for
alone."""

import json

import pytest

MINE = "def f(x, y):\n    return x * y\ndef g(x):\n    return x**3\n"


@pytest.mark.parametrize("format", ["text", "markdown", "csv", "json"])
@pytest.mark.parametrize("command", ["trace", "jacobian", "gradient", "count", "verify"])
def test_each_is_printed_as_alone(run, command, format):
    calls = (["@grad-g"], ["@osu-eq4"], ["x*y", "--at", "x=2,y=3"])
    alone = [run(command, *call, "-f", format)[1] for call in calls]
    status, out, err = run(command, "@grad-g", "@osu-eq4", "x*y", "--at", "x=2,y=3", "-f", format)
    assert (status, err) == (0, "")
    if format == "json":
        assert json.loads(out) == [json.loads(text) for text in alone]
    else:
        assert out == "\n".join(alone)


def test_each_takes_of_the_point_what_it_knows(run, file):
    mine = file(MINE)
    status, out, _ = run("gradient", f"{mine}:f", f"{mine}:g", "--at", "x=2,y=3", "-f", "json")
    assert status == 0
    assert [result["gradient"] for result in json.loads(out)] == [{"x": 3, "y": 2}, {"x": 12}]
    status, _, err = run("gradient", f"{mine}:f", f"{mine}:g", "--at", "x=2,y=3,z=4")
    assert (status, err.count("\n")) == (2, 1)
    assert "z" in err
    status, _, err = run("gradient", f"{mine}:f", f"{mine}:g", "--at", "x=2", "y=3")
    assert status == 2
    assert "write --at x=2,y=3" in err


def test_expressions_are_the_outputs_of_one_function(run):
    _, out, _ = run("jacobian", "x*y", "x", "@grad-h", "--at", "x=2,y=3", "-f", "json")
    first, second = json.loads(out)
    assert first["outputs"] == ["y1", "y2"]
    assert list(second["inputs"]) == ["x"]


@pytest.mark.parametrize(
    ("ending", "begins"), [("html", "<!doctype html>"), ("tex", "\\documentclass")]
)
def test_a_document_holds_all_of_them(run, tmp_path, ending, begins):
    path = tmp_path / f"both.{ending}"
    assert run("trace", "@grad-g", "@grad-h", "-o", str(path)) == (0, "", "")
    text = path.read_text(encoding="utf-8")
    assert text.casefold().startswith(begins.casefold())
    assert text.casefold().count(begins.casefold()) == 1
    assert text.count("@grad-g") == text.count("@grad-h") > 0


def test_the_status_is_the_worst_and_one_error_prints_nothing(run):
    assert run("verify", "@grad-g", "abs(x)", "--at", "x=0")[0] == 1
    status, out, err = run("trace", "@grad-g", "@nosuch")
    assert (status, out) == (2, "")
    assert "@nosuch" in err


def test_a_picture_is_of_one(run, tmp_path):
    path = tmp_path / "both.svg"
    status, _, err = run("graph", "@grad-g", "@grad-h", "-o", str(path))
    assert status == 2
    assert "for svg give one at a time" in err
    assert not path.exists()
