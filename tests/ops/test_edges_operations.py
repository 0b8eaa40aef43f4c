"""Every elementwise operation at every edge, in every interpreter.

First and second derivatives at zeros, infinities, nan, denormals, huge, tiny and ordinary numbers:
all interpreters and nestings give the same, and the limit where there is one. The points are those
of edge_points.py; ADMODES_TEST_EDGES=all takes all of them.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from edge_points import agree, limit, points
from harness import SMOOTH, ids

import admodes as ad
from admodes.core.elementwise import Elementwise
from admodes.core.op import UNLISTED

MODES = ("forward", "reverse")
NESTINGS = list(itertools.product(MODES, repeat=2))
OPS = [op for op in SMOOTH if op.arity is not None]

NO_LIMIT = {
    # An alpha that makes up for an underflow of e^a.
    "elu": lambda point: point[0] < -700 and abs(point[1]) > 1e9,
    # A product whose partial is an argument, times its logarithm: 0 × inf.
    "xlogy": lambda point: math.isinf(point[0]) or math.isinf(point[1]),
}
"""Points at which all interpreters agree on something else than the limit."""


CANCELS, SUMS = 1e-16, ("sigmoid", "softplus", "logaddexp", "gelu")
"""The error allowed in a second derivative that is a sum of terms which cancel near a zero."""


def columns(op):
    return [np.array(column) for column in zip(*points(op), strict=True)]


def active(op):
    return [i for i in range(op.arity) if op.partials[i] != 0]


def pairs(op):
    return list(itertools.product(active(op), repeat=2))


def derivative(f, i, mode):
    """∂f/∂(argument i) entry by entry, by one sweep; inside a batch too."""

    def along(*args):
        if mode == "forward":
            seeds = (np.full(np.shape(a), float(k == i))[()] for k, a in enumerate(args))
            return ad.jvp(f, args, tuple(seeds))[1]
        out, pullback = ad.vjp(f, *args)
        return pullback(np.ones(np.shape(out))[()])[i]

    return along


def nested(op, i, j, inner, outer):
    return derivative(derivative(op, i, inner), j, outer)


def one_by_one(f, op):
    return np.array([f(*p) for p in points(op)])


def check(op, orders, found):
    """All entries of found, results by name, are alike at every point, and are the limit."""
    first, *others = found.items()
    for name, values in others:
        bad = np.flatnonzero(~agree(first[1], values))
        if bad.size:
            k = bad[0]
            pytest.fail(
                f"∂{orders} of {op.name} at {points(op)[k]}: {first[0]} gives {first[1][k]!r}, "
                f"{name} {values[k]!r}; {bad.size} points"
            )
    silent = NO_LIMIT.get(op.name, lambda point: False)
    for point, value in zip(points(op), first[1], strict=True):
        expected = limit(op, orders, point)
        if expected is None or silent(point):
            continue
        if not agree(value, expected, CANCELS if len(orders) > 1 and op.name in SUMS else 1e-300):
            pytest.fail(f"∂{orders} of {op.name} at {point}: {value!r}, the limit is {expected!r}")


@pytest.mark.parametrize("op", OPS, ids=ids)
def test_first_derivatives(op):
    cols = columns(op)
    for i in active(op):
        found = {}
        for mode in MODES:
            slope = derivative(op, i, mode)
            found[f"arrays {mode}"] = slope(*cols)
            found[f"floats {mode}"] = one_by_one(slope, op)
            found[f"vmap {mode}"] = ad.vmap(slope)(*cols)
            program = ad.record(slope, *cols)
            found[f"program {mode}"] = program(*cols)

        def by_variables(*point, i=i):
            xs = [ad.Variable(x) for x in point]
            op(*xs).backward()
            return 0.0 if xs[i].grad is None else xs[i].grad

        found["Variable"] = one_by_one(by_variables, op)
        check(op, (i,), found)


@pytest.mark.parametrize("op", OPS, ids=ids)
def test_second_derivatives_in_all_nestings(op):
    cols = columns(op)
    for i, j in pairs(op):
        found = {}
        for inner, outer in NESTINGS:
            slope = nested(op, i, j, inner, outer)
            found[f"arrays {outer} over {inner}"] = slope(*cols)
            found[f"floats {outer} over {inner}"] = one_by_one(slope, op)
        check(op, (i, j), found)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("op", OPS, ids=ids)
def test_compiled_derivatives(op, backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")
    cols = columns(op)

    def slopes(*args):
        first = [derivative(op, i, mode)(*args) for mode in MODES for i in active(op)]
        second = [
            nested(op, i, j, inner, outer)(*args)
            for i, j in pairs(op)
            for inner, outer in (("forward", "reverse"), ("reverse", "forward"))
        ]
        return first + second

    expected = np.array(slopes(*cols))
    on_arrays = ad.compile(slopes, backend=backend)
    on_arrays(*[np.full_like(c, 0.4) for c in cols])
    results = {"arrays": np.array(on_arrays(*cols))}
    if backend == "llvm":
        on_floats = ad.compile(slopes, backend=backend)
        on_floats(*[0.4] * op.arity)
        results["floats"] = np.array([on_floats(*p) for p in points(op)]).T
    for name, found in results.items():
        bad = np.argwhere(~agree(found, expected))
        assert not bad.size, (
            f"{name}, output {bad[0][0]} at {points(op)[bad[0][1]]}: "
            f"{found[tuple(bad[0])]!r}, eager {expected[tuple(bad[0])]!r}"
        )


@pytest.mark.parametrize("op", [op for op in OPS if op.arity == 2], ids=ids)
def test_mixed_arguments(op):
    """Arrays with traced numbers, NumPy's scalars with floats."""
    cols = columns(op)
    for i, mode in itertools.product(active(op), MODES):
        slope = derivative(op, i, mode)
        expected = slope(*cols)
        for other in (0, 1):
            values = sorted(set(map(repr, cols[other].tolist())))
            for value in map(float, values):
                where = [k for k, p in enumerate(points(op)) if repr(p[other]) == repr(value)]
                line = cols[1 - other][where]

                def total(x, line=line, other=other):
                    args = (x, line) if other == 0 else (line, x)
                    return op(*args)

                if i == other:
                    found = ad.jacobian(total, mode=mode)(value)
                else:

                    def along(z, value=value, other=other):
                        return op(value, z) if other == 0 else op(z, value)

                    found = derivative(along, 0, mode)(line)
                assert agree(found, expected[where]).all(), (i, mode, other, value)
        for p, e in list(zip(points(op), expected, strict=True))[::3]:
            for kinds in ((np.float64, float), (float, np.float64)):
                found = slope(*(kind(x) for kind, x in zip(kinds, p, strict=True)))
                assert agree(found, e), (p, kinds, mode)


