"""verify against an independent judge: expressions that cancel, have kinks or are ill-conditioned.

The judge evaluates the text of the expression with mpmath at more than 200 digits and differences
it, from either side, with steps of 1e-400. It knows nothing of admodes.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp
from verify_cases import LOST, ONE_INPUT, TWO_INPUTS

import admodes as ad

CASES = [
    *((text, (x,)) for text, points in ONE_INPUT.items() for x in points),
    *((text, point) for text, points in TWO_INPUTS.items() for point in points),
]
REQUIRED = 4.0

FUNCTIONS: dict[str, Callable] = {
    "exp": mp.exp, "ln": mp.log, "sqrt": mp.sqrt, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
    "acos": mp.acos, "asin": mp.asin, "acosh": mp.acosh, "atanh": mp.atanh, "tanh": mp.tanh,
    "sinh": mp.sinh, "cosh": mp.cosh, "expm1": lambda a: mp.exp(a) - 1, "erf": mp.erf,
    "log1p": lambda a: mp.log(1 + a), "sigmoid": lambda a: 1 / (1 + mp.exp(-a)), "erfc": mp.erfc,
    "softplus": lambda a: mp.log(1 + mp.exp(a)), "gammaln": lambda a: mp.re(mp.loggamma(a)),
    "cbrt": lambda a: mp.sign(a) * mp.cbrt(abs(a)), "abs": abs, "max": max, "min": min,
    "relu": lambda a: max(a, mp.mpf(0)), "clip": lambda a, low, high: min(max(a, low), high),
    "floor": mp.floor, "round": mp.nint, "sign": mp.sign, "atan2": mp.atan2,
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "logaddexp": lambda a, b: mp.log(mp.exp(a) + mp.exp(b)),
}  # fmt: skip

OPERATORS: dict[type, Callable] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.Gt: lambda a, b: a > b,
    ast.Lt: lambda a, b: a < b,
    ast.GtE: lambda a, b: a >= b,
}


def value(node: ast.AST, names: dict[str, Any]) -> Any:
    """The value of an expression at mpmath's precision, its numbers being the doubles they are."""
    match node:
        case ast.Constant(number):
            return mp.mpf(number)
        case ast.Name("e"):
            return mp.e
        case ast.Name(name):
            return names[name]
        case ast.UnaryOp(ast.USub(), operand):
            return -value(operand, names)
        case ast.BinOp(left, sign, right):
            return OPERATORS[type(sign)](value(left, names), value(right, names))
        case ast.Compare(left, [sign], [right]):
            return OPERATORS[type(sign)](value(left, names), value(right, names))
        case ast.Call(ast.Name("where"), [test, yes, no], []):
            return value(yes if value(test, names) else no, names)
        case ast.Call(ast.Name(name), args, []):
            return FUNCTIONS[name](*(value(a, names) for a in args))
    raise ValueError(ast.dump(node))


def slopes(text: str, point: tuple[float, ...], j: int) -> tuple[Any, Any]:
    """The difference quotients with respect to input j from the left and from the right."""
    tree = ast.parse(text.replace("^", "**"), mode="eval").body

    def at(step: Any) -> Any:
        moved = [mp.mpf(x) + step * (i == j) for i, x in enumerate(point)]
        return value(tree, dict(zip("xy", moved, strict=False)))

    with mp.workdps(1000):
        h = mp.mpf(10) ** -400
        return (at(0) - at(-h)) / h, (at(h) - at(0)) / h


def digits(got: float, right: Any) -> float:
    with mp.workdps(60):
        if got == float(right):
            return 53 * math.log10(2)
        if right == 0:
            return 0.0
        error = abs(mp.mpf(got) - right) / abs(right)
        return float(min(max(-mp.log10(error), 0), 53 * math.log10(2)))


@functools.cache
def parsed(text: str) -> Any:
    return ad.parse(text, inputs=["x", "y"] if text in TWO_INPUTS else ["x"])


def test_there_are_enough_cases():
    assert len(set(CASES)) >= 200


@pytest.mark.parametrize(("text", "point"), CASES, ids=[f"{t} at {p}" for t, p in CASES])
def test_the_verdict_is_that_of_the_judge(text, point):
    v = ad.verify(parsed(text), *point)
    assert v.rules["proved"], v.wrong_row
    assert "not traced" not in str(v)
    assert v.passed == all(e.verdict == "verified" for e in v.entries)
    for j, e in enumerate(v.entries):
        left, right = slopes(text, point, j)
        if abs(left - right) > mp.mpf(10) ** -100 * (1 + abs(left) + abs(right)):
            assert e.verdict == "not differentiable", (left, right)
            assert (e.symbolic, e.passed) == (None, False)
            for shown, slope in zip(e.slopes, (left, right), strict=True):
                assert shown == (
                    float(slope) if abs(slope) < 1e300 else math.copysign(math.inf, slope)
                )
            continue
        with mp.workdps(60):
            exact = mp.mpf(0) if abs(right) < mp.mpf(2) ** -1100 else +right
        if abs(exact) > 1e300 or "though the partial derivatives exist" in e.note:
            assert e.verdict == "not differentiable"
            continue
        assert e.symbolic == pytest.approx(float(exact), rel=1e-15, abs=0)
        known = min(digits(g, exact) for g in (e.forward, e.reverse))
        if exact == 0 and known == 0:
            small = max(abs(e.forward), abs(e.reverse)) <= 1e-12
            assert small or e.verdict == "few digits"
            continue
        assert abs(e.digits - known) < 1
        if abs(known - REQUIRED) > 0.01:
            assert e.verdict == ("verified" if known > REQUIRED else "few digits"), e.note


