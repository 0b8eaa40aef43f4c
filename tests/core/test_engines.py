"""Both engines: pytrees, pullbacks, NumPy on either side of a number, and what they refuse."""

from __future__ import annotations

import copy
import math
import pickle
from typing import NamedTuple

import numpy as np
import pytest
from harness import derivative

import admodes as ad
from admodes.errors import LostDerivative

MODES = ("forward", "reverse")


class Pair(NamedTuple):
    left: object
    right: object


def test_pytrees_of_inputs_and_outputs():
    def f(number, tree):
        a, b = tree["pair"]
        return {
            "sum": number * a + b[0],
            "list": [ad.sin(a), (b, 3.0)],
            "pair": Pair(left=b * b, right=number),
            "untouched": tree["other"],
            "array": np.array([1.0, 2.0]),
        }

    tree = {"pair": Pair(2.0, np.array([3.0, 4.0])), "other": [5, (6.0,)]}
    seeds = {"pair": Pair(1.0, np.array([0.0, 1.0])), "other": [1, (0.0,)]}
    out, tangent = ad.jvp(f, (1.5, tree), (1.0, seeds))
    assert out["sum"] == 1.5 * 2 + 3
    assert tangent["sum"] == 2.0 + 1.5
    assert tangent["list"][0] == math.cos(2.0)
    np.testing.assert_array_equal(tangent["list"][1][0], [0.0, 1.0])
    assert tangent["list"][1][1] == 0.0
    assert type(tangent["pair"]) is Pair
    np.testing.assert_array_equal(tangent["pair"].left, [0.0, 8.0])
    assert tangent["pair"].right == 1.0
    assert tangent["untouched"] == [1.0, (0.0,)]
    np.testing.assert_array_equal(tangent["array"], [0.0, 0.0])

    again, pullback = ad.vjp(f, 1.5, tree)
    assert again["untouched"] == [5.0, (6.0,)]
    cotangent = {
        "sum": 1.0,
        "list": [2.0, (np.array([1.0, 0.0]), 9.0)],
        "pair": Pair(np.array([0.0, 1.0]), 7.0),
        "untouched": [4.0, (3.0,)],
        "array": np.zeros(2),
    }
    of_number, of_tree = pullback(cotangent)
    assert of_number == 2.0 + 7.0
    assert type(of_tree["pair"]) is Pair
    assert of_tree["pair"].left == 1.5 + 2 * math.cos(2.0)
    np.testing.assert_array_equal(of_tree["pair"].right, [2.0, 8.0])
    assert of_tree["other"] == [4.0, (3.0,)]


def test_a_pytree_of_another_structure_is_refused_by_name():
    _, pullback = ad.vjp(lambda x: (x, [x]), 1.0)
    with pytest.raises(ValueError, match=r"tuple\(\*, \*\).*tuple\(\*, list\(\*\)\)"):
        pullback((1.0, 1.0))
    with pytest.raises(ValueError, match=r"list\(\*\).*tuple\(\*\)|tuple\(list"):
        ad.jvp(lambda x: x, (1.0,), ([1.0],))
    with pytest.raises(ValueError, match=r"shape \(3,\).*shape \(2,\)"):
        ad.jvp(lambda x: x, (np.ones(2),), (np.ones(3),))
    _, pullback = ad.vjp(lambda x: x * 2, np.ones(2))
    with pytest.raises(ValueError, match=r"shape \(\).*shape \(2,\)"):
        pullback(1.0)
    with pytest.raises(TypeError, match="tuples"):
        ad.jvp(lambda x: x, 1.0, 1.0)


@pytest.mark.parametrize("result", ["text", None, object()])
def test_a_result_that_is_no_number_is_refused(result):
    def strange(x):
        return (x, result)

    for run in (lambda: ad.jvp(strange, (1.0,), (1.0,)), lambda: ad.vjp(strange, 1.0)):
        with pytest.raises(TypeError, match="the result of strange"):
            run()


def test_what_a_newcomer_mistakes_is_named():
    def f(x):
        np.sin(x)

    x = np.ones(3)
    with pytest.raises(TypeError, match=r"f is None where .*: is a return missing"):
        ad.grad(f)(1.0)
    for derived in (ad.grad, ad.jacobian, ad.hessian):
        with pytest.raises(TypeError, match=r"that of a function, not of an object of type float"):
            derived(2.0)
    for v in (np.ones(2), 1.0):
        with pytest.raises(ValueError, match=r"hvp: v of shape .* where the point x has"):
            ad.hvp(lambda x: (x**3).sum(), x, v)