POWERS = [
    ((0.3, math.inf), (0,), 0.0),
    ((0.3, math.inf), (1,), 0.0),
    ((0.3, math.inf), (0, 0), 0.0),
    ((2.5, -math.inf), (0,), 0.0),
    ((2.5, -math.inf), (1,), 0.0),
    ((2.5, -math.inf), (0, 1), 0.0),
    ((2.5, -math.inf), (1, 0), 0.0),
    ((math.inf, -2.0), (0,), 0.0),
    ((math.inf, -2.0), (1,), 0.0),
    ((math.inf, 0.5), (0,), 0.0),
    ((math.inf, 0.5), (0, 0), 0.0),
    ((math.inf, 2.5), (0, 1), math.inf),
    ((0.0, 2.5), (1, 0), 0.0),
    ((0.0, 2.5), (1, 1), 0.0),
    ((0.0, 0.5), (1,), 0.0),
    ((1e-200, 2.5), (1,), 1e-200**2.5 * math.log(1e-200)),
    ((1e200, 1.5), (1,), 1e300 * math.log(1e200)),
    ((1.5, 1751.0), (1,), 8.785128005998006e307),
]


@pytest.mark.parametrize(("point", "orders", "expected"), POWERS)
def test_powers_at_the_edges(point, orders, expected):
    for modes in itertools.product(MODES, repeat=len(orders)):
        f = ad.power
        for i, mode in zip(orders, modes, strict=True):
            f = derivative(f, i, mode)
        np.testing.assert_allclose(f(*point), expected, rtol=1e-12, err_msg=str(modes))


