"""Operations at the ends of their domains: accuracy, domain errors as values, kinks, strong zeros.

pyproject.toml turns warnings into errors, so every test here also shows that nothing warns.
"""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from harness import ELEMENTWISE, derivative, error_in_ulps, exact, ids, nestings
from kernel_bounds import GAMMAS, apart, ulps
from magnitudes import FEW, MAGNITUDES, THREE, signed
from seeds import generator

import admodes as ad

VALUE_ULPS = 4
"""The error allowed in a value, in units in the last place, over the whole domain."""

PARTIAL_ULPS = 8
"""The same for a partial, which is a short formula of values."""


DIGITS = {"power": 120, "logaddexp": 120, "gammaln": 60, "digamma": 60, "trigamma": 60}
"""Digits of the reference of the partials where 400 would be slow and fewer suffice."""

MORE_DIGITS = {"remainder": 700, "sinc": 1400}
"""Digits where 400 are not enough for what cancels in the symbolic form."""


def extreme_points(op):
    if op.name in GAMMAS:
        return [(x,) for x in MAGNITUDES if 1e-300 <= x <= 1e16]
    if op.arity == 1:
        return [(x,) for x in signed(MAGNITUDES)]
    columns = [signed(FEW if op.arity == 2 else THREE)] * op.arity
    points = list(itertools.product(*columns))
    if op.name == "elu":
        # An alpha that makes up for an underflow of e^a is out of scope.
        return [(a, b) for a, b in points if abs(b) < 1e9]
    if op.name == "power":
        # Beyond 2^53 every double is an even number, and so is b - 1 as it is rounded.
        return [(a, b) for a, b in points if a > 0 or abs(b) < 2**53]
    return points


def amplification(op, orders, point):
    """Ulps that the rounding of one difference costs a partial: in b - 1, the exponent of power,
    and in a - b, the argument of logaddexp's sigmoid; and of one product, in a / √2, the argument
    of gelu's erfc, whose two terms cancel in its partial."""
    if op.name == "power" and orders == (0,) and point[0]:
        a, b = point
        return 0.0 if (b - 1) + 1 == b else abs(math.log(abs(a)) * (b - 1))
    if op.name == "gelu" and -40 < point[0] < 0:
        (a,) = point
        terms = 0.5 * math.erfc(-a / math.sqrt(2)), -a * math.exp(-a * a / 2) / 2.5066282746310002
        return 2 * a * a * (sum(terms) / abs(terms[0] - terms[1]) if orders else 1.0)
    if op.name == "logaddexp" and orders:
        return abs(point[0] - point[1]) if abs(point[0] - point[1]) < 746 else 0.0
    return 0.0


def _ends_in_digamma(op, orders):
    return (op.name == "digamma" and not orders) or (op.name == "gammaln" and orders)


ORDERS = [
    pytest.param(op, orders, id=op.name + "".join(f"-∂{'abc'[i]}" for i in orders))
    for op in ELEMENTWISE
    for orders in [(), *((i,) for i in range(op.arity) if op.partials[i] != 0)]
]