def test_unused_arguments_and_constant_results_get_zeros():
    out, pullback = ad.vjp(lambda x, y, z: (y * 2, 7.0), 1.0, 2.0, np.ones((2, 3)))
    assert out == (4.0, 7.0)
    of_x, of_y, of_z = pullback((1.0, 1.0))
    assert (of_x, of_y) == (0.0, 2.0)
    np.testing.assert_array_equal(of_z, np.zeros((2, 3)))
    assert ad.jvp(lambda x: 7, (1.0,), (1.0,)) == (7, 0.0)
    assert ad.grad(lambda x: 7.0)(1.0) == 0.0
    assert ad.vjp(lambda: (1.0, 2.0))[1]((1.0, 1.0)) == ()


def test_an_output_that_is_an_input_or_appears_twice():
    _, pullback = ad.vjp(lambda x: (x, x, x * x), 3.0)
    assert pullback((1.0, 10.0, 100.0)) == (1.0 + 10.0 + 600.0,)


def test_a_pullback_may_be_called_again():
    x = np.array([1.0, 2.0])
    _, pullback = ad.vjp(lambda x: x * x, x)
    (first,) = pullback(np.ones(2))
    first[:] = -1.0
    for _ in range(2):
        np.testing.assert_array_equal(pullback(np.ones(2))[0], [2.0, 4.0])


ARRAY = np.array([1.0, 2.0, 3.0])
MIXED = [
    ("np.sin(x)", lambda x: np.sin(x), math.cos(0.5)),
    ("np.float64(2) * x", lambda x: np.float64(2) * x, 2.0),
    ("x * np.float64(2)", lambda x: x * np.float64(2), 2.0),
    ("np.int64(3) - x", lambda x: np.int64(3) - x, -1.0),
    ("np.float32(2) / x", lambda x: np.float32(2) / x, -8.0),
    ("x ** np.int64(3)", lambda x: x ** np.int64(3), 0.75),
    ("np.float64(2) ** x", lambda x: np.float64(2) ** x, math.sqrt(2) * math.log(2)),
    ("x + array", lambda x: x + ARRAY, np.ones(3)),
    ("array + x", lambda x: ARRAY + x, np.ones(3)),
    ("array - x", lambda x: ARRAY - x, -np.ones(3)),
    ("array / x", lambda x: ARRAY / x, -ARRAY * 4),
    ("array ** x", lambda x: ARRAY**x, ARRAY**0.5 * np.log(ARRAY)),
    ("np.multiply(array, x)", lambda x: np.multiply(ARRAY, x), ARRAY),
    ("np.hypot(x, array)", lambda x: np.hypot(x, ARRAY), 0.5 / np.hypot(0.5, ARRAY)),
    ("np.where", lambda x: np.where(ARRAY > 1.5, x * x, ARRAY), np.array([0.0, 1.0, 1.0])),
    ("np.sum", lambda x: np.sum(x * ARRAY), 6.0),
    ("np.stack", lambda x: np.stack([x, x * x]), np.array([1.0, 1.0])),
    ("np.clip", lambda x: np.clip(x, 0, 1), 1.0),
    ("np.abs", lambda x: np.abs(-x), 1.0),
    ("np.square", lambda x: np.square(x), 1.0),
    ("5 - x", lambda x: 5 - x, -1.0),
    ("-x + +x * abs(x)", lambda x: -x + +x * abs(x), 0.0),
    ("True * x", lambda x: True * x, 1.0),
    ("(array * x)[::-1]", lambda x: (ARRAY * x)[::-1], ARRAY[::-1]),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("f", "expected"), [pytest.param(*m[1:], id=m[0]) for m in MIXED])
def test_numpy_on_either_side(f, expected, mode):
    found = ad.jacobian(f, mode=mode)(0.5)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=0)
    np.testing.assert_allclose(f(0.5), ad.jvp(f, (0.5,), (1.0,))[0], rtol=1e-15)


def test_shape_len_and_iteration():
    def f(x):
        assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float64)
        assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 3), 2, 6)
        first, second = x
        return sum(a * b for a, b in zip(first, second, strict=True)) + x.sum(axis=0)[1]

    x = np.arange(6.0).reshape(2, 3)
    expected = [[3.0, 5.0, 5.0], [0.0, 2.0, 2.0]]
    for mode in MODES:
        np.testing.assert_array_equal(ad.jacobian(f, mode=mode)(x), expected)
    with pytest.raises(TypeError, match=r"scalar.*shape \(\)"):
        ad.grad(lambda x: len(x))(1.0)
    with pytest.raises(TypeError, match="scalar"):
        ad.grad(lambda x: list(x))(1.0)


CAPTURED = np.zeros(3)


def fill(x):
    CAPTURED[0] = x[0]
    return CAPTURED