def test_operations_of_derivatives_are_elementwise_too():
    """They are not listed, and tested as the derivatives of those that are."""
    assert {"cosine", "over_square", "power_log1"} <= UNLISTED.keys()
    assert all(isinstance(op, Elementwise) for op in UNLISTED.values())


FLAT = {
    "1 / (1 + e^-x)": (lambda x: 1 / (1 + np.exp(-x)), -800.0, 0.0),
    "(1 + e^-x)^-1": (lambda x: (1 + np.exp(-x)) ** -1, -800.0, 0.0),
    "(1 + e^-x)^-½": (lambda x: (1 + np.exp(-x)) ** -0.5, -1500.0, 0.0),
    "x / (1 + e^-x)": (lambda x: x / (1 + np.exp(-x)), -800.0, 0.0),
    "1 - 2 / (1 + e^2x)": (lambda x: 1 - 2 / (1 + np.exp(2 * x)), 800.0, 0.0),
    "exp(-e^x)": (lambda x: np.exp(-np.exp(x)), 800.0, 0.0),
    "1 / cosh": (lambda x: 1 / np.cosh(x), 800.0, 0.0),
    "1 / sinh²": (lambda x: 1 / np.sinh(x) ** 2, -800.0, 0.0),
    "arctan(e^x)": (lambda x: np.arctan(np.exp(x)), 800.0, 0.0),
    "arctan2(e^x, 1)": (lambda x: np.arctan2(np.exp(x), 1.0), 800.0, 0.0),
    "tanh(e^x)": (lambda x: np.tanh(np.exp(x)), 800.0, 0.0),
    "erf(e^x)": (lambda x: ad.erf(np.exp(x)), 800.0, 0.0),
    "sigmoid(-e^x)": (lambda x: ad.sigmoid(-np.exp(x)), 800.0, 0.0),
    "logaddexp(-e^x, x)": (lambda x: np.logaddexp(-np.exp(x), x), 800.0, 1.0),
    "2^x": (lambda x: 2.0**x, 1024.0000000000002, 1.2460659279419801e308),
    "1.5^x": (lambda x: 1.5**x, 1751.0, 8.785128005998006e307),
    "exp2": (np.exp2, 1024.0000000000002, 1.2460659279419801e308),
    "hypot": (lambda x: np.hypot(x, x), 1.7e308, math.sqrt(2)),
    "tanh": (np.tanh, 800.0, 0.0),
}


@pytest.mark.parametrize("name", FLAT)
def test_what_is_flat_stops_an_infinite_tangent(name):
    """Both modes, both back ends and all nestings: a slope of 0 because an operation is flat there
    wins over an infinite tangent, and nothing overflows that need not."""
    f, x, expected = FLAT[name]
    for mode in MODES:
        slope = derivative(f, 0, mode)
        ways = [slope, *(ad.compile(slope, backend=b) for b in ("numpy", "llvm"))]
        for way in ways:
            for _ in range(2):
                np.testing.assert_allclose(way(x), expected, rtol=1e-13)
            np.testing.assert_allclose(way(np.array([x, x])), expected, rtol=1e-13)
    for inner, outer in NESTINGS:
        second = derivative(derivative(f, 0, inner), 0, outer)(x)
        if expected in (0.0, 1.0):
            assert second == 0.0, (inner, outer)


def test_a_choice_cuts_off_what_is_nan():
    """The strong zero of a branch that is not taken, through operations whose slope is nan."""
    x = np.array([math.nan, -2.0, 3.0])
    for mode, f in itertools.product(MODES, (np.abs, np.sqrt, np.log, np.square, ad.relu, np.tanh)):

        def g(v, f=f):
            return np.where(np.isnan(v), 0.0, f(v))

        assert derivative(g, 0, mode)(x)[0] == 0.0
        assert derivative(derivative(g, 0, mode), 0, "forward")(x)[0] == 0.0
        assert derivative(derivative(g, 0, mode), 0, "reverse")(x)[0] == 0.0