@pytest.mark.parametrize(("op", "orders"), ORDERS)
def test_full_relative_accuracy_over_the_whole_domain(op, orders):
    kink = op.domain.kink
    digits = DIGITS.get(op.name, 400) if orders or op.name in GAMMAS else 400
    digits = MORE_DIGITS.get(op.name, digits)
    points = extreme_points(op)
    if orders and kink:
        points = [p for p in points if not kink(*p)]
    expected = {p: exact(op, orders, p, digits) for p in points}
    expected = {p: e for p, e in expected.items() if e is not None}
    assert len(expected) >= 15
    columns = tuple(np.array(column) for column in zip(*expected, strict=True))
    if orders:
        along = derivative(op, orders[0], "forward")
        back = derivative(op, orders[0], "reverse")
        rows = {"arrays, forward": along(*columns), "arrays, reverse": back(*columns)}
        rows["floats, forward"] = [along(*p) for p in expected]
        rows["floats, reverse"] = [back(*p) for p in expected]
    else:
        rows = {"arrays": op(*columns), "floats": [op(*p) for p in expected]}
    allowed = PARTIAL_ULPS if orders else VALUE_ULPS
    for how, found in rows.items():
        for got, (point, e) in zip(found, expected.items(), strict=True):
            error = error_in_ulps(got, e) * (
                min(1.0, abs(e)) if _ends_in_digamma(op, orders) else 1.0
            )
            assert error <= allowed + amplification(op, orders, point), (
                f"{op.name}{point} on {how}: {got!r}, mpmath {mpmath.nstr(e, 20)}, {error:.3g} ulp"
            )


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_the_two_kernels_agree(op):
    rng = generator(8)
    points = [tuple(p) for p in rng.uniform(-5, 5, (300, op.arity)).tolist()] + extreme_points(op)
    columns = tuple(np.array(column) for column in zip(*points, strict=True))
    on_arrays = op(*columns)
    on_floats = np.array([op(*p) for p in points])
    same = np.isfinite(on_arrays)
    np.testing.assert_array_equal(same, np.isfinite(on_floats))
    np.testing.assert_array_equal(on_arrays[~same], on_floats[~same])
    over = ulps(op.name, on_floats, on_arrays) - [apart(op.name, (), p) for p in points]
    assert np.max(over) <= 0, points[np.argmax(over)]


NAMED = [
    (ad.sigmoid, 800.0, 1.0, 0.0),
    (ad.sigmoid, -800.0, 0.0, 0.0),
    (ad.sigmoid, 40.0, 1.0, 4.248354255291589e-18),
    (ad.sigmoid, -40.0, 4.248354255291589e-18, 4.248354255291589e-18),
    (ad.tanh, 30.0, 1.0, 3.502604305078608e-26),
    (ad.softplus, 800.0, 800.0, 1.0),
    (ad.softplus, -800.0, 0.0, 0.0),
    (ad.softplus, -40.0, 4.248354255291589e-18, 4.248354255291589e-18),
    (ad.log1p, 1e-300, 1e-300, 1.0),
    (ad.expm1, -40.0, -1.0, 4.248354255291589e-18),
    (ad.acosh, 1e200, 461.2101657793691, 1e-200),
    (ad.asinh, 1e200, 461.2101657793691, 1e-200),
    (lambda x: ad.hypot(x, x), 1e200, math.sqrt(2) * 1e200, math.sqrt(2)),
    (lambda x: ad.logaddexp(x, x + 1), 1e10, 1e10 + 1.3132616875182228, 1.0),
    (ad.logit, 0.5 + 2**-40, 4 * 2.0**-40, 4.0),
]


@pytest.mark.parametrize(("f", "x", "value", "slope"), NAMED)
def test_figures_that_naive_formulas_lose(f, x, value, slope):
    """Known figures, so that the extremes do not rest on the symbolic forms alone."""
    for mode in ("forward", "reverse"):
        assert f(x) == pytest.approx(value, rel=1e-15, abs=1e-320)
        assert derivative(f, 0, mode)(x) == pytest.approx(slope, rel=2e-15, abs=1e-320)
        assert derivative(f, 0, mode)(np.array([x]))[0] == pytest.approx(
            slope, rel=2e-15, abs=1e-320
        )