def fill_slice(x):
    CAPTURED[:2] = x
    return CAPTURED


def add_to_a_part(x):
    part = CAPTURED[:2]
    part += x
    return CAPTURED


def set_item(x):
    x[0] = 1.0
    return x


REFUSED = [
    ("math.sin(x)", lambda x: math.sin(x[0]), LostDerivative, "ad.sin"),
    ("float(x)", lambda x: float(x[0]), LostDerivative, "ad.value"),
    ("int(x)", lambda x: int(x[0]), LostDerivative, "ad.floor"),
    ("complex(x)", lambda x: complex(x[0]), LostDerivative, "complex"),
    ("range(x)", lambda x: range(x[0]), LostDerivative, "range"),
    ("array[x]", lambda x: ARRAY[x[0]], (LostDerivative, IndexError), r"ad\.value"),
    ("np.array([x, 1.0])", lambda x: np.array([x[0], 1.0]), LostDerivative, r"ad\.array"),
    ("np.asarray(x)", lambda x: np.asarray(x), LostDerivative, r"ad\.array"),
    ("buf[i] = x", fill, LostDerivative, r"buf\[i\] = x"),
    ("buf[:2] = x", fill_slice, LostDerivative, r"buf\[i\] = x"),
    ("buf += x", add_to_a_part, TypeError, "plain array"),
    ("x[i] = v", set_item, TypeError, r"changes an argument.*x\.copy\(\)"),
    ("out= whole", lambda x: np.sin(x, out=np.zeros(2, int)), TypeError, r"np\.sin.*out="),
    ("out= traced", lambda x: np.sin(x, out=x), TypeError, r"np\.sin.*changes an argument"),
    ("np.i0", lambda x: np.i0(x), TypeError, r"np\.i0.*CONTRIBUTING"),
    ("np.add.at", lambda x: np.add.at(x, 0, 1.0), TypeError, r"np\.add\.at changes an argument"),
    ("np.add.at", lambda x: np.add.at(CAPTURED, 0, x[0]), TypeError, r"np\.add\.at.*plain array"),
    ("np.copyto", lambda x: np.copyto(CAPTURED[:2], x), TypeError, r"np\.copyto.*plain array"),
    ("x.sort()", lambda x: x.sort(), TypeError, r"x = x\.copy\(\) before it"),
    ("x.astype(int)", lambda x: x.astype(int), LostDerivative, r"ad\.value"),
    ("where=", lambda x: np.sin(x, where=np.ones(2, bool)), TypeError, r"np\.sin with where="),
    ("np.gcd", lambda x: np.gcd(x, 2), TypeError, r"np\.gcd"),
    ("x.nonsense", lambda x: x.nonsense, AttributeError, "nonsense"),
    ("np.sum(dtype=)", lambda x: np.sum(x, dtype=int), TypeError, "dtype="),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("f", "kind", "said"), [pytest.param(*r[1:], id=r[0]) for r in REFUSED])
def test_what_would_lose_a_derivative_is_refused_by_name(f, kind, said, mode):
    x = np.array([1.0, 2.0])
    run = (lambda: ad.jvp(f, (x,), (x,))) if mode == "forward" else lambda: ad.vjp(f, x)
    with pytest.raises(kind, match=said):
        run()


def test_value_is_the_plain_number_at_any_depth():
    kept = []

    def f(x):
        return ad.grad(lambda y: kept.append(ad.value(x * y)) or x * y)(2.0)

    assert ad.grad(f)(3.0) == 1.0
    assert kept == [6.0]
    assert ad.value(5.0) == 5.0
    assert ad.grad(lambda x: x.value * x)(3.0) == 3.0


def test_python_control_flow_follows_the_values():
    def f(x):
        while x < 10.0:
            x = x * x
        return x if x > 20.0 else -x

    for mode in MODES:
        assert derivative(f, 0, mode)(2.0) == -4 * 2.0**3
        assert derivative(f, 0, mode)(3.0) == 4 * 3.0**3


def test_copies_of_traced_values_keep_their_derivative():
    assert ad.grad(lambda x: copy.deepcopy(x) ** 2)(3.0) == 6.0
    assert ad.grad(lambda p: copy.copy(p)["w"] ** 2)({"w": 3.0}) == {"w": 6.0}
    assert ad.jvp(lambda x: copy.copy(x) ** 2, (3.0,), (1.0,)) == (9.0, 6.0)
    with pytest.raises(TypeError, match="pickling"):
        ad.grad(lambda x: pickle.loads(pickle.dumps(x)))(3.0)


