"""Rows that code generators run otherwise than NumPy does: reductions over short axes as slices,
systems with a Cholesky factor by substitution; and large constants that are equal."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from programs_run import agree, outputs, recorded, rows
from seeds import generator

import admodes as ad
from admodes.optimisation import lower, optimise
from admodes.optimisation.rules.hyperbolic import SLOPE

RNG = np.random.default_rng(11)
POINTS = RNG.normal(size=(80, 3)) * 10.0 ** RNG.integers(-6, 6, size=(80, 3))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(x, axis=1),
        lambda x: np.mean(x, axis=-1, keepdims=True),
        lambda x: np.max(x, axis=1),
        lambda x: np.min(x, axis=1, keepdims=True),
        lambda x: np.sum(np.reshape(x, (8, 10, 3)), axis=2),
        lambda x: np.sum(np.abs(x.T).T[:, :2], axis=1),
    ],
)
def test_short_axes_are_slices_with_the_same_bits(f):
    program = lower(recorded(f, POINTS))
    assert not {"sum", "mean", "amax", "amin"} & set(rows(program))
    special = POINTS.copy()
    special[::7, 1], special[3, 0], special[4] = np.nan, np.inf, -0.0
    for x in (POINTS, special):
        assert agree(outputs(program, x), [f(x)])
        assert agree([ad.compile(f, exact=True)(x)], [f(x)])


@pytest.mark.parametrize(
    ("f", "fused"),
    [
        (lambda x: np.sum(x, axis=0), False),
        (lambda x: np.sum(x), True),
        (lambda x: np.sum(x[:10], axis=1), True),
        (lambda x: np.sum(np.concatenate([x, x], axis=1), axis=1), True),
        (lambda x: np.sum(x > 0, axis=1), True),
    ],
)
def test_other_reductions_stay(f, fused):
    program = recorded(f, POINTS)
    assert rows(lower(program, fused)) == rows(program)


def test_native_code_takes_any_short_axis_apart():
    f = recorded(lambda x: np.sum(x * x, axis=0), POINTS.T)
    assert "sum" not in rows(lower(f, fused=True))
    assert agree(outputs(lower(f, fused=True), POINTS.T), outputs(f, POINTS.T))


def test_sums_of_products_over_a_short_axis():
    f = ad.grad(lambda x, y: np.sum(np.sqrt(np.sum(x * y, axis=1) ** 2 + 1)))
    x, y = RNG.normal(size=(2, 100, 3))
    fast = optimise(recorded(f, x, y), exact=False)
    assert "einsum" in rows(fast)
    assert "einsum" not in rows(lower(fast))
    assert "einsum" in rows(lower(recorded(lambda x: np.einsum("ij,ij->i", x, x), x)))
    np.testing.assert_allclose(outputs(lower(fast), x, y)[0], f(x, y), rtol=1e-13)


def positive(n, seed=0):
    a = generator(seed).normal(size=(n, n))
    return a @ a.T + n * np.eye(n)


def test_a_cholesky_factor_is_solved_by_substitution():
    b = RNG.normal(size=40)
    d = RNG.uniform(0.5, 2.0, size=(40, 40))

    def f(s):
        low = np.linalg.cholesky(positive(40) + s * (d + d.T))
        z = np.linalg.solve(low, b)
        return z @ z + ad.sum(np.log(np.diagonal(low)))

    for derivative in (ad.grad(f), ad.grad(ad.grad(f))):
        program = optimise(recorded(derivative, 0.3), exact=False)
        assert "solve" not in rows(program)
        np.testing.assert_allclose(outputs(program, 0.3)[0], derivative(0.3), rtol=1e-9)
        assert "solve_triangular" not in rows(optimise(recorded(derivative, 0.3)))


def test_the_r_of_qr_is_solved_by_substitution_and_other_parts_are_not():
    a, b = RNG.normal(size=(9, 4)), RNG.normal(size=9)

    def fit(a, b):
        q, r = np.linalg.qr(a)
        return np.sum(np.linalg.solve(r, q.T @ b) ** 2)

    def others(a, b):
        q, r = np.linalg.qr(a)
        return np.linalg.solve(q[:4], b[:4]) + np.linalg.solve(r[::-1], b[:4])

    derivative = ad.grad(fit, (0, 1))
    program = optimise(recorded(derivative, a, b), exact=False)
    assert "solve" not in rows(program)
    for x, y in zip(outputs(program, a, b), derivative(a, b), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)
    assert rows(optimise(recorded(others, a, b), exact=False)).count("solve") == 2


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("columns", [(), (1,), (7,)])
def test_substitution_on_either_side(turned, columns):
    a, b = positive(30), RNG.normal(size=(30, *columns))

    def f(a, b):
        low = np.linalg.cholesky(a)
        return np.linalg.solve(low.T if turned else low, b)

    program = optimise(recorded(f, a, b), exact=False)
    assert "solve_triangular" in rows(program)
    assert "solve" not in rows(program)
    np.testing.assert_allclose(outputs(program, a, b)[0], f(a, b), rtol=1e-12, atol=1e-13)
    compiled = ad.compile(f)
    np.testing.assert_allclose(compiled(a, np.asfortranarray(b)), f(a, b), rtol=1e-12, atol=1e-13)
    with pytest.raises(np.linalg.LinAlgError):
        compiled(-a, b)


@pytest.mark.parametrize("part", [np.tril, np.triu])
@pytest.mark.parametrize("k", [-1, 0, 1])
@pytest.mark.parametrize("turned", [False, True])
def test_substitution_for_a_part_of_a_matrix(part, k, turned):
    """Only a part that has no entry on the other side of the diagonal is triangular."""
    a, b = RNG.normal(size=(30, 30)) / 30, RNG.normal(size=(30, 2))

    def f(a, b):
        half = part(a + np.eye(30), k)
        return np.linalg.solve(half.T if turned else half, b)

    singular = k == (-1 if part is np.tril else 1)
    if singular:
        with pytest.raises(np.linalg.LinAlgError):
            ad.compile(f)(a, b)
        return
    derivative = ad.grad(lambda a, b: np.sum(f(a, b) ** 2), (0, 1))
    program = optimise(recorded(derivative, a, b), exact=False)
    assert ("solve_triangular" if k == 0 else "solve") in rows(program)
    assert ("solve" if k == 0 else "solve_triangular") not in rows(program)
    for x, y in zip(outputs(program, a, b), derivative(a, b), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("shape", [(5, 5), (2, 4, 4)])
@pytest.mark.parametrize("complex_too", [False, True])
def test_the_cotangent_of_the_factor_is_the_transpose_of_its_tangent(shape, complex_too):
    def drawn():
        x = RNG.normal(size=shape)
        return x + 1j * RNG.normal(size=shape) if complex_too else x

    x, w, t = drawn(), drawn(), drawn()
    a = x @ np.conj(np.swapaxes(x, -1, -2)) + 5 * np.eye(shape[-1])

    def f(a):
        return ad.sum(np.real(np.linalg.cholesky(a) * w))

    slope = ad.jvp(f, (a,), (t,))[1]
    np.testing.assert_allclose(np.sum(np.real(np.conj(ad.grad(f)(a)) * t)), slope, rtol=1e-12)


def test_large_constants_that_are_equal_are_one():
    def f(x):
        return np.sin(x * np.arange(5000.0)) + np.cos(x * np.arange(5000.0))

    program = optimise(recorded(f, 2.0))
    assert rows(program) == ["multiply", "sin", "cos", "add"]
    signed = np.zeros(1000), -np.zeros(1000)
    program = optimise(recorded(lambda x: (x + signed[0], x + signed[1]), -0.0))
    assert rows(program) == ["add", "add"]


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 400.0])
def test_the_slope_of_tanh_is_taken_from_tanh(scale):
    """With the accuracy of cosh everywhere, and in code for arrays of loose programs alone."""
    x = scale * np.concatenate([np.linspace(-3.0, 3.0, 201), [0.0, -0.0, np.inf, -np.inf, np.nan]])

    def f(x):
        return np.tanh(x), np.square(1.0 / np.cosh(x))

    program = optimise(recorded(f, x), exact=False)
    assert "cosh" in rows(lower(program, fused=True))
    assert "cosh" in rows(lower(optimise(recorded(f, x), exact=True)))
    lowered = lower(program)
    assert not {"cosh", "divide"} & {*rows(lowered)}
    with np.errstate(all="ignore"):
        found, expected = outputs(lowered, x)[1], f(x)[1]
    np.testing.assert_allclose(found, expected, rtol=2e-14, atol=1e-300)


def test_the_slope_of_tanh_lies_as_its_argument_does():
    """In any layout of the two, which need not be the same; entries that are flat among them."""
    a = np.linspace(-5.0, 5.0, 2 * 3 * 4).reshape(2, 3, 4)
    expected = 1.0 / np.cosh(a) ** 2
    for order in permutations(range(3)):
        for first in (a, np.asfortranarray(a), a[:, ::-1][:, ::-1], np.repeat(a, 2, -1)[..., ::2]):
            x, wanted = first.transpose(order), expected.transpose(order)
            for y in (np.tanh(x), np.tanh(x).copy()):
                np.testing.assert_allclose(SLOPE.array(x, y), wanted, rtol=2e-14)
                assert SLOPE.array(x, y).strides == np.square(y).strides