INF, NAN = math.inf, math.nan
DOMAIN_ERRORS = [
    ("ln(-1)", ad.ln, (-1.0,), NAN, (-1.0,)),
    ("ln(0)", ad.ln, (0.0,), -INF, (INF,)),
    ("log2(0)", ad.log2, (0.0,), -INF, (INF,)),
    ("log10(-1)", ad.log10, (-1.0,), NAN, None),
    ("log1p(-1)", ad.log1p, (-1.0,), -INF, (INF,)),
    ("1/0", ad.divide, (1.0, 0.0), INF, (INF, -INF)),
    ("-1/0", ad.divide, (-1.0, 0.0), -INF, (INF, INF)),
    ("0/0", ad.divide, (0.0, 0.0), NAN, (INF, NAN)),
    ("inverse(0)", ad.inverse, (0.0,), INF, (-INF,)),
    ("sqrt(0)", ad.sqrt, (0.0,), 0.0, (INF,)),
    ("sqrt(-1)", ad.sqrt, (-1.0,), NAN, (NAN,)),
    ("cbrt(0)", ad.cbrt, (0.0,), 0.0, (INF,)),
    ("0^-1", ad.power, (0.0, -1.0), INF, (-INF, -INF)),
    ("(-8)^(1/3)", ad.power, (-8.0, 1 / 3), NAN, (NAN, NAN)),
    ("(-2)^3", ad.power, (-2.0, 3.0), -8.0, (12.0, NAN)),
    ("10^400", ad.power, (10.0, 400.0), INF, (INF, INF)),
    ("exp(1000)", ad.exp, (1000.0,), INF, (INF,)),
    ("exp(-1000)", ad.exp, (-1000.0,), 0.0, (0.0,)),
    ("exp2(2000)", ad.exp2, (2000.0,), INF, (INF,)),
    ("expm1(1000)", ad.expm1, (1000.0,), INF, (INF,)),
    ("cosh(1000)", ad.cosh, (1000.0,), INF, (INF,)),
    ("sinh(-1000)", ad.sinh, (-1000.0,), -INF, (INF,)),
    ("asin(1)", ad.asin, (1.0,), math.pi / 2, (INF,)),
    ("asin(2)", ad.asin, (2.0,), NAN, (NAN,)),
    ("acos(-1)", ad.acos, (-1.0,), math.pi, (-INF,)),
    ("acosh(1)", ad.acosh, (1.0,), 0.0, (INF,)),
    ("acosh(0)", ad.acosh, (0.0,), NAN, (NAN,)),
    ("atanh(1)", ad.atanh, (1.0,), INF, (INF,)),
    ("atanh(2)", ad.atanh, (2.0,), NAN, None),
    ("logit(0)", ad.logit, (0.0,), -INF, (INF,)),
    ("logit(1)", ad.logit, (1.0,), INF, (INF,)),
    ("logit(2)", ad.logit, (2.0,), NAN, None),
    ("sin(inf)", ad.sin, (INF,), NAN, (NAN,)),
    ("sign(nan)", ad.sign, (NAN,), NAN, (0.0,)),
    ("abs(nan)", ad.abs, (NAN,), NAN, (NAN,)),
    ("hypot(0, 0)", ad.hypot, (0.0, 0.0), 0.0, (NAN, NAN)),
    ("atan2(0, 0)", ad.atan2, (0.0, 0.0), 0.0, (NAN, NAN)),
    ("1e308·10", ad.multiply, (1e308, 10.0), INF, (10.0, 1e308)),
]


@pytest.mark.parametrize(
    ("f", "point", "value", "partials"),
    [pytest.param(*case[1:], id=case[0]) for case in DOMAIN_ERRORS],
)
def test_domain_errors_are_values(f, point, value, partials):
    """On floats, NumPy scalars and arrays, in both modes: no exception, no warning."""
    kinds = (float, np.float64, lambda x: np.full((2, 3), x))
    for kind in kinds:
        args = tuple(map(kind, point))
        np.testing.assert_array_equal(np.ravel(f(*args))[0], value)
        for i, mode in itertools.product(range(len(point)), ("forward", "reverse")):
            found = np.ravel(derivative(f, i, mode)(*args))[0]
            if partials is not None:
                np.testing.assert_array_equal(found, partials[i], err_msg=f"∂{i}, {mode}")


@pytest.mark.parametrize("modes", nestings(2), ids="-over-".join)
@pytest.mark.parametrize("kind", [float, lambda x: np.full(3, x)], ids=["float", "array"])
def test_second_derivatives_at_an_edge_neither_raise_nor_warn(modes, kind):
    outer, inner = modes
    for f, point, *_ in (case[1:] for case in DOMAIN_ERRORS):
        for i, j in itertools.product(range(len(point)), repeat=2):
            found = derivative(derivative(f, i, inner), j, outer)(*map(kind, point))
            assert np.shape(found) == np.shape(kind(0.0))


