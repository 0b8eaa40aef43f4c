"""Derivatives of decompositions of which not every factor is used, and systems that are solved
twice: what is left of them, and that errors and numbers that are not finite come out as before."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from programs_run import outputs, recorded, rows
from seeds import generator

import admodes as ad
from admodes.ops.indexing import place
from admodes.optimisation import lower, optimise

RNG = generator(23)
A = RNG.normal(size=(9, 4))
S = A.T @ A


def kinds(f, *args):
    return Counter(rows(optimise(recorded(f, *args), exact=False)))


def test_factors_that_are_not_used_cost_nothing():
    """The derivative of the sum of singular values is U Vᵀ, that of eigenvalues V w̄ Vᵀ."""
    left = kinds(ad.grad(lambda a: np.sum(np.linalg.svd(a, compute_uv=False))), A)
    assert left["matmul"] == 1
    assert not {"divide", "add", "subtract"} & {*left}
    left = kinds(ad.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2)), S)
    assert left["matmul"] <= 2
    assert not left["divide"]


def test_singular_values_that_are_equal_or_not_finite():
    f = ad.grad(lambda a: np.sum(np.linalg.svd(a, compute_uv=False) ** 3))
    compiled = ad.compile(f)
    for a in (A, np.eye(9, 4), np.zeros((9, 4)), 1e200 * A):
        np.testing.assert_allclose(compiled(a), f(a), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("special", [np.inf, np.nan, 1.0])
def test_a_product_with_zeros_is_zero_where_the_other_factor_is_finite(backend, special):
    zeros = np.zeros((4, 4))

    def f(a):
        return np.exp(a) @ zeros + 1.0, np.einsum("ij,jk->ik", a, zeros)

    assert not {"matmul", "einsum"} & {*kinds(f, A)}
    a = A.copy()
    a[2, 1] = special
    with np.errstate(all="ignore"):
        for found, expected in zip(ad.compile(f, backend)(a), f(a), strict=True):
            np.testing.assert_array_equal(found, expected)


def least_squares(a, b):
    q, r = np.linalg.qr(a)
    return np.sum(np.linalg.solve(r, q.T @ b) ** 2)


def test_the_adjoints_of_q_and_r_are_taken_where_they_come_from():
    """Three systems: for f, for its cotangent, and for that of the matrix; three products with Q
    and its transpose, one with R and one of two vectors. Nothing is written into zeros."""
    b = RNG.normal(size=9)
    left = kinds(ad.grad(least_squares, (0, 1)), A, b)
    assert left["solve_triangular"] == 3
    assert not left["place"]
    assert left["matmul"] <= 6
    program = lower(optimise(recorded(ad.grad(least_squares, (0, 1)), A, b), exact=False))
    assert "qr" not in rows(program)
    assert "qr" in rows(lower(optimise(recorded(ad.grad(least_squares, (0, 1)), A, b))))


@pytest.mark.parametrize("shape", [(9, 4), (4, 4), (5, 1), (1, 1), (3, 5)])
def test_qr_by_lapack(shape):
    a = RNG.normal(size=shape)

    def f(a):
        return tuple(np.linalg.qr(a))

    program = lower(optimise(recorded(f, a), exact=False))
    assert "qr" not in rows(program)
    for x in (a, np.asfortranarray(a), a[::-1], np.zeros(shape)):
        for found, expected in zip(outputs(program, x), f(x), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_a_matrix_without_a_solution_raises_where_its_solution_is_not_used():
    b = RNG.normal(size=4)

    def f(a):
        np.linalg.solve(a, b)
        return np.sum(a**2)

    compiled = ad.compile(f)
    assert compiled(S) == pytest.approx(f(S))
    with pytest.raises(np.linalg.LinAlgError):
        compiled(np.zeros((4, 4)))
    fit = ad.compile(ad.grad(least_squares))
    fit(A, np.ones(9))
    with pytest.raises(np.linalg.LinAlgError):
        fit(A * [1.0, 0.0, 1.0, 1.0], np.ones(9))


def test_one_system_tells_whether_another_with_its_matrix_has_a_solution():
    b, c = RNG.normal(size=(2, 4))

    def f(a, d):
        np.linalg.solve(a, b)
        np.linalg.solve(d, b)
        return np.linalg.solve(a, c)

    compiled = ad.compile(f, "numpy")
    np.testing.assert_allclose(compiled(S, S + 1.0), f(S, S + 1.0), rtol=1e-10)
    assert compiled.source().count("solve_array") == 2
    singular = np.zeros((4, 4))
    for args in ((S, singular), (singular, S)):
        with pytest.raises(np.linalg.LinAlgError):
            compiled(*args)


def test_parts_of_a_sum_of_placed_arrays_are_those_arrays():
    def f(x, y):
        total = place(x, index=slice(3), shape=(7,)) + place(y, index=slice(3, 7), shape=(7,))
        return np.exp(total[:3]), np.sin(total[..., 3:7]), total[2:5]

    x, y = RNG.normal(size=3), RNG.normal(size=4)
    program = optimise(recorded(lambda x, y: f(x, y)[:2], x, y))
    assert rows(program) == ["exp", "sin"]
    whole = recorded(f, x, y)
    for found, expected in zip(outputs(optimise(whole), x, y), outputs(whole, x, y), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_product_with_what_is_negated_is_that_product_negated():
    program = optimise(recorded(lambda a, b: (np.exp(a @ b), np.exp(a @ -b)), A.T, A))
    assert rows(program).count("matmul") == 1
    told = optimise(recorded(lambda a, b: (a @ b, 1.0 / (a @ -b)), A.T, A))
    assert rows(told).count("matmul") == 2
