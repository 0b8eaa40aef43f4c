"""Derivatives of derivatives of numbers: no level is taken for another, in any order of modes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
from harness import derivative, nestings

import admodes as ad


def forward(f):
    """d/dx by one forward sweep."""
    return lambda x: ad.jvp(f, (x,), (1.0,))[1]


def reverse(f):
    """d/dx by one reverse sweep."""
    return ad.grad(f)


D = {"forward": forward, "reverse": reverse}
PAIRS = pytest.mark.parametrize(("outer", "inner"), nestings(2))


@PAIRS
def test_perturbation_confusion_of_siskind_and_pearlmutter(outer, inner):
    """d/dx [x · d/dy (x + y) at y = 1] at x = 1 is 1, not 2."""
    confused = D[outer](lambda x: x * D[inner](lambda y: x + y)(1.0))
    assert confused(1.0) == 1.0


@PAIRS
def test_an_inner_derivative_that_closes_over_the_outer_variable(outer, inner):
    """D(x -> x · D(y -> x y)(1)) at 4: d/dx x² = 8."""
    assert D[outer](lambda x: x * D[inner](lambda y: x * y)(1.0))(4.0) == 8.0
    assert D[outer](lambda x: D[inner](lambda y: x * y * y)(x))(3.0) == 12.0
    assert D[outer](lambda x: D[inner](lambda y: x * x)(1.0))(3.0) == 0.0
    assert D[outer](lambda x: D[inner](lambda y: y**3 + x)(2 * x) * x)(1.0) == 36.0


@PAIRS
def test_a_derivative_operator_stored_in_a_closure(outer, inner):
    """Amazing bug of Manzyuk and others: a curried function differentiated before it is applied.
    With s(u) = (f -> x -> f(x + u)), D s (0) applied twice is the second derivative."""

    def shift(u):
        return lambda f: lambda x: f(x + u)

    def s_hat(f):
        return lambda x: D[inner](lambda u: shift(u)(f)(x))(0.0)

    assert D[outer](s_hat(lambda x: x**3))(2.0) == 12.0
    assert s_hat(s_hat(ad.exp))(1.0) == pytest.approx(math.e, rel=1e-15)
    assert s_hat(s_hat(lambda x: x**4))(1.0) == 12.0


@PAIRS
def test_the_same_function_at_both_levels(outer, inner):
    """As in ForwardDiff's issue 83: f is differentiated inside itself, at a point that depends on
    the outer variable."""

    def f(x):
        return x * x * ad.sin(x)

    def slope_at_square(x):
        return D[inner](f)(x * x) + f(x)

    t = sympy.Symbol("t")
    symbolic = t * t * sympy.sin(t)
    whole = sympy.diff(symbolic, t).subs(t, t * t) + symbolic
    expected = float(sympy.diff(whole, t).subs(t, sympy.Rational(7, 10)))
    assert D[outer](slope_at_square)(0.7) == pytest.approx(expected, rel=1e-13)


@PAIRS
def test_inner_and_outer_of_three_levels_stay_apart(outer, inner):
    def f(x):
        return D[inner](lambda y: y * D[outer](lambda z: x * y * z * z)(y))(x)

    # inner: d/dy [2 x y³] = 6 x y², at y = x: 6 x³; outer: 18 x².
    assert D[outer](f)(2.0) == 72.0


def test_a_pullback_called_inside_another_derivative():
    out, pullback = ad.vjp(lambda x: x**3, 2.0)
    assert out == 8.0
    for mode in D:
        assert D[mode](lambda w: pullback(w * w)[0])(3.0) == 72.0


T = sympy.Symbol("t", real=True)
FOURTH = [
    (lambda x: ad.sin(x * x) * ad.exp(-x), sympy.sin(T * T) * sympy.exp(-T)),
    (lambda x: ad.ln(1 + x**2) / x, sympy.log(1 + T**2) / T),
    (lambda x: ad.tanh(x) ** 3 * ad.sqrt(x), sympy.tanh(T) ** 3 * sympy.sqrt(T)),
    (lambda x: x**x + ad.atan2(x, 2.0), T**T + sympy.atan(T / 2)),
]


@pytest.mark.parametrize("modes", nestings(4), ids="".join)
@pytest.mark.parametrize(("f", "symbolic"), FOURTH, ids=["sin", "ln", "tanh", "power"])
def test_fourth_derivatives_in_all_sixteen_orders(f, symbolic, modes):
    expected = float(sympy.diff(symbolic, T, 4).subs(T, sympy.Rational(3, 4)).evalf(30))
    for mode in modes:
        f = derivative(f, 0, mode)
    assert f(0.75) == pytest.approx(expected, rel=1e-11)
    np.testing.assert_allclose(f(np.array([0.75, 0.75])), expected, rtol=1e-11)


@pytest.mark.parametrize("modes", nestings(4), ids="".join)
def test_mixed_fourth_derivatives_of_two_variables(modes):
    def f(x, y):
        return ad.exp(x * y) * ad.sin(x - y)

    a, b = sympy.symbols("a b")
    symbolic = sympy.exp(a * b) * sympy.sin(a - b)
    for i, mode in zip((0, 1, 1, 0), modes, strict=True):
        f = derivative(f, i, mode)
    expected = float(sympy.diff(symbolic, a, 2, b, 2).subs({a: 0.5, b: -0.25}).evalf(30))
    assert f(0.5, -0.25) == pytest.approx(expected, rel=1e-12)


@PAIRS
def test_leaked_traced_values_are_refused(outer, inner):
    kept = []

    def leaking(x):
        kept.append(x * x)
        return x * 3.0

    assert D[inner](leaking)(2.0) == 3.0
    (leaked,) = kept
    for use in (lambda x: leaked, lambda x: x * leaked, lambda x: ad.sin(leaked) + x):
        with pytest.raises(ValueError, match="outlived the derivative call"):
            D[outer](use)(1.0)
    with pytest.raises(ValueError, match="outlived the derivative call"):
        D[outer](lambda x: x * x)(leaked)
    assert D[outer](lambda x: x * ad.value(leaked))(1.0) == 4.0


def test_an_inner_traced_value_that_leaks_into_the_outer_function_is_refused():
    kept = []

    def outer(x):
        ad.grad(lambda y: kept.append(y * x) or y * x)(2.0)
        return x * kept[-1]

    for mode in D:
        with pytest.raises(ValueError, match="outlived the derivative call"):
            D[mode](outer)(1.0)