def test_sums_of_infinities_do_not_warn():
    zero = np.zeros(2)

    def f(x):
        return ad.sqrt(x) - ad.sqrt(x)

    assert np.isnan(ad.jvp(f, (zero,), (zero + 1,))[1]).all()
    assert np.isnan(ad.grad(lambda x: ad.sum(f(x)))(zero)).all()
    assert np.isnan(ad.jacobian(f)(0.0))


KINKS = [
    ("max, a tie", ad.maximum, (2.0, 2.0), (0.5, 0.5)),
    ("min, a tie", ad.minimum, (2.0, 2.0), (0.5, 0.5)),
    ("|0|", ad.abs, (0.0,), (0.0,)),
    ("|-0|", ad.abs, (-0.0,), (0.0,)),
    ("relu(0)", ad.relu, (0.0,), (0.0,)),
    ("sign(0)", ad.sign, (0.0,), (0.0,)),
    ("leaky_relu(0)", ad.leaky_relu, (0.0, 0.1), (0.1, 0.0)),
    ("elu(0)", ad.elu, (0.0, 1.5), (1.5, 0.0)),
    ("clip, at low", ad.clip, (1.0, 1.0, 2.0), (1.0, 0.0, 0.0)),
    ("clip, at high", ad.clip, (2.0, 1.0, 2.0), (1.0, 0.0, 0.0)),
    ("clip, equal bounds", ad.clip, (0.5, 1.0, 1.0), (0.0, 0.0, 1.0)),
    ("floor(1)", ad.floor, (1.0,), (0.0,)),
    ("ceil(1)", ad.ceil, (1.0,), (0.0,)),
    ("round(1.5)", ad.round, (1.5,), (0.0,)),
    ("0^0", ad.power, (0.0, 0.0), (0.0, -INF)),
    ("0^1", ad.power, (0.0, 1.0), (1.0, 0.0)),
    ("0^2", ad.power, (0.0, 2.0), (0.0, 0.0)),
    ("0^½", ad.power, (0.0, 0.5), (INF, 0.0)),
]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    ("f", "point", "partials"), [pytest.param(*case[1:], id=case[0]) for case in KINKS]
)
def test_conventions_at_kinks(f, point, partials, mode):
    for i, expected in enumerate(partials):
        along = derivative(f, i, mode)
        assert along(*point) == expected
        np.testing.assert_array_equal(along(*(np.full(2, x) for x in point)), expected)


@pytest.mark.parametrize("modes", nestings(2), ids="-over-".join)
@pytest.mark.parametrize("f", [ad.abs, ad.relu, ad.sign], ids=ids)
def test_second_derivatives_at_kinks_are_zero(f, modes):
    outer, inner = modes
    second = derivative(derivative(f, 0, inner), 0, outer)
    assert second(0.0) == 0.0
    np.testing.assert_array_equal(second(np.zeros(2)), 0.0)


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (0, [1, 0, 0, 0]),
        (0.0, [1, 0, 0, 0]),
        (1, [0, 1, 0, 0]),
        (1.0, [0, 1, 0, 0]),
        (2, [0, 0, 2, 0]),
        (2.0, [0, 0, 2, 0]),
        (3, [0, 0, 0, 6]),
        (3.0, [0, 0, 0, 6]),
        (2.5, [0, 0, 0, INF]),
        (0.5, [0, INF, -INF, INF]),
    ],
)
@pytest.mark.parametrize("kind", [float, lambda x: np.full(2, x)], ids=["float", "array"])
def test_powers_at_zero_have_the_derivatives_of_the_limit(exponent, expected, kind):
    for depth in range(4):
        for modes in nestings(depth):

            def f(x):
                return x**exponent

            for mode in reversed(modes):
                f = derivative(f, 0, mode)
            np.testing.assert_array_equal(f(kind(0.0)), expected[depth], err_msg=str(modes))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_zero_to_a_power_that_is_differentiated(mode):
    slope = derivative(lambda y: 0.0**y, 0, mode)
    assert slope(2.0) == 0.0
    assert slope(0.5) == 0.0
    np.testing.assert_array_equal(slope(np.array([2.0, 0.5])), 0.0)