@pytest.mark.parametrize(("text", "x"), LOST)
def test_the_row_that_loses_the_digits_is_named(text, x):
    v = ad.verify(parsed(text), x)
    assert v.entries[0].lost == LOST[text, x]
    assert f"row {LOST[text, x]}" in v.entries[0].note


def test_an_ill_conditioned_problem_is_no_fault_and_no_proof():
    v = ad.verify(lambda x: ad.sin(1e14 * x), 0.7)
    assert not v.passed
    assert v.entries[0].condition > 1e12
    assert "ill-conditioned" in v.reason
    assert "ill-conditioned" not in ad.verify(lambda x: (1 - ad.cos(x)) / x**2, 1e-8).reason


def test_the_digits_that_pass_are_asked_for():
    def f(x: Any) -> Any:
        return (ad.exp(x) - 1) / x

    assert ad.verify(f, 1e-3).passed
    strict = ad.verify(f, 1e-3, digits_required=15)
    assert not strict.passed
    assert strict.rules["passed"]
    assert strict.accuracy["digits_required"] == 15


def test_arrays_are_judged_likewise():
    x = np.array([1.0, 2.0, 2.0])
    assert not ad.verify(np.max, x).passed
    assert [e.slopes for e in ad.verify(np.max, x).entries[1:]] == [[0.0, 1.0]] * 2
    assert ad.verify(lambda v: np.linalg.norm(v) ** 2, np.array([3.0, 4.0])).passed
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    assert ad.verify(lambda a: np.linalg.det(a) + np.sum(np.linalg.inv(a)), matrix).passed
    assert ad.verify(lambda a: np.sum(np.linalg.solve(a, x[:2])), matrix).passed
    cancelling = ad.verify(lambda v: np.sum(v) - 1e17, np.array([1e17, 0.5]))
    assert cancelling.passed
    assert not ad.verify(lambda v: (np.sum(v) - 1e17) ** 2, np.array([1e17, 0.5])).passed


def test_positions_and_complex_numbers_on_the_way_are_no_fault():
    table = ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 4.0, 9.0])
    v = ad.verify(lambda x: np.interp(x, *table), np.array([0.5, 1.0, 2.5]))
    assert [v.entries[k].symbolic for k in (0, 8)] == [1.0, 5.0]
    assert v.entries[4].slopes == [1.0, 3.0]
    assert ad.verify(lambda x: x[np.argmax(x)] * x, np.array([1.0, 3.0, 2.0])).passed
    waves = ad.verify(lambda x: np.fft.fft(x).real, np.array([1.0, 2.0, 4.0]))
    assert waves.passed
    assert waves.verdict.startswith("not proved: no symbolic form of fft")
    assert ad.verify(np.std, np.array([1.0, 2.0, 4.0])).passed
    assert ad.verify(np.std, np.ones(3)).entries[0].verdict == "not differentiable"


def test_an_operation_without_more_digits_is_named_not_proved():
    v = ad.verify(lambda a: np.linalg.svd(a)[1][0], np.array([[2.0, 1.0], [1.0, 3.0]]))
    assert "svd" in v.unproved
    assert v.verdict.startswith("not proved")
    assert "verified" not in v.verdict
    assert {e.verdict for e in v.entries} == {"not proved"}


def test_a_branch_that_the_point_sits_on_is_a_kink():
    def f(x: Any) -> Any:
        return x * x if x > 0 else -x

    assert ad.verify(f, 0.0).entries[0].slopes == [-1.0, 0.0]
    hidden = ad.verify(lambda x: x if x == 0 else 2 * x, 0.0)
    assert not hidden.passed
    assert hidden.entries[0].symbolic == 2.0


def test_a_kink_in_a_direction_between_the_inputs():
    v = ad.verify(lambda x, y: ad.abs(x - y) - ad.abs(x + y), 0.0, 0.0)
    assert {e.verdict for e in v.entries} == {"not differentiable"}


def test_what_exact_arithmetic_would_branch_otherwise_is_not_decided():
    v = ad.verify(lambda x: x if (x + 1e20) - 1e20 > 0 else 2 * x, 0.5)
    assert not v.passed
    assert "could not be decided" in v.reason


def test_the_judge_agrees_with_a_closed_form():
    left, right = slopes("(1 - cos(x))/x^2", (1e-8,), 0)
    with mp.workdps(200):
        x = mp.mpf(1e-8)
        exact = (x * mp.sin(x) - 2 * (1 - mp.cos(x))) / x**3
        assert mpmath.almosteq(left, exact, rel_eps=mp.mpf(10) ** -80)
        assert mpmath.almosteq(right, exact, rel_eps=mp.mpf(10) ** -80)
