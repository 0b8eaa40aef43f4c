"""What holds for every operation, generated from the registry."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from array_cases import tangential_cases
from harness import (
    CLOSE,
    ELEMENTWISE,
    LINEAR,
    OPS,
    SHAPES,
    SMOOTH,
    TANGENTIAL,
    arguments,
    check_partials,
    check_transpose,
    derivative,
    difference,
    directions,
    evaluate,
    exact,
    ids,
    linear_cases,
    nestings,
    sample_points,
)
from seeds import generator

import admodes as ad
from admodes.core.carrier import Carrier
from admodes.core.op import REGISTRY

CASES = [
    pytest.param(f, args, id=f"{name}-{k}")
    for made in (linear_cases(), tangential_cases())
    for name, cases in made.items()
    for k, (f, args) in enumerate(cases)
]
TESTS = [op for op in OPS if op.is_test]
PLACES = [op for op in OPS if op.discrete and not op.is_test]
COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "is_extreme")
QUESTIONS = ("isnan", "isfinite", "isinf", "signbit")
SOLVING = ("inv", "solve", "logabsdet", "cholesky", "pinv", "qr")
"""Whose rules solve linear systems with the argument."""
OF_WHOLE = ("any_of", "all_of")
POSITIONS = ("argsort", "argpartition", "argrank", "searchsorted", "det_sign")
"""Positions, signs and tests of arrays, which test_numpy_functions.py compares with NumPy's."""


def activities(op):
    """Which arguments are differentiated, the others being constants: every choice but none."""
    return [c for n in range(1, op.arity + 1) for c in itertools.combinations(range(op.arity), n)]


def with_constants(op, args, active):
    """The operation as a function of the active arguments alone."""

    def f(*given):
        remaining = iter(given)
        return op(*(next(remaining) if i in active else a for i, a in enumerate(args)))

    return f, tuple(args[i] for i in active)


def close_to(value):
    """Of a reference that was calculated to 50 digits, so that 1e-45 may stand for an exact 0."""
    return pytest.approx(value, rel=CLOSE, abs=1e-45)


def test_aliases_resolve_to_one_operation():
    for op in OPS:
        assert all(REGISTRY[alias] is op for alias in op.aliases)
    assert REGISTRY["log"] is REGISTRY["ln"] is ad.ln
    assert REGISTRY["max"] is REGISTRY["maximum"] is ad.maximum


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_value_equals_the_symbolic_form(op):
    for point in sample_points(op):
        assert op(*point) == close_to(float(exact(op, (), point)))


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_partials_equal_sympys_derivative(op):
    check_partials(op)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_samples_reach_beyond_one_sided_domains(op):
    """The kinked operations are declared on one side of the kink and tested on both."""
    two_sided = op.selects and not op.domain.valid.endswith("≥ 0")
    if two_sided or op.name in ("leaky_relu", "elu", "cbrt", "divide", "inverse", "atan2"):
        for i in range(op.arity):
            signs = {np.sign(point[i]) for point in sample_points(op)}
            assert signs >= {-1.0, 1.0}, f"argument {i} of {op.name} has signs {signs}"


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_jvp_equals_numerical_differences(op, shapes):
    rng = generator(1)
    for active in activities(op):
        f, xs = with_constants(op, arguments(op, shapes, rng), active)
        vs = directions(xs, rng)
        out, tangent = ad.jvp(f, xs, vs)
        expected = difference(f, xs, vs)
        assert np.shape(tangent) == np.shape(out) == expected.shape
        np.testing.assert_allclose(tangent, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_vjp_is_the_transpose_of_jvp(op, shapes):
    rng = generator(2)
    for active in activities(op):
        check_transpose(*with_constants(op, arguments(op, shapes, rng), active))


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_an_argument_used_twice_gets_both_contributions(op):
    rng = generator(3)
    args = arguments(op, ((3,),) * 3, rng)

    def twice(*xs):
        return op(*xs) * xs[0] + op(*xs)

    check_transpose(twice, args)
    vs = directions(args, rng)
    expected = difference(twice, args, vs)
    np.testing.assert_allclose(ad.jvp(twice, args, vs)[1], expected, rtol=1e-8, atol=1e-9)


def test_every_operation_on_arrays_has_a_case():
    assert {op.name for op in LINEAR} == set(linear_cases())
    assert {op.name for op in TANGENTIAL} == set(tangential_cases())
    assert {op.name for op in TESTS} == {*COMPARISONS, *LOGIC, *QUESTIONS, *OF_WHOLE}
    assert {op.name for op in PLACES} == set(POSITIONS)


@pytest.mark.parametrize(("f", "args"), CASES)
def test_operations_on_arrays(f, args):
    vs = directions(args, generator(4))
    out, tangent = ad.jvp(f, args, vs)
    np.testing.assert_array_equal(out, f(*args))
    np.testing.assert_allclose(tangent, difference(f, args, vs), rtol=1e-8, atol=1e-9)
    check_transpose(f, args)


@pytest.mark.parametrize(("f", "args"), CASES)
def test_operations_on_arrays_nest(request, f, args):
    """The derivative of an operation applied to cubics, in both modes, differentiated again in
    both modes."""

    def cubic(x):
        return x + 0.1 * x * x * x

    def cubes(*xs):
        return f(*map(cubic, xs))

    vs = directions(args, generator(5))

    def forward(*xs):
        return ad.jvp(cubes, xs, vs)[1]

    def reverse(*xs):
        out, pullback = ad.vjp(cubes, *xs)
        return pullback(np.full(np.shape(ad.value(out)), 1.5)[()])[0]

    name = request.node.callspec.id.rpartition("-")[0]
    condition = np.max(np.linalg.cond(cubic(args[0]))) if name in SOLVING else 1.0
    for inner in (forward, reverse):
        # A step must be short beside the distance to the nearest singular matrix.
        expected = difference(inner, args, vs, h=min(1e-3, 0.05 / condition))
        np.testing.assert_allclose(ad.jvp(inner, args, vs)[1], expected, rtol=1e-7, atol=1e-7)
        check_transpose(inner, args, condition=condition if name == "qr" else 1.0)


LOGIC = {
    "both": np.logical_and,
    "either": np.logical_or,
    "differ": np.logical_xor,
    "opposite": np.logical_not,
}


@pytest.mark.parametrize("name", LOGIC)
def test_logic_of_recorded_truth_values(name):
    """Conditions are plain booleans in the engines, and rows in a trace."""
    truths = np.array([True, True, False, False]), np.array([True, False, True, False])
    given = truths[: LOGIC[name].nin]
    np.testing.assert_array_equal(REGISTRY[name](*given), LOGIC[name](*given))
    x, y = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])

    def f(x, y):
        a, b = x > 0, y > 0
        c = {
            "both": lambda: a & b,
            "either": lambda: a | b,
            "differ": lambda: a ^ b,
            "opposite": lambda: ~a,
        }[name]()
        return np.sum(ad.where(c, x * x, y))

    chosen = LOGIC[name](*[v > 0 for v in (x, y)][: LOGIC[name].nin])
    expected = [np.where(chosen, 2 * x, 0.0), np.where(chosen, 0.0, 1.0)]
    np.testing.assert_array_equal(ad.grad(f, argnums=(0, 1))(x, y), expected)
    for k, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        found = ad.trace(f, a, b).jacobian["reverse"][0]
        np.testing.assert_array_equal(found, [e[k] for e in expected])


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions_about_a_number_have_no_derivative(name):
    op, x = REGISTRY[name], np.array([1.0, -2.0, np.nan, np.inf])
    seen = []

    def f(x):
        seen.append(op(x))
        return ad.where(seen[-1], 1.0, 2.0)

    for slope in (ad.jvp(f, (x,), (np.ones(4),))[1], ad.grad(lambda x: np.sum(f(x)))(x)):
        np.testing.assert_array_equal(slope, 0.0)
        np.testing.assert_array_equal(seen[-1], getattr(np, name)(x))
    assert type(op(1.0)) in (bool, np.bool_)