def nested(f, steps):
    """The derivative with respect to the arguments named in steps, in the modes named there; the
    last step is the outermost."""
    for i, mode in steps:
        f = derivative(f, i, mode)
    return f


STRONG = [
    ("x1 √x2", lambda x, y: x * ad.sqrt(y), (0.0, 4.0), (1, 0), 0.25),
    ("x1 √x2", lambda x, y: x * ad.sqrt(y), (0.0, 4.0), (0, 1), 0.25),
    ("x1 √x2", lambda x, y: x * ad.sqrt(y), (0.0, 4.0), (1, 1, 0), -1 / 32),
    ("x1 √x2", lambda x, y: x * ad.sqrt(y), (0.0, 4.0), (1, 0, 1), -1 / 32),
    ("x1² e^x2", lambda x, y: x * x * ad.exp(y), (0.0, 0.0), (1, 0, 0), 2.0),
    ("x1² x2²", lambda x, y: x * x * (y * y), (0.0, 0.0), (0, 1, 0, 1), 4.0),
    ("x1² x2³", lambda x, y: x**2 * y**3.0, (0.0, 1.0), (1, 1, 0, 0), 12.0),
    ("x1³ ln x2", lambda x, y: x**3 * ad.ln(y), (0.0, 2.0), (0, 1, 0, 0), 3.0),
]


@pytest.mark.parametrize("kind", [float, lambda x: np.full(2, x)], ids=["float", "array"])
@pytest.mark.parametrize(
    ("f", "point", "order", "expected"),
    [pytest.param(*case[1:], id=f"{case[0]} {case[3]}") for case in STRONG],
)
def test_a_strong_zero_keeps_higher_derivatives(f, point, order, expected, kind):
    """The tangent of a step is exactly 0 at these points; its own derivative is not."""
    for modes in nestings(len(order)):
        found = nested(f, list(zip(order, modes, strict=True)))(*map(kind, point))
        assert found == pytest.approx(np.full(np.shape(found), expected)), modes


@pytest.mark.parametrize("kind", [float, lambda x: np.full(2, x)], ids=["float", "array"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_zero_tangent_stops_an_infinite_partial(depth, kind):
    """√ at 0, applied to something that the input does not change."""
    for modes in nestings(depth):
        g = nested(lambda x: x**4 + ad.sqrt(ad.floor(x)), [(0, m) for m in modes])
        h = nested(lambda x: x**4 + ad.sqrt(ad.relu(-x)), [(0, m) for m in modes])
        expected = (4 * 0.5**3, 12 * 0.5**2, 24 * 0.5)[depth - 1]
        assert g(kind(0.5)) == pytest.approx(np.full(np.shape(kind(0.5)), expected))
        assert h(kind(0.5)) == pytest.approx(np.full(np.shape(kind(0.5)), expected))


@pytest.mark.parametrize("kind", [float, lambda x: np.full(2, x)], ids=["float", "array"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(
    "bad",
    [ad.sqrt, ad.ln, lambda x: ad.exp(-1e4 * x) * ad.ln(x), lambda x: ad.asin(x - 3)],
    ids=["sqrt", "ln", "inf times nan", "asin"],
)
def test_where_is_deaf_to_the_branch_not_taken(bad, depth, kind):
    for modes in nestings(depth):
        f = nested(lambda x: ad.where(x > 0, ad.sqrt(x), bad(x)), [(0, m) for m in modes])
        g = nested(lambda x: ad.where(x < 0, x**3, ad.sqrt(x)), [(0, m) for m in modes])
        expected = (0.25, -1 / 32, 3 / 256)[depth - 1]
        assert f(kind(4.0)) == pytest.approx(np.full(np.shape(kind(0.0)), expected))
        cubic = (12.0, -12.0, 6.0)[depth - 1]
        assert g(kind(-2.0)) == pytest.approx(np.full(np.shape(kind(0.0)), cubic))
