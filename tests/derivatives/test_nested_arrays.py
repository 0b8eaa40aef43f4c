"""Derivatives of derivatives of array functions: all orders of the modes, closed forms, sympy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy
from harness import nestings

import admodes as ad

MODES = ("forward", "reverse")
COMPOSITIONS = (
    "forward-over-reverse",
    "reverse-over-forward",
    "forward-over-forward",
    "reverse-over-reverse",
)
PAIRS = pytest.mark.parametrize(("outer", "inner"), nestings(2))

A = np.array([[0.5, -1.25], [2.0, 0.75]])
X, Y = sympy.symbols("x y", real=True)
SYMBOLS = np.array([X, Y], object)


def _outer(x):
    return x[:, None] * x[None, :]


# name: the function, the same in sympy (None: the very same code on an array of symbols), a point.
FUNCTIONS = {
    "matmul": (lambda x: (A @ x) @ _outer(x) @ (A.T @ (x * x)), None, (0.75, -1.5)),
    "vector products": (lambda x: (x @ x) * (x @ A @ x) * (x * x) @ x, None, (0.75, 0.5)),
    "broadcasting": (
        lambda x: np.sum((x[:, None] * x - 0.5 * x) ** 3 * x[None]),
        None,
        (0.75, -1.5),
    ),
    "indexing": (
        lambda x: np.sum(x[[0, 1, 1]] ** 2 * x[::-1][[0, 0, 1]] ** 3) + x[-1] * x[0] ** 3,
        None,
        (0.75, -1.5),
    ),
    "sum over axes": (
        lambda x: np.sum(np.sum(_outer(x) ** 2, axis=0) * np.sum(_outer(x) * A, axis=-1)),
        None,
        (0.75, -1.5),
    ),
    "prod": (lambda x: np.prod(x) * np.prod(np.concatenate([x, x + 1.0])), None, (0.75, -1.5)),
    "prod at 0": (lambda x: np.prod(x * x) * np.prod(x + 1.0), None, (0.0, 1.5)),
    "prod at two zeros": (lambda x: np.prod(np.concatenate([x, x])), None, (0.0, 0.0)),
    "scans": (lambda x: np.sum(np.cumprod(x) * np.cumsum(x) ** 2), None, (0.75, -1.5)),
    "einsum": (
        lambda x: np.einsum("i,ij,j->", x * x, A, x**2),
        lambda x: (x * x) @ A @ (x * x),
        (0.75, -1.5),
    ),
    "norm": (
        lambda x: np.linalg.norm(x) ** 3 + np.linalg.norm(x[1:]),
        lambda x: sympy.sqrt(x @ x) ** 3 + sympy.sqrt(x[1] ** 2),
        (0.75, 1.5),
    ),
    "log of a sum": (
        lambda x: np.log(np.sum(np.exp(A @ x))),
        lambda x: sympy.log(sum(map(sympy.exp, A @ x))),
        (0.75, -0.5),
    ),
    "det": (
        lambda x: np.linalg.det(_outer(x) + A * x),
        lambda x: sympy.Matrix(_outer(x) + A * x).det(),
        (0.75, 1.5),
    ),
    "inv": (
        lambda x: np.sum(np.linalg.inv(_outer(x) + A + 2.0) * A),
        lambda x: np.sum(np.array(sympy.Matrix(_outer(x) + A + 2.0).inv()) * A),
        (0.75, 0.5),
    ),
    "solve": (
        lambda x: np.linalg.solve(_outer(x) + A + 2.0, x * x)[0],
        lambda x: (sympy.Matrix(_outer(x) + A + 2.0).inv() @ sympy.Matrix(x * x))[0],
        (0.75, 0.5),
    ),
    "max and sort": (
        lambda x: np.max(x) ** 3 * np.sort(x)[0] ** 2,
        lambda x: x[0] ** 3 * x[1] ** 2,
        (0.75, -1.5),
    ),
    "variance": (lambda x: np.var(x) ** 2, lambda x: ((x[0] - x[1]) / 2) ** 4, (0.75, -1.5)),
    "tanh layer": (
        lambda x: np.sum(np.tanh(A @ np.tanh(A @ x))),
        lambda x: sum(map(sympy.tanh, A @ np.array(list(map(sympy.tanh, A @ x))))),
        (0.25, -0.5),
    ),
}


def fourth_of(name):
    """All fourth derivatives by sympy, as an array of shape (2, 2, 2, 2)."""
    f, symbolic, point = FUNCTIONS[name]
    expression = sympy.nsimplify((symbolic or f)(SYMBOLS), rational=True)
    at = dict(zip((X, Y), map(sympy.Rational, point), strict=True))
    found = np.empty((2,) * 4)
    for k in range(5):
        # Of mixed derivatives only the number of each variable counts.
        partial = sympy.diff(expression, X, 4 - k, Y, k).subs(at).evalf(30)
        for index in set(itertools.permutations((0,) * (4 - k) + (1,) * k)):
            found[index] = float(partial)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_fourth_derivatives_in_all_sixteen_orders(name):
    f, _, point = FUNCTIONS[name]
    expected = fourth_of(name)
    scale = max(1.0, np.max(np.abs(expected)))
    for modes in nestings(4):
        g = f
        for mode in reversed(modes):
            g = ad.jacobian(g, mode=mode)
        found = g(np.array(point))
        np.testing.assert_allclose(found, expected, atol=1e-11 * scale, err_msg=str(modes))


@pytest.mark.parametrize("modes", nestings(3), ids="-".join)
def test_third_derivatives_by_directions(modes):
    """jvp and vjp nested as they are, along a different direction at each level."""
    rng = np.random.default_rng(3)
    x, *vs = rng.normal(size=(4, 2))

    def f(x):
        return np.sum(np.sin(A @ x) * x[::-1])

    def along(g, mode, v):
        if mode == "forward":
            return lambda x: ad.jvp(g, (x,), (v,))[1]
        return lambda x: ad.vjp(g, x)[1](1.0)[0] @ v

    g = f
    for mode, v in zip(modes, vs, strict=True):
        g = along(g, mode, v)
    # Σ_i sin(a_i x) x_{1-i}, differentiated by hand: -cos per sine and one of the sines' factors.
    a, turned = A @ x, x[::-1]
    slopes = [A @ v for v in vs]
    expected = np.sum(-np.cos(a) * np.prod(slopes, axis=0) * turned)
    for k, v in enumerate(vs):
        others = np.prod([s for i, s in enumerate(slopes) if i != k], axis=0)
        expected += np.sum(-np.sin(a) * others * v[::-1])
    assert g(x) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_grad_of_jacobian_of_jvp(mode):
    """f = A x³: the tangent is 3 A (x² v), its Jacobian 6 A diag(x v), weighted and differentiated
    with respect to x and v."""
    x, v = np.array([0.75, -1.5]), np.array([2.0, 0.5])
    w = np.array([[1.0, -2.0], [0.25, 3.0]])

    def f(x):
        return A @ x**3

    def weighted(x, v):
        return np.sum(w * ad.jacobian(lambda x: ad.jvp(f, (x,), (v,))[1], mode=mode)(x))

    of_x, of_v = ad.grad(weighted, argnums=(0, 1))(x, v)
    np.testing.assert_allclose(of_x, 6 * v * np.sum(w * A, axis=0), rtol=1e-14)
    np.testing.assert_allclose(of_v, 6 * x * np.sum(w * A, axis=0), rtol=1e-14)


@PAIRS
def test_jvp_of_a_hessian_and_hessian_of_a_jvp(outer, inner):
    """f = Σ exp(x_i): the Hessian is diag(exp x), so both are diag(v exp x)."""
    x, v = np.array([0.75, -1.5, 0.1]), np.array([2.0, 0.5, -1.0])

    def f(x):
        return np.sum(np.exp(x))

    mode = f"{outer}-over-{inner}"
    expected = np.diag(v * np.exp(x))
    first = ad.jvp(ad.hessian(f, mode=mode), (x,), (v,))[1]
    second = ad.hessian(lambda x: ad.jvp(f, (x,), (v,))[1], mode=mode)(x)
    third = ad.jacobian(lambda x: ad.hvp(f, x, v, mode=mode), mode=outer)(x)
    fourth = ad.jacobian(lambda v: ad.hvp(f, x, v, mode=mode), mode=inner)(v)
    np.testing.assert_allclose(first, expected, rtol=1e-14)
    np.testing.assert_allclose(second, expected, rtol=1e-14)
    np.testing.assert_allclose(third, expected, rtol=1e-14)
    np.testing.assert_allclose(fourth, np.diag(np.exp(x)), rtol=1e-14)


def test_a_pullback_is_linear_in_its_cotangent_and_may_be_differentiated():
    x, w = np.array([0.75, -1.5]), np.array([2.0, 0.5])
    _, pullback = ad.vjp(lambda x: A @ (x * x), x)
    expected = (A * (2 * x)).T
    for mode in MODES:
        found = ad.jacobian(lambda w: pullback(w)[0], mode=mode)(w)
        np.testing.assert_allclose(found, expected, rtol=1e-14)


# Perturbation confusion.


@PAIRS
def test_an_inner_jacobian_that_closes_over_the_outer_array(outer, inner):
    x = np.array([0.5, -2.0, 3.0])
    one = np.ones(3)

    def confused(x):
        return x * np.diagonal(ad.jacobian(lambda y: x + y, mode=inner)(one))

    np.testing.assert_array_equal(ad.jacobian(confused, mode=outer)(x), np.eye(3))

    def product(x):
        """x (Σ x): the inner gradient of Σ x y is x."""
        return x * np.sum(ad.jacobian(lambda y: x @ y, mode=inner)(one))

    expected = np.sum(x) * np.eye(3) + x[:, None]
    np.testing.assert_allclose(ad.jacobian(product, mode=outer)(x), expected, rtol=1e-15)

    def at_itself(x):
        """The inner point is the outer variable: the diagonal of x_i y_j² is 2 x²."""
        return np.diagonal(ad.jacobian(lambda y: x * y**2, mode=inner)(x))

    expected = np.diag(4 * x)
    np.testing.assert_allclose(ad.jacobian(at_itself, mode=outer)(x), expected, rtol=1e-15)


@pytest.mark.parametrize("modes", nestings(3), ids="-".join)
def test_three_levels_of_arrays_stay_apart(modes):
    """D_x [x D_y [y D_z [x y z² ]]]: entry by entry 2 x y z at z = y, then 6 x y² … at y = x."""
    first, second, third = modes
    x = np.array([0.5, -2.0])

    def diagonal(f, mode):
        return lambda x: np.diagonal(ad.jacobian(f, mode=mode)(x))

    def middle(x):
        return diagonal(lambda y: y * diagonal(lambda z: x * y * z * z, third)(y), second)(x)

    # y · 2 x y² = 2 x y³; its derivative 6 x y², at y = x: 6 x³; times x: 6 x⁴; then 24 x³.
    found = ad.jacobian(lambda x: x * middle(x), mode=first)(x)
    np.testing.assert_allclose(found, np.diag(24 * x**3), rtol=1e-14)


@PAIRS
def test_a_captured_outer_value_in_a_product_of_matrices(outer, inner):
    """g(M) = ∂/∂N tr(M N M N) at N = M is 2 (M M M)ᵀ; the Jacobian of its trace is 6 (M M)ᵀ."""
    m = np.array([[0.5, 1.0], [-0.25, 2.0]])

    def g(m):
        return np.trace(ad.jacobian(lambda n: np.trace(m @ n @ m @ n), mode=inner)(m))

    np.testing.assert_allclose(ad.jacobian(g, mode=outer)(m), 6 * (m @ m).T, rtol=1e-14)


# Hessians.

M = np.array([[0.5, -1.0, 0.25], [1.5, 0.75, -0.5]])


def energy(m):
    return np.sum(np.tanh(m @ m.T)) + np.prod(m) + m[0] @ np.exp(m[1]) + np.linalg.norm(m) ** 3


def test_hessians_of_a_matrix_in_all_four_compositions():
    names = sympy.symbols("m:6", real=True)
    m = sympy.Matrix(2, 3, names)
    square = m @ m.T
    expression = (
        sum(map(sympy.tanh, square))
        + sympy.prod(names)
        + sum(m[0, k] * sympy.exp(m[1, k]) for k in range(3))
        + sympy.sqrt(sum(n**2 for n in names)) ** 3
    )
    at = dict(zip(names, map(sympy.Rational, M.ravel()), strict=True))
    expected = np.array(sympy.hessian(expression, names).subs(at).evalf(30), float)
    v = np.arange(6.0).reshape(2, 3) - 2.0
    for mode in ("auto", *COMPOSITIONS):
        found = ad.hessian(energy, mode=mode)(M)
        assert found.shape == (2, 3, 2, 3)
        np.testing.assert_allclose(found.reshape(6, 6), expected, rtol=1e-12, atol=1e-12)
        along = ad.hvp(energy, M, v, mode=mode)
        np.testing.assert_allclose(along.ravel(), expected @ v.ravel(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", COMPOSITIONS)
def test_hessians_of_a_tree(mode):
    tree = {"w": np.array([[0.5, -1.0], [0.25, 2.0]]), "b": np.array([0.1, -0.3])}
    x = np.array([1.5, -0.5])

    def f(t):
        return np.sum(np.sin(t["w"] @ x + t["b"]))

    found = ad.hessian(f, mode=mode)(tree)
    second = -np.sin(tree["w"] @ x + tree["b"])
    np.testing.assert_allclose(found["b"]["b"], np.diag(second), rtol=1e-14)
    expected = np.einsum("i,ik,j->ijk", second, np.eye(2), x)
    np.testing.assert_allclose(found["w"]["b"], expected, rtol=1e-14)
    expected = np.einsum("i,ik,j,l->ijkl", second, np.eye(2), x, x)
    np.testing.assert_allclose(found["w"]["w"], expected, rtol=1e-14)


# Branches that are not taken.

UNTAKEN = {
    "root of a negative number": (
        lambda x: np.where(x > 0, np.sqrt(x) * x, x**2),
        (-1.0, 0.25),
        (2.0, 1.5),
    ),
    "logarithm of zero": (lambda x: np.where(x > 0, np.log(x), x**3), (0.0, 0.5), (0.0, -4.0)),
    "quotient at zero": (
        lambda x: np.where(x == 0, 1.0 - x * x / 6, np.sin(x) / x),
        (0.0, np.pi),
        (-1 / 3, 2 / np.pi**2),
    ),
    "nan as it is": (lambda x: np.where(x > 0, x**2, np.nan * x), (1.0, 0.5), (2.0, 2.0)),
    "overflow": (
        lambda x: np.where(x > 100, x**2, np.exp(x)),
        (1000.0, 0.5),
        (2.0, np.exp(0.5)),
    ),
}


@pytest.mark.filterwarnings("ignore::admodes.KinkWarning")
@pytest.mark.parametrize("mode", COMPOSITIONS)
@pytest.mark.parametrize("name", UNTAKEN)
def test_a_branch_that_is_not_taken_leaves_no_nan_at_second_order(name, mode):
    f, point, curvatures = UNTAKEN[name]
    x = np.array(point)
    found = ad.hessian(lambda x: np.sum(f(x)), mode=mode)(x)
    np.testing.assert_allclose(found, np.diag(curvatures), rtol=1e-13, atol=1e-15)
    found = ad.jacobian(ad.jacobian(f))(x)
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize("modes", nestings(3), ids="-".join)
def test_a_branch_that_is_not_taken_at_third_order(modes):
    f = g = UNTAKEN["root of a negative number"][0]
    for mode in modes:
        g = ad.jacobian(g, mode=mode)
    found = g(np.array([-1.0, 0.25]))
    expected = np.zeros((2,) * 4)
    expected[1, 1, 1, 1] = -3 / 8 * 0.25**-1.5
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert f is UNTAKEN["root of a negative number"][0]