@pytest.mark.parametrize("op", [REGISTRY[name] for name in COMPARISONS], ids=ids)
def test_comparisons_have_no_derivative(op):
    seen = []

    def f(x, y):
        seen.append(op(x, y))
        return x * y

    for x, y in ((1.0, 2.0), (2.0, 2.0), (np.array([1.0, 3.0]), 2.0)):
        ad.jvp(f, (x, y), (x, y))
        ad.vjp(f, x, y)
        assert not any(isinstance(s, Carrier) for s in seen)
        np.testing.assert_array_equal(seen[-1], op.array(x, y))
    assert type(op(1.0, 2.0)) in (bool, np.bool_)
    assert ad.grad(lambda x: ad.where(op(x, 2.0), x * x, x * x))(3.0) == 6.0


@pytest.mark.parametrize("op", SMOOTH, ids=ids)
@pytest.mark.parametrize("modes", nestings(2), ids="-over-".join)
def test_second_derivatives_equal_sympys(op, modes):
    outer, inner = modes
    points = sample_points(op)
    columns = tuple(np.array(column) for column in zip(*points, strict=True))
    for i, j in itertools.product(range(op.arity), repeat=2):
        second = derivative(derivative(op, i, inner), j, outer)
        expected = [exact(op, (i, j), point) for point in points]
        kept = [k for k, e in enumerate(expected) if e is not None]
        assert len(kept) >= 6
        on_arrays = second(*columns)
        for k in kept:
            wanted = pytest.approx(float(expected[k]), rel=1e-10, abs=1e-13)
            assert on_arrays[k] == wanted, f"∂²/∂{'abc'[i]}∂{'abc'[j]} at {points[k]}"
        for k in kept[:3] + kept[-3:]:
            wanted = pytest.approx(float(expected[k]), rel=1e-10, abs=1e-13)
            assert second(*points[k]) == wanted, f"∂²/∂{'abc'[i]}∂{'abc'[j]} at {points[k]}"


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_printed_form_equals_the_code(op):
    assert len(op.form.partials) == op.arity
    for point in sample_points(op):
        y = op(*point)
        names = dict(zip("abc", point, strict=False))
        for i, formula in enumerate(op.form.partials):
            code = op.partial(i, y, point)
            printed = evaluate(formula, y=y, **names)
            assert printed == pytest.approx(code, rel=1e-9, nan_ok=True), f"{formula} at {point}"


