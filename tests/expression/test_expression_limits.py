"""How much an expression may hold, and that more is one line that names the limit."""

from __future__ import annotations

import contextlib
import sys

import pytest
from parsing import error

from admodes.expression import ExpressionError, parse
from admodes.expression.tokens import CAPS


@pytest.mark.parametrize("text", ["9**9**9**9", "x + 9^9^9^9", "9.0^9^9^9", "exp(exp(10))"])
def test_constants_that_overflow(text):
    assert error(text).reason.startswith("overflow")


def test_huge_integers_become_floats():
    assert parse("1" * 300)() == pytest.approx(1.1e299, rel=0.02)
    assert error("1" * 400).reason.startswith("overflow")
    assert error("1" * 20_000).reason.startswith("overflow")
    assert parse("99999999*99999999*99999999")() == 99999999.0**3


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000 + "x" + ")" * 100_000,
        "-" * 100_000 + "x",
        "+".join(["x"] * 100_000),
        "^".join(["x"] * 100_000),
        "sin(" * 100_000 + "x" + ")" * 100_000,
        "(" * 100_000,
        "x" * 100_000,
    ],
)
def test_too_much_is_one_line_that_names_the_limit(text):
    assert "max_length=20000" in str(error(text))
    assert "\n" not in str(error(text))
    if len(text) > 100_000:
        longer = str(error(text, max_length=CAPS["max_length"]))
        assert "max_depth=100" in longer or "max_terms=1000" in longer
        assert "\n" not in longer


def test_up_to_the_limits():
    assert parse("(" * 100 + "x" + ")" * 100)(2.0) == 2.0
    assert parse("-" * 100 + "x")(2.0) == 2.0
    assert parse("+".join(["x"] * 1001))(2.0) == 2002.0
    assert parse("*".join(["x"] * 1001))(1.0) == 1.0
    assert parse("max(" + ",".join(["x"] * 5000) + ")")(2.0) == 2.0
    assert "max_depth=100" in str(error("(" * 101 + "x" + ")" * 101))
    assert "max_depth=100" in str(error("-" * 101 + "x"))
    assert "max_depth=100" in str(error("x^" * 101 + "x"))
    assert "max_terms=1000" in str(error("+".join(["x"] * 1002)))


def test_chains_inside_chains_count_together():
    chain = "x"
    for _ in range(20):
        chain = f"({chain}{'+x' * 100})"
    assert "max_terms" in str(error(chain))


def test_limits_can_be_set_within_those_of_python():
    assert "max_length=5" in str(error("x + 1 + 2", max_length=5))
    assert "max_depth=2" in str(error("(((x)))", max_depth=2))
    assert parse("(" * CAPS["max_depth"] + "x" + ")" * CAPS["max_depth"], max_depth=150)(1.0) == 1.0
    most = CAPS["max_terms"]
    assert parse("+".join(["x"] * (most + 1)), max_terms=most)(1.0) == most + 1
    worst = "x^-max(x, " * 37 + "x" + ")" * 37
    assert parse(worst, max_depth=150).inputs == ("x",)
    for bad in ({"max_depth": 10**6}, {"max_length": 10**9}, {"max_terms": 10**6}):
        assert "Python's own parser" in str(error("x", **bad))
    for bad in (0, -1, 2.5, "9", None, True):
        assert "give a whole number" in str(error("x", max_depth=bad))


def test_deep_in_the_callers_own_recursion():
    """Right, or refused as an expression: never a RecursionError."""

    def descend(n):
        return parse("+".join(["x"] * 900))(1.0) if n == 0 else descend(n - 1)

    assert descend(100) == 900.0
    # Later Pythons keep their own parser's depth apart from the caller's.
    with contextlib.suppress(ExpressionError):
        assert descend(sys.getrecursionlimit() - 200) == 900.0


def test_long_expressions_are_windowed():
    text = "x + " * 60 + "y 2" + " + x" * 60
    line, caret = str(error(text)).split("\n")[1:]
    assert len(line) <= 76
    assert line.startswith("  …")
    assert line.endswith("…")
    assert line[caret.index("^")] == "2"
    line, caret = str(error("x + " * 60)).split("\n")[1:]
    assert caret.index("^") >= len(line) - 2
