"""Random expressions: forward, reverse and sympy agree on each, by the criterion of verify for the
rules; the digits that rounding costs are counted apart."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import pytest
import sympy as sp
from harness import general, replaced
from random_expressions import OPERATIONS, Expression, collected, expressions

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.symbolic import jacobian_matrix, reference

ENOUGH = 500
SMALL = 9


@pytest.mark.longest
def test_forward_reverse_and_sympy_agree_on_random_expressions():
    seen: dict[tuple, Expression] = {}
    verified = []

    def check(e: Expression) -> None:
        assert 5 <= len(e.steps) <= 40
        v = ad.verify(e, *e.at)
        assert v.rules["proved"], f"{v.reason}\n{e.steps} at {e.at}"
        verdicts = {entry.verdict for entry in v.entries}
        allowed = {"verified", "few digits", "not differentiable"}
        assert verdicts <= allowed, f"{v.reason}\n{e.steps} at {e.at}"
        assert v.passed == (verdicts <= {"verified"})
        verified.append(v.passed)
        seen[e.key] = e

    collected(expressions(), ENOUGH + 30, check)
    assert len(seen) >= ENOUGH
    assert sum(verified) > 0.95 * len(verified)
    assert {name for e in seen.values() for name, _ in e.steps} == set(OPERATIONS)
    assert sum(e.reuses for e in seen.values()) > ENOUGH / 2
    assert max(len(e.steps) for e in seen.values()) > 25


def test_small_expressions_agree_with_sympy_on_the_whole_expression():
    """Not row by row: sympy differentiates the composed expression, evaluated at 50 digits at the
    inputs. Rounding inside the list is then part of the error, hence the looser tolerance, which is
    absolute where the derivative vanishes: cos(acos(0)) is 6e-17."""
    compared = []

    def check(e: Expression) -> None:
        if len(e.steps) > SMALL:
            return
        t = ad.trace(e, *e.at)
        matrix = jacobian_matrix(t, exact=True)
        point = [sp.Rational(*x.as_integer_ratio()) for x in e.at]
        names = [sp.Symbol(x["name"], real=True) for x in t.inputs]
        magnitude = reference(t).magnitude
        for i, line in enumerate(t.jacobian["forward"]):
            for j, got in enumerate(line):
                exact = sp.N(matrix[i, j].subs(dict(zip(names, point, strict=True))), 50)
                assert exact.is_Float or exact.is_Integer, exact
                scale = max(float(magnitude[i][j]), abs(float(exact)), 1e-4)
                assert abs(got - float(exact)) <= 1e-11 * scale, (e.steps, e.at, got, exact)
        compared.append(e.key)

    collected(expressions(), 200, check)
    assert len(set(compared)) >= 30


@pytest.mark.parametrize("name", ["exp", "power", "minimum", "atan2"])
def test_a_partial_that_is_wrong_by_a_few_dozen_ulp_is_caught(name):
    """The harness of this file fails when an operation is wrong."""
    op = REGISTRY[name]
    right = general(op)
    wrong = (lambda y, *args: right[0](y, *args) * (1 + 2e-14), *right[1:])
    e = Expression([0.7, 1.3])
    e.apply(name, [1, 0][: len(right)])
    e.apply("multiply", [0, len(e.values) - 1])
    with replaced(op, partials=wrong):
        v = ad.verify(e, *e.at)
    assert not v.passed
    assert f"({name})" in v.reason


def test_the_reference_sweep_is_the_derivative():
    """The 50-digit sweep against mpmath's numerical derivative of the composed function."""
    e = Expression([0.5, 1.25])
    for name, picks in (("multiply", [0, 1]), ("sin", [2]), ("exp", [3]), ("divide", [4, 1])):
        e.apply(name, picks)
    swept = reference(ad.trace(e, *e.at)).jacobian[0]
    with mpmath.workdps(60):

        def f(x: Any, y: Any) -> Any:
            return mpmath.exp(mpmath.sin(x * y)) / y

        for j, orders in enumerate(((1, 0), (0, 1))):
            assert math.isclose(
                swept[j], mpmath.diff(f, (mpmath.mpf(0.5), mpmath.mpf(1.25)), orders), rel_tol=1e-15
            )