def test_dicts_match_by_key():
    primals, tangents = {"x": 1.0, "y": 2.0}, {"y": 0.0, "x": 1.0}
    assert ad.jvp(lambda p: p["x"] * 2 + p["y"], (primals,), (tangents,)) == (4.0, 2.0)


@pytest.mark.parametrize(
    "mode",
    [
        "forward-over-reverse",
        "reverse-over-forward",
        "forward-over-forward",
        "reverse-over-reverse",
    ],
)
def test_second_derivatives_of_a_power_at_base_zero_are_the_limits(mode):
    assert ad.hessian(ad.power, (0, 1), mode)(0.0, 2.0) == ((2.0, 0.0), (0.0, 0.0))


def test_operators_of_carriers():
    assert f"{ad.Variable(1.234567):.2f}" == "1.23"
    assert (ad.Variable(1.0) == None) is False  # noqa: E711


def test_integer_constants_keep_float32():
    x = np.ones(2, np.float32)
    for f in (lambda x: x * 2, lambda x: 1 / x, lambda x: x**3, lambda x: ad.clip(x, 0, 1)):
        assert ad.vjp(f, x)[0].dtype == np.float32
    assert ad.grad(lambda x: (x / math.factorial(25)).sum())(np.ones(1))[0] > 0


def test_argnums_are_checked_and_keywords_are_constants():
    with pytest.raises(ValueError, match="twice"):
        ad.grad(lambda x, y: x * y, argnums=(0, -2))(1.0, 2.0)
    with pytest.raises(TypeError, match="tuple of positions"):
        ad.grad(lambda x, y: x * y, argnums=[0, 1])(1.0, 2.0)
    assert ad.grad(lambda x, y: x * y)(1.0, y=2.0) == 2.0
    with pytest.raises(TypeError, match="one number"):
        ad.hvp(lambda x: x**2, np.ones(2), np.ones(2), "reverse-over-forward")


def test_the_gradient_of_a_nan_maximum_goes_to_the_nan():
    x = np.array([[2.0, np.nan, 2.0], [3.0, 1.0, 3.0]])
    for mode in MODES:
        found = ad.jacobian(lambda x: x.max(axis=1), mode=mode)(x)
        np.testing.assert_array_equal(found[0, 0], [0.0, 1.0, 0.0])
        np.testing.assert_array_equal(found[1, 1], [0.5, 0.0, 0.5])


def test_numbers_take_the_indices_that_numpy_scalars_take():
    x = np.array([1.0, 2.0])
    for index in (None, (), ..., (None, ...)):
        assert np.shape(ad.jacobian(lambda x: x.sum()[index])(x)) == (
            *np.shape(np.float64(1.0)[index]),
            2,
        )


def test_inverting_numbers_is_refused():
    for mode in MODES:
        with pytest.raises(TypeError, match="truth values"):
            ad.jacobian(lambda x: ~x, mode=mode)(np.ones(2))
        np.testing.assert_array_equal(
            ad.jacobian(lambda x: np.where(~(x > 1.0), x, 0.0), mode=mode)(np.array([0.5, 2.0])),
            [[1.0, 0.0], [0.0, 0.0]],
        )


def test_a_strong_zero_beside_a_traced_contribution():
    """Plain arrays and traced values meet in one adjoint: nan must not come from 0 × inf."""
    z = np.array([-1.0, 0.0, 4.0])

    def inner(a):
        def f(z):
            return np.sum(np.where(z > 0, np.sqrt(z), 0.0)) + a * np.sum(z)

        return ad.grad(f)(z)

    out, tangent = ad.jvp(inner, (2.0,), (1.0,))
    np.testing.assert_array_equal(out, [2.0, 2.0, 2.25])
    np.testing.assert_array_equal(tangent, np.ones(3))
    np.testing.assert_array_equal(ad.jacobian(inner, mode="reverse")(2.0), np.ones(3))


def test_max_and_min_reduce_one_array_and_compare_several():
    x = np.array([[1.0, 5.0, 5.0], [7.0, 2.0, 3.0]])
    np.testing.assert_array_equal(ad.max(x, axis=0), x.max(axis=0))
    np.testing.assert_array_equal(ad.min(x, axis=1, keepdims=True), x.min(axis=1, keepdims=True))
    np.testing.assert_array_equal(
        ad.jacobian(lambda x: ad.max(x, axis=1))(x)[0], [[0.0, 0.5, 0.5], [0.0, 0.0, 0.0]]
    )
    assert ad.max(1.0, 3.0, 2.0) == 3.0
    with pytest.raises(TypeError, match="stack them"):
        ad.max(1.0, 2.0, axis=0)
    with pytest.raises(TypeError, match=r"ad\.max"):
        ad.maximum(x)
