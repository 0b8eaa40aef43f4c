"""grad, jacobian, hessian, hvp, and the tools for users' own rules."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
import sympy

import admodes as ad
from admodes.core.op import REGISTRY

MODES = ("auto", "forward", "reverse")
COMPOSITIONS = (
    "forward-over-reverse",
    "reverse-over-forward",
    "forward-over-forward",
    "reverse-over-reverse",
)


def test_grad_of_scalars_arrays_and_trees():
    assert ad.grad(lambda x: x**3)(2) == 12.0
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(ad.grad(lambda x: ad.sum(x * x))(x), 2 * x)
    tree = {"w": np.ones(2), "b": (3.0, [4.0])}
    slopes = ad.grad(lambda t: ad.sum(t["w"]) * t["b"][0] * t["b"][1][0])(tree)
    np.testing.assert_array_equal(slopes["w"], [12.0, 12.0])
    assert slopes["b"] == (8.0, [6.0])


def test_argnums():
    def f(x, y, z):
        return x * y * y + z

    assert ad.grad(f)(2.0, 3.0, 5.0) == 9.0
    assert ad.grad(f, argnums=1)(2.0, 3.0, 5.0) == 12.0
    assert ad.grad(f, argnums=-1)(2.0, 3.0, 5.0) == 1.0
    assert ad.grad(f, argnums=(2, 0))(2.0, 3.0, 5.0) == (1.0, 9.0)
    assert ad.grad(f, argnums=(1,))(2.0, 3.0, 5.0) == (12.0,)
    for mode in MODES:
        assert ad.jacobian(f, argnums=(1, 0), mode=mode)(2.0, 3.0, 5.0) == (12.0, 9.0)
    for wrong in (3, -4, (0, 3)):
        with pytest.raises(ValueError, match="argnums"):
            ad.grad(f, argnums=wrong)(1.0, 2.0, 3.0)


def test_arguments_that_are_not_differentiated_are_passed_on_as_they_are():
    assert ad.grad(lambda x, how: x * x if how == "square" else x)(3.0, "square") == 6.0


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda x: x * np.ones((2, 3)), r"shape \(2, 3\).*\.sum\(\).*ad\.jacobian"),
        (lambda x: ad.stack([x]), r"shape \(1,\)"),
        (lambda x: (x, x), "tuple of 2"),
        (lambda x: [x], "list of 1"),
        (lambda x: {"y": x}, "dict of 1"),
        (lambda x: (), "tuple of 0"),
    ],
    ids=["array", "array of one", "tuple", "list", "dict", "empty"],
)
def test_grad_of_what_is_not_one_number_is_refused(f, said):
    with pytest.raises(TypeError, match=said):
        ad.grad(f)(1.0)


def test_value_and_grad():
    x = np.array([1.0, 2.0])
    y, slope = ad.value_and_grad(lambda x, k: ad.sum(x**3) * k)(x, 2.0)
    assert y == 18.0
    np.testing.assert_array_equal(slope, [6.0, 24.0])
    assert ad.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0) == (6.0, (3.0, 2.0))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("outer", [(), (1,), (2,), (0,), (2, 3), (2, 0)], ids=str)
@pytest.mark.parametrize("inner", [(), (1,), (3,), (0,), (3, 2), (0, 2)], ids=str)
def test_jacobians_have_the_shape_of_the_output_then_the_input(mode, outer, inner):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=outer + inner)
    x = rng.normal(size=inner)
    axes = tuple(range(len(outer), len(outer + inner)))

    def f(x):
        return ad.sum(weights * x * x, axis=axes) if axes else weights * x * x

    found = ad.jacobian(f, mode=mode)(float(x) if inner == () else x)
    assert np.shape(found) == outer + inner
    np.testing.assert_allclose(found, 2 * weights * x)


class Point(NamedTuple):
    x: object
    y: object


@pytest.mark.parametrize("mode", MODES)
def test_jacobians_of_trees_have_outputs_outside_and_inputs_inside(mode):
    def f(p, scale):
        return {"product": p.x * p.y * scale, "parts": [p.x, ad.sum(p.y)]}

    point = Point(2.0, np.array([3.0, 4.0]))
    found = ad.jacobian(f, argnums=(0, 1), mode=mode)(point, 10.0)
    assert list(found) == ["product", "parts"]
    of_point, of_scale = found["product"]
    assert type(of_point) is Point
    np.testing.assert_array_equal(of_point.x, [30.0, 40.0])
    np.testing.assert_array_equal(of_point.y, [[20.0, 0.0], [0.0, 20.0]])
    np.testing.assert_array_equal(of_scale, [6.0, 8.0])
    (first, to_scale), (second, _) = found["parts"]
    assert (first.x, to_scale) == (1.0, 0.0)
    np.testing.assert_array_equal(first.y, [0.0, 0.0])
    assert second.x == 0.0
    np.testing.assert_array_equal(second.y, [1.0, 1.0])


@pytest.mark.parametrize("mode", MODES)
def test_jacobians_with_constants_and_untouched_inputs(mode):
    found = ad.jacobian(lambda x, y: (x, 3.0, np.ones(2)), argnums=(0, 1), mode=mode)(1.0, 2.0)
    assert found[:2] == ((1.0, 0.0), (0.0, 0.0))
    np.testing.assert_array_equal(found[2], np.zeros((2, 2)))


def test_an_empty_input_beside_another():
    for mode in MODES:
        jacobian = ad.jacobian(lambda x, e: x * 2 + ad.sum(e), argnums=(0, 1), mode=mode)
        of_x, of_empty = jacobian(np.ones(2), np.zeros(0))
        np.testing.assert_array_equal(of_x, 2 * np.eye(2))
        assert of_empty.shape == (2, 0)


@pytest.mark.parametrize("modes", list(itertools.product(MODES, repeat=3)), ids="-".join)
def test_jacobians_nest_in_any_order(modes):
    def f(x):
        return ad.stack([x[0] ** 2 * x[1], ad.exp(x[0] * x[1])])

    a, b = sympy.symbols("a b")
    forms = [a**2 * b, sympy.exp(a * b)]
    at = {a: 0.5, b: -1.0}
    expected = [
        [[[float(sympy.diff(g, p, q, r).subs(at)) for r in (a, b)] for q in (a, b)] for p in (a, b)]
        for g in forms
    ]
    for mode in modes:
        f = ad.jacobian(f, mode=mode)
    np.testing.assert_allclose(f(np.array([0.5, -1.0])), expected, rtol=1e-13)


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2 + ad.sin(x[0] * x[1])


def exact_hessian(point):
    a, b = sympy.symbols("a b")
    form = (1 - a) ** 2 + 100 * (b - a**2) ** 2 + sympy.sin(a * b)
    at = dict(zip((a, b), point, strict=True))
    return np.array([[float(sympy.diff(form, p, q).subs(at)) for q in (a, b)] for p in (a, b)])


@pytest.mark.parametrize("mode", [*COMPOSITIONS, "auto"])
def test_hessian_equals_sympys(mode):
    point = np.array([-1.25, 1.5])
    expected = exact_hessian(point)
    np.testing.assert_allclose(ad.hessian(rosenbrock, mode=mode)(point), expected, rtol=1e-13)

    def of_numbers(x, y):
        return rosenbrock([x, y])

    found = ad.hessian(of_numbers, argnums=(0, 1), mode=mode)(*point)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize("mode", COMPOSITIONS)
def test_hvp_equals_the_hessian_times_the_direction(mode):
    point, v = np.array([-1.25, 1.5]), np.array([0.5, -2.0])
    expected = exact_hessian(point) @ v
    np.testing.assert_allclose(ad.hvp(rosenbrock, point, v, mode=mode), expected, rtol=1e-12)
    tree = {"x": -1.25, "y": 1.5}
    found = ad.hvp(lambda t: rosenbrock([t["x"], t["y"]]), tree, {"x": 0.5, "y": -2.0}, mode=mode)
    assert [found["x"], found["y"]] == pytest.approx(list(expected), rel=1e-12)
    assert ad.hvp(lambda x: x**3, 2.0, 5.0, mode=mode) == 60.0


@pytest.mark.parametrize("mode", COMPOSITIONS)
def test_hessian_of_a_vector_function_and_of_nothing(mode):
    found = ad.hessian(lambda x: x**3, mode=mode)(np.array([1.0, 2.0]))
    assert found.shape == (2, 2, 2)
    assert (found[0, 0, 0], found[1, 1, 1], np.count_nonzero(found)) == (6.0, 12.0, 2)
    assert ad.hessian(lambda x: ad.sum(x * x), mode=mode)(np.zeros(0)).shape == (0, 0)


def test_unknown_modes_are_named():
    for run in (
        lambda: ad.jacobian(ad.sin, mode="backward"),
        lambda: ad.hessian(ad.sin, mode="reverse"),
        lambda: ad.hvp(ad.sin, 1.0, 1.0, mode="both"),
        lambda: ad.check_grads(ad.sin, (1.0,), modes=("backward",)),
    ):
        with pytest.raises(ValueError, match=r"mode .*(backward|reverse|both)"):
            run()


def test_check_grads_accepts_what_is_right():
    x = np.array([0.5, 1.5, 2.5])
    ad.check_grads(lambda x: ad.sum(ad.sin(x) * x), (x,))
    ad.check_grads(lambda x, y: {"a": x * y, "b": [x / y]}, (x, 2.0), order=3)
    ad.check_grads(lambda t: t["x"] ** 2, ({"x": 3},))
    with pytest.raises(TypeError, match="tuple"):
        ad.check_grads(ad.sin, 1.0)


@pytest.fixture
def rule():
    """ad.custom_rule, with what it declares taken back afterwards."""
    before = dict(REGISTRY)
    yield ad.custom_rule
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.parametrize("modes", [("forward",), ("reverse",)])
def test_check_grads_rejects_a_wrong_rule(rule, modes):
    wrong = rule("wrong_cube", lambda x: x**3, [lambda x: 3.001 * x**2])
    with pytest.raises(AssertionError, match=f"{modes[0]} derivative.*central differences"):
        ad.check_grads(lambda x: wrong(x) + x, (1.5,), modes=modes)


def test_check_grads_rejects_a_rule_that_is_wrong_at_second_order_only(rule):
    frozen = rule("frozen_cube", lambda x: x**3, [lambda x: 3 * ad.value(x) ** 2])
    ad.check_grads(frozen, (1.5,), order=1)
    for modes in (("forward",), ("reverse",)):
        with pytest.raises(AssertionError, match=f"{modes[0]} of {modes[0]}"):
            ad.check_grads(frozen, (1.5,), order=2, modes=modes)


def test_check_grads_rejects_modes_that_differ(rule):
    """A transpose that is wrong fails in reverse and passes in forward."""
    op = rule("half_right", lambda x: x * x, [lambda x: 2 * x])
    op.vjp = lambda i, w, y, args, params: 2.5 * args[0] * w
    op.quick = False
    ad.check_grads(op, (np.array([1.5]),), order=1, modes=("forward",))
    with pytest.raises(AssertionError, match="reverse"):
        ad.check_grads(op, (np.array([1.5]),), order=1)


@pytest.mark.parametrize(
    "partials",
    [
        lambda x: 2 * x,
        [lambda x: 2 * x],
        [lambda y, x: 2 * y / x],
        [lambda x, factor=2: factor * x],
    ],
    ids=["bare", "of x", "of y and x", "with a default"],
)
def test_custom_rule_takes_partials_of_the_arguments_or_the_result_too(rule, partials):
    op = rule("own_square", lambda x: x * x, partials, check=True)
    assert op(3) == 9.0
    assert ad.grad(op)(3.0) == 6.0
    assert ad.grad(ad.grad(op))(3.0) == 2.0
    assert ad.jvp(ad.grad(op), (3.0,), (1.0,)) == (6.0, 2.0)
    np.testing.assert_array_equal(ad.jacobian(op)(np.array([1.0, 2.0])), [[2.0, 0.0], [0.0, 4.0]])
    ad.check_grads(op, (np.array([1.0, 2.0]),), order=3)


def test_a_wrong_partial_is_told_with_its_rule_its_point_and_plain_numbers(rule):
    told = r"^custom_rule own_sin: at \(\S+\) the forward derivative, output 0: got [\d.]+, "
    with pytest.raises(AssertionError, match=told + r"central differences give [\d.]+$"):
        rule("own_sin", np.sin, [ad.sin], check=True)


def test_custom_rule_refuses_a_partial_with_star_args(rule):
    with pytest.raises(ValueError, match="does not tell whether it takes the result"):
        rule("own_square", lambda x: x * x, [lambda *given: 2 * given[1]])


def test_custom_rule_takes_operations_and_ufuncs_as_partials(rule):
    own_sin = rule("own_sin", np.sin, [ad.cos], check=True)
    assert ad.grad(ad.grad(own_sin))(0.5) == -math.sin(0.5)
    through_numpy = rule("own_sin", np.sin, [np.cos], check=True)
    assert ad.grad(ad.grad(through_numpy))(0.5) == -math.sin(0.5)
    angle = rule(
        "angle", np.arctan2, [lambda a, b: b / (a * a + b * b), lambda a, b: -a / (a * a + b * b)]
    )
    ad.check_grads(angle, (0.5, -1.5))
    area = rule(
        "area", lambda a, b: a * a * b / 2, [ad.multiply, lambda a, b: a * a / 2], check=True
    )
    assert ad.grad(area, argnums=(0, 1))(3.0, 4.0) == (12.0, 4.5)


def test_custom_rule_of_two_arguments_with_literals(rule):
    op = rule("first_plus_step", lambda a, b: a + np.floor(b), [1, 0], check=True)
    assert ad.grad(op, argnums=(0, 1))(1.5, 2.5) == (1.0, 0.0)
    minus = rule("minus", lambda x: -x, [-1])
    assert ad.grad(minus)(1.0) == -1.0
    nothing = rule("nothing", lambda x: np.floor(x), [0])
    assert ad.jvp(nothing, (1.5,), (math.inf,)) == (1.0, 0.0)
    with pytest.raises(ValueError, match="constant partial"):
        rule("doubled", lambda x: 2 * x, [2])


@pytest.mark.parametrize("symbol", ["erf", sympy.erf, lambda a: sympy.erf(a)])
def test_custom_rule_takes_a_symbol_by_name_or_as_a_function(rule, symbol):
    op = rule(
        "own_erf",
        np.vectorize(math.erf, otypes=[float]),
        [lambda x: 2 / math.sqrt(math.pi) * ad.exp(-x * x)],
        symbol=symbol,
        text="erf {0}",
        rule="Error Rule",
        check=True,
    )
    t = sympy.Symbol("t")
    assert op.symbol(sympy, t) == sympy.erf(t)
    assert op.rule == "Error Rule"
    assert REGISTRY["own_erf"] is op
    assert op.custom


def test_custom_rule_checks_on_request(rule):
    wrong = [lambda x: 2.01 * x]
    rule("unchecked", lambda x: x * x, wrong)
    with pytest.raises(AssertionError, match="central differences"):
        rule("checked", lambda x: x * x, wrong, check=True)
    assert "checked" not in REGISTRY
    right = rule("checked", lambda x: x * x, [lambda x: 2 * x], check=True)
    with pytest.raises(AssertionError):
        rule("checked", lambda x: x * x, wrong, check=True)
    assert REGISTRY["checked"] is right


def test_custom_rule_checks_inside_the_domain_given(rule):
    def partial(x):
        return ad.where(x > 5, 1.0, 2 * x)

    def value(x):
        return np.where(x > 5, x + 20, x * x)

    rule("bent", value, [lambda x: 2 * x], check=True)
    with pytest.raises(AssertionError):
        rule("bent", value, [lambda x: 2 * x], domain=[(6.0, 9.0)], check=True)
    rule("bent", value, [partial], domain=[(6.0, 9.0)], check=True)


def test_custom_rule_may_be_declared_again_but_no_built_in_name_may(rule):
    rule("twice", lambda x: x, [1])
    again = rule("twice", lambda x: 2 * x, [lambda x: 2 + 0 * x])
    assert REGISTRY["twice"] is again
    for name in ("sin", "log", "max", "σ", "getitem", "asin_slope", "input"):
        before = REGISTRY.get(name)
        with pytest.raises(ValueError, match=f"'{name}' is a built-in"):
            rule(name, lambda x: x, [1])
        assert REGISTRY.get(name) is before


def test_custom_rule_at_a_domain_error_gives_a_value(rule):
    op = rule("own_inverse", lambda x: 1 / x, [lambda y, x: -1 / (x * x)])
    assert op(0.0) == math.inf
    assert ad.jvp(op, (0.0,), (1.0,)) == (math.inf, -math.inf)
    assert ad.grad(op)(0.0) == -math.inf
    np.testing.assert_array_equal(ad.grad(lambda x: ad.sum(op(x)))(np.zeros(2)), -math.inf)
