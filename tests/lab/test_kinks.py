"""Derivatives at kinks: slopes from both sides, admodes' documented choices, other libraries."""

import json
import math

import numpy as np
import pytest

from admodes.lab.kinks import CASES, Kink, kinks

OWN = ("admodes forward", "admodes reverse")


@pytest.fixture(scope="module")
def found():
    """All cases by both modes."""
    return {(row.function, row.wrt): row for row in kinks(backends=OWN).rows}


def test_every_case_has_a_line_per_number(found):
    numbers = sum(int(np.size(x)) for _, args in CASES.values() for x in args)
    assert len(found) == numbers


@pytest.mark.parametrize(
    ("name", "by", "left", "right", "value"),
    [
        ("|x| at 0", "x", -1.0, 1.0, 0.0),
        ("x |x| at 0", "x", 0.0, 0.0, 0.0),
        ("max(x, y) at a tie", "x", 0.0, 1.0, 0.5),
        ("min(x, y) at a tie", "y", 1.0, 0.0, 0.5),
        ("√x at 0", "x", None, math.inf, math.inf),
        ("x^1.5 at 0", "x", None, 0.0, 0.0),
        ("x^y at (-2, 2)", "x", -4.0, -4.0, -4.0),
        ("arcsin(x) at 1", "x", math.inf, None, math.inf),
        ("norm(x) at 0", "x1", -1.0, 1.0, 0.0),
    ],
)
def test_slopes_and_the_choice(found, name, by, left, right, value):
    row = found[name, by]
    assert (row.left, row.right) == (left, right)
    assert list(row.values.values()) == [value, value]
    assert not row.disagree


def test_values_differ_unless_difference_quotients_alone_do():
    def row(**values):
        return Kink("f", "x", None, None, values, {})

    assert not row(a=1.0, b=None, c=1.0 + 1e-9).disagree
    assert row(a=1.0, b=math.nan).disagree
    assert not row(a=math.nan, b=math.nan).disagree
    assert row(a=math.inf, b=-math.inf).disagree
    assert row(a=0.0, finite=0.5).disagree
    assert not Kink("f", "x", None, None, {"a": 0.0, "b": 0.5}, {}, ["b"]).disagree


def test_other_libraries_stand_beside():
    pytest.importorskip("autograd", reason="compares with autograd")
    found = kinks(lambda x: np.sqrt(x**2), 0.0, backends=[*OWN, "autograd"])
    (row,) = found.rows
    assert set(row.values) == {*OWN, "autograd"}
    assert row.disagree
    assert "≠" in str(found)
    assert "0 / nan" in str(found)
    assert "  admodes: forward / reverse\n" in str(found)


def test_what_several_values_of_one_library_are_by_is_said_where_there_are_several():
    assert " / " not in str(kinks(lambda x: np.abs(x), 0.0, backends=OWN))


def test_a_library_that_fails_says_why():
    found = kinks(lambda x: np.sort(x)[0], np.ones(2), backends=["admodes reverse", "sympy"])
    assert found.rows[0].values["admodes reverse"] is not None
    assert all(row.values["sympy"] is None and row.reasons["sympy"] for row in found.rows)
    assert any("sympy: " in note for note in found.tables()[0].notes)


def test_functions_without_a_gradient_are_refused():
    with pytest.raises(ValueError, match="returned 2"):
        kinks(lambda x: np.stack([x, 2 * x]), 1.0, backends=OWN)
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        kinks(lambda x: x * (1 / 0), 1.0, backends=OWN)


def test_the_command(run):
    argv = ("kinks", "abs(x1)*x2", "--at", "x1=0,x2=3", "--backends", "admodes reverse")
    status, out, _ = run(*argv, "--format", "json")
    assert status == 0
    data = json.loads(out)
    assert data["schema"] == "admodes.kinks/1"
    assert [(row["wrt"], row["left"], row["right"]) for row in data["rows"]] == [
        ("x1", -3.0, 3.0),
        ("x2", 0.0, 0.0),
    ]


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--at", "x=0"], "--at"),
        (["abs(x)", "--at", "x=0", "--backends", "numbers"], "numbers"),
    ],
)
def test_misuse_is_named(run, argv, named):
    status, _, err = run("kinks", *argv)
    assert status == 2
    assert named in err
