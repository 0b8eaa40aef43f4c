"""Both engines: nesting, threads, long chains, pytrees, and what they refuse."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import subprocess
import sys
import threading
from typing import NamedTuple

import numpy as np
import pytest
import sympy
from harness import derivative, nestings

import admodes as ad
from admodes.core.carrier import LostDerivative
from admodes.core.tape import Node

MODES = ("forward", "reverse")


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
    for mode in MODES:
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


def test_eight_threads_of_nested_gradients():
    start = threading.Barrier(8)
    found: dict[int, list] = {}

    def work(k):
        start.wait()
        found[k] = [
            D[outer](lambda x: x * D[inner](lambda y: (k + x) * y * y)(x))(1.0 + n / 100)
            for n in range(60)
            for outer, inner in nestings(2)
        ]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    # x · 2 (k + x) x = 2 k x² + 2 x³ has the derivative 4 k x + 6 x².
    for k in range(8):
        xs = [1.0 + n / 100 for n in range(60) for _ in range(4)]
        assert found[k] == pytest.approx([4 * k * x + 6 * x * x for x in xs], rel=1e-14)


LONG = """
import gc, sys, threading
import admodes as ad
n = 1_000_000

def chain(x):
    y = x
    for _ in range(n):
        y = y * 1.000001 if _ % 2 else y - x
    return y

def run():
    sys.setrecursionlimit(120)
    out, tangent = ad.jvp(chain, (1.0,), (1.0,))
    again, pullback = ad.vjp(chain, 1.0)
    assert out == again
    (slope,) = pullback(1.0)
    assert abs(slope - tangent) <= 1e-9 * abs(tangent), (slope, tangent)
    assert pullback(2.0)[0] == 2 * slope
    del pullback
    gc.collect()
    print("done")

threading.stack_size(4 * 1024 * 1024)
t = threading.Thread(target=run)
t.start()
t.join()
"""


def test_a_chain_of_a_million_operations_needs_no_recursion():
    """Differentiated and freed under a recursion limit of 120, on a C stack of 4 MB."""
    done = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def nodes_alive():
    gc.collect()
    return sum(isinstance(o, Node) for o in gc.get_objects())


def test_nodes_live_no_longer_than_what_refers_to_them():
    before = nodes_alive()
    _, pullback = ad.vjp(lambda x: ad.sin(x) * x, 1.0)
    assert nodes_alive() > before
    del pullback
    assert nodes_alive() == before
    gc.disable()
    try:
        ad.grad(lambda x: ad.sin(x * x))(2.0)
        alive = sum(isinstance(o, Node) for o in gc.get_objects())
        assert alive == before, "nodes are kept alive by a reference cycle"
    finally:
        gc.enable()


@pytest.mark.parametrize("mode", MODES)
def test_an_exception_leaves_no_state_behind(mode):
    class Boom(Exception):
        pass

    kept = []

    def bad(x):
        kept.append(x)
        y = ad.sin(x) * D["forward"](lambda z: z * x)(1.0)
        kept.append(y)
        raise Boom

    before = nodes_alive()
    for _ in range(3):
        with pytest.raises(Boom):
            D[mode](bad)(1.0)
    assert not any(x.level.alive for x in kept)
    kept.clear()
    assert D[mode](lambda x: x * D[mode](lambda y: x + y)(1.0))(1.0) == 1.0
    assert nodes_alive() == before


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

    for mode in MODES:
        with pytest.raises(ValueError, match="outlived the derivative call"):
            D[mode](outer)(1.0)


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


def test_changing_an_input_afterwards_does_not_change_the_pullback():
    x = np.array([1.0, 2.0])
    out, pullback = ad.vjp(lambda x: x * x, x)
    same, identity = ad.vjp(lambda x: x, x)
    x[:] = 100.0
    out[:] = 200.0
    same[:] = 300.0
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [2.0, 4.0])
    w = np.ones(2)
    (back,) = identity(w)
    back[:] = 5.0
    np.testing.assert_array_equal(w, 1.0)


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


def fill(x):
    buffer = np.zeros(3)
    buffer[0] = x[0]
    return buffer


def fill_slice(x):
    buffer = np.zeros(3)
    buffer[:2] = x
    return buffer


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
    ("x[i] = v", set_item, TypeError, r"cannot be assigned into.*ad\.where"),
    ("out= whole", lambda x: np.sin(x, out=np.zeros(2, int)), TypeError, r"np\.sin.*out="),
    ("out= traced", lambda x: np.sin(x, out=x), TypeError, r"np\.sin.*out= cannot"),
    ("np.i0", lambda x: np.i0(x), TypeError, r"np\.i0.*CONTRIBUTING"),
    ("np.add.at", lambda x: np.add.at(x, 0, 1.0), TypeError, r"np\.add\.at.*np\.where"),
    ("x.sort()", lambda x: x.sort(), TypeError, r"np\.sort"),
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


def test_memory_of_a_forward_sweep_does_not_grow_with_the_chain():
    def f(x):
        y = x
        for _ in range(20_000):
            y = y * 1.0001
        return y

    before = len(gc.get_objects())
    ad.jvp(f, (1.0,), (1.0,))
    assert len(gc.get_objects()) - before < 100


def test_copies_of_traced_values_keep_their_derivative():
    assert ad.grad(lambda x: copy.deepcopy(x) ** 2)(3.0) == 6.0
    assert ad.grad(lambda p: copy.copy(p)["w"] ** 2)({"w": 3.0}) == {"w": 6.0}
    assert ad.jvp(lambda x: copy.copy(x) ** 2, (3.0,), (1.0,)) == (9.0, 6.0)
    with pytest.raises(TypeError, match="pickling"):
        ad.grad(lambda x: pickle.loads(pickle.dumps(x)))(3.0)


def test_a_buffer_reused_inside_the_function_does_not_change_what_was_computed():
    def scaled(x):
        c, y = np.array([1.0]), x
        for k in range(3):
            c[0] = k + 1.0
            y = y * c
        return y.sum()

    def masked(x):
        mask, total = np.zeros(2, bool), 0.0
        for i in range(2):
            mask[:] = False
            mask[i] = True
            total = total + ad.where(mask, x * (i + 1.0), 0.0).sum()
        return total

    def indexed(x):
        index, total = [0], 0.0
        for i in range(2):
            index[0] = i
            total = total + (x[index] * (i + 1)).sum()
        return total

    x = np.array([1.0, 1.0])
    np.testing.assert_array_equal(ad.grad(scaled)(np.array([1.0])), [6.0])
    assert ad.trace(scaled, np.array([1.0])).jacobian["reverse"] == [[6.0]]
    np.testing.assert_array_equal(ad.grad(masked)(x), [1.0, 2.0])
    np.testing.assert_array_equal(ad.grad(indexed)(x), [1.0, 2.0])


def test_results_do_not_alias_the_inputs():
    x, v = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    out, dot = ad.jvp(lambda x: x, (x,), (v,))
    out[0] = dot[0] = 9.0
    assert (x[0], v[0]) == (1.0, 1.0)
    with pytest.raises(ValueError, match="read-only"):
        ad.grad(lambda x: ad.value(x).__setitem__(0, 9.0) or x.sum())(x)


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