@pytest.mark.parametrize("formula", ["a.b", "a[0]", "lambda: a", "'a'", "f'{a}'", "a if b else a"])
def test_the_evaluator_of_printed_forms_refuses_other_syntax(formula):
    with pytest.raises((ValueError, KeyError)):
        evaluate(formula, a=1.0, b=2.0)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_float32_stays_float32(op):
    rng = generator(6)
    whole = arguments(op, ((3, 4), (4,), (3, 1)), rng)
    singles = tuple(a.astype(np.float32) for a in whole)
    ones = tuple(np.ones(a.shape) for a in singles)
    out, tangent = ad.jvp(op, singles, ones)
    assert out.dtype == tangent.dtype == np.float32
    out, pullback = ad.vjp(op, *singles)
    assert [g.dtype for g in pullback(np.ones(out.shape))] == [np.float32] * op.arity

    first = singles[0]
    rest = tuple(float(a.flat[0]) for a in whole[1:])

    def summed(x):
        return ad.sum(op(x, *rest))

    assert op(first, *rest).dtype == np.float32
    assert ad.grad(summed)(first).dtype == np.float32
    for mode in ("forward", "reverse"):
        slope = ad.jacobian(ad.jacobian(summed, mode=mode), mode="reverse")
        assert slope(first).dtype == np.float32
    scalar = first.flat[0]
    out, tangent = ad.jvp(lambda x: op(x, *rest), (scalar,), (1.0,))
    assert type(out) is type(tangent) is np.float32


def test_float32_derivatives_are_float32_where_float64_constants_join():
    x = np.array([1.0, 2.0], np.float32)
    assert ad.grad(lambda x: ad.sum(x * np.array([2.0, 3.0])))(x).dtype == np.float32
    stacked, tangent = ad.jvp(lambda x: ad.stack([x[0], 1.0]), (x,), (x,))
    assert stacked.dtype == tangent.dtype == np.float32


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_whole_numbers_and_truth_values_become_float64(op):
    point = (2, 1, 3)[: op.arity]
    as_floats = tuple(map(float, point))
    expected = op(*as_floats)
    assert type(expected) is float
    assert op(*point) == pytest.approx(expected, nan_ok=True)
    assert op(*map(np.int64, point)) == pytest.approx(expected, nan_ok=True)
    arrays = tuple(np.array([n, n]) for n in point)
    assert op(*arrays).dtype == np.float64
    assert op(*arrays) == pytest.approx(np.full(2, expected), nan_ok=True)
    assert op(*(a.astype(np.int8) for a in arrays)).dtype == np.float64

    truths = (True,) * op.arity
    assert op(*truths) == pytest.approx(op(*map(float, truths)), nan_ok=True)
    if op.truths is None:
        found = op(*(np.array([t]) for t in truths))
        assert found.dtype == np.float64
        assert found[0] == pytest.approx(op(*map(float, truths)), nan_ok=True)

    out, tangent = ad.jvp(op, point, (1,) * op.arity)
    assert (out, tangent) == pytest.approx(ad.jvp(op, as_floats, (1.0,) * op.arity), nan_ok=True)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
@pytest.mark.parametrize(
    ("bad", "said"),
    [(1j, "complex"), (np.array([1j]), "complex"), ("1.5", "str"), (None, "NoneType")],
    ids=["complex", "complex array", "string", "None"],
)
def test_what_is_no_real_number_is_refused_by_name(op, bad, said):
    if said == "complex" and op.takes_complex:
        return
    for k in range(op.arity):
        args = tuple(bad if i == k else 1.0 for i in range(op.arity))
        with pytest.raises(TypeError, match=rf"{op.name}.*{said}"):
            op(*args)
        if op.arity > 1:
            others = tuple(i for i in range(op.arity) if i != k)
            f, xs = with_constants(op, args, others)
            for run in (lambda: ad.jvp(f, xs, xs), lambda: ad.vjp(f, *xs)):
                with pytest.raises(TypeError, match=rf"{op.name}.*{said}"):
                    run()
    if said != "complex":
        for run in (lambda: ad.jvp(ad.sin, (bad,), (1.0,)), lambda: ad.vjp(ad.sin, bad)):
            with pytest.raises(TypeError, match=said):
                run()


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_a_wrong_number_of_arguments_is_named(op):
    with pytest.raises(TypeError):
        op(*[1.0] * (op.arity + 1 if not op.folds else 1))
    if op.defaults:
        assert op(-2.0) == op(-2.0, *op.defaults)
        assert ad.grad(op)(-2.0) == ad.grad(op)(-2.0, *op.defaults)


def test_maximum_and_minimum_fold_from_the_left():
    assert ad.max(1.0, 3.0, 2.0) == 3.0
    assert ad.min(2.0, 3.0, 1.0, 4.0) == 1.0
    assert ad.grad(ad.max, argnums=(0, 1, 2))(1.0, 3.0, 2.0) == (0.0, 1.0, 0.0)
