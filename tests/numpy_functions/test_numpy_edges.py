"""NumPy functions at points where a rule may go wrong: zeros, ties, singular matrices, branches
that are not taken, buffers; and plain values on either side of an operator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from harness import check_transpose, difference, directions
from seeds import generator

import admodes as ad


def both_modes(f, x):
    return ad.grad(f)(x), np.array([ad.jvp(f, (x,), (v,))[1] for v in np.eye(x.size)]).ravel()


def test_norm_and_std_where_they_have_no_derivative():
    for f in (np.linalg.norm, lambda x: np.linalg.norm(x) ** 2, np.std, lambda x: np.std(x + 3)):
        for found in both_modes(f, np.zeros(3)):
            np.testing.assert_array_equal(found, 0.0)


def test_sinc_at_zero():
    assert ad.grad(np.sinc)(0.0) == 0.0
    assert ad.grad(ad.grad(np.sinc))(0.0) == pytest.approx(-(math.pi**2) / 3, rel=1e-15)
    assert ad.grad(ad.grad(ad.grad(ad.grad(np.sinc))))(0.0) == pytest.approx(math.pi**4 / 5)


@pytest.mark.parametrize("f", [np.prod, np.cumprod, np.multiply.reduce, np.multiply.accumulate])
@pytest.mark.parametrize("x", [[2.0, 0.0, 3.0, -1.0], [0.0, 2.0, 0.0, 3.0], [0.0] * 3])
def test_products_with_zeros(f, x):
    x = np.array(x)
    n = range(len(x))

    def without(stop, *left_out):
        return math.prod(x[k] for k in range(stop) if k not in left_out)

    stops = [len(x)] if f in (np.prod, np.multiply.reduce) else [k + 1 for k in n]
    slopes = np.array([[without(s, i) if i < s else 0.0 for i in n] for s in stops])
    second = np.array(
        [
            [[without(s, i, j) if i != j and max(i, j) < s else 0.0 for j in n] for i in n]
            for s in stops
        ]
    )
    for mode in ("forward", "reverse"):
        found = ad.jacobian(f, mode=mode)(x)
        np.testing.assert_allclose(found, slopes.reshape(found.shape))
        for outer in ("forward", "reverse"):
            found = ad.jacobian(ad.jacobian(f, mode=mode), mode=outer)(x)
            np.testing.assert_allclose(found, second.reshape(found.shape))


@pytest.mark.parametrize("f", [np.max, np.min, np.maximum.reduce, np.nanmax])
def test_ties_share_equally(f):
    for found in both_modes(f, np.array([2.0, 2.0, 2.0, 2.0])):
        np.testing.assert_array_equal(found, 0.25)


def test_determinants_of_singular_matrices():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(ad.grad(np.linalg.det)(a), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    found = ad.hessian(np.linalg.det)(a)
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1.0
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1.0
    np.testing.assert_allclose(found, expected, atol=1e-14)
    np.testing.assert_array_equal(ad.grad(np.linalg.det)(np.zeros((3, 3))), 0.0)


@pytest.mark.parametrize("f", [np.linalg.eigvalsh, lambda x: np.linalg.svd(x, compute_uv=False)])
def test_equal_eigenvalues_have_finite_derivatives(f):
    """The sum of the eigenvalues of the identity is the trace nearby."""
    for found in (ad.grad(lambda x: np.sum(f(x)))(np.eye(3)),):
        np.testing.assert_allclose(found, np.eye(3), atol=1e-15)
    t = np.diag([1.0, 2.0, 3.0])
    assert np.sum(ad.jvp(f, (np.eye(3),), (t,))[1]) == pytest.approx(6.0)


def test_where_with_nan_in_the_branch_that_is_not_taken():
    x = np.array([-1.0, 4.0])
    for found in both_modes(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 2 * x)), x):
        np.testing.assert_array_equal(found, [2.0, 0.25])


def test_division_where_it_is_defined():
    b = np.array([2.0, 0.0, 4.0])

    def f(a):
        return np.sum(np.divide(a, b, out=np.zeros_like(a), where=b != 0))

    for found in both_modes(f, np.array([1.0, 2.0, 3.0])):
        np.testing.assert_array_equal(found, [0.5, 0.0, 0.25])
    with pytest.raises(TypeError, match=r"np\.where"):
        ad.grad(lambda x: np.sum(np.add(x, 1.0, where=b != 0)))(b)


def test_buffers_are_rebound():
    x = np.array([1.0, 2.0, 3.0])

    def f(x):
        buf = np.zeros(3)
        buf += x
        buf *= x
        buf -= 1.0
        buf /= np.array([1.0, 2.0, 4.0])
        return np.sum(buf)

    for found in both_modes(f, x):
        np.testing.assert_array_equal(found, 2 * x / [1.0, 2.0, 4.0])


OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "divmod": lambda a, b: divmod(a, b)[1] + divmod(a, b)[0],
    "@": lambda a, b: a @ b,
}
PLAINS = [
    np.array([[2.5, 1.5], [0.5, 3.0]]),
    np.array([[2, 1], [1, 3]]),
    np.array([[True, True], [True, True]]),
    np.float64(2.0),
    np.float32(2.0),
    np.int64(3),
    2.0,
    3,
    True,
]


@pytest.mark.parametrize("c", PLAINS, ids=lambda c: f"{type(c).__name__}-{np.asarray(c).dtype}")
@pytest.mark.parametrize("name", OPERATORS)
def test_plain_values_on_either_side_of_an_operator(name, c):
    x = np.array([[1.27, 0.35], [0.83, 1.45]])
    plain_c = np.asarray(c) + 0.0
    if name == "@" and plain_c.ndim == 0:
        return
    for f, g in (
        (lambda x: OPERATORS[name](x, c), lambda x: OPERATORS[name](x, plain_c)),
        (lambda x: OPERATORS[name](c, x), lambda x: OPERATORS[name](plain_c, x)),
    ):
        vs = directions((x,), generator(5))
        out, tangent = ad.jvp(f, (x,), vs)
        np.testing.assert_allclose(out, g(x))
        np.testing.assert_allclose(tangent, difference(g, (x,), vs, h=1e-4), rtol=1e-7, atol=1e-8)
        check_transpose(f, (x,))


PLAIN = np.zeros(3)


def test_what_would_lose_the_derivative_is_refused():
    refused = [
        (lambda x: np.array([x[0], 1.0]), r"ad\.array|np\.stack"),
        (lambda x: np.asarray(x), r"ad\.array|np\.stack"),
        (lambda x: np.dot(x, x, out=np.zeros(())), "out="),
        (lambda x: np.fft.fft(x, out=np.zeros(3, complex)), "out="),
        (lambda x: np.cumsum(x, out=np.zeros(3)), "out="),
        (lambda x: np.copyto(PLAIN, x), "plain array that the function did not make"),
        (lambda x: np.put(x, 0, 1.0), "changes an argument of the function"),
        (lambda x: np.fill_diagonal(x.reshape(3, 1), 1.0), "changes an argument of the function"),
        (lambda x: np.add.at(PLAIN, [0, 1, 2], x), "plain array that the function did not make"),
        (lambda x: x.sort(), r"write x = x\.copy\(\) before it"),
        (lambda x: (x * 1).resize(2), r"write x = np\.resize\(x, …\)"),
        (lambda x: np.place(PLAIN, PLAIN > 1, x), "plain array that the function did not make"),
        (lambda x: PLAIN.flat.__setitem__(0, x[0]), "copy it inside the function"),
        (lambda x: x.view(np.int64), r"ad\.value\(x\)\.view"),
        (lambda x: x.view(dtype=np.int64), r"ad\.value\(x\)\.view"),
        (lambda x: x.astype(int), "derivative"),
        (lambda x: np.sum(x, dtype=int), "derivative"),
        (lambda x: np.histogram(x), "bins"),
        (lambda x: np.sort_complex(x), "no derivative in admodes"),
        (lambda x: np.linalg.svd(np.ones((2, 3)) * x, full_matrices=True), "full_matrices=False"),
        (lambda x: np.floor(x + 1j), "complex"),
    ]
    for f, said in refused:
        for run in (lambda: ad.jvp(f, (np.ones(3),), (np.ones(3),)), lambda: ad.vjp(f, np.ones(3))):
            with pytest.raises(TypeError, match=said):
                run()


def test_rounding_of_numbers_by_python():
    for f, expected in ((lambda x: round(x, 1), 1.3), (math.floor, 1.0), (math.ceil, 2.0)):
        assert ad.value_and_grad(lambda x: f(x) * x)(1.27) == pytest.approx(
            (expected * 1.27, expected)
        )


def test_complex_gradients_point_uphill():
    """∂u/∂x + i ∂u/∂y of |z|² is 2 z, and of Re z² it is 2 conj(z)."""
    z = np.array([1.0 + 2.0j, -0.5 + 0.25j])
    np.testing.assert_allclose(ad.vjp(lambda z: np.sum(np.abs(z) ** 2), z)[1](1.0)[0], 2 * z)
    np.testing.assert_allclose(ad.vjp(lambda z: np.sum((z * z).real), z)[1](1.0)[0], 2 * z.conj())
