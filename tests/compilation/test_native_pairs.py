"""A x and Aᵀ w by native code that reads A once: where they are found, and that values agree."""

from __future__ import annotations

import numpy as np
import pytest
from seeds import generator

import admodes as ad
from admodes.optimisation import optimise

pytest.importorskip("llvmlite", reason="the back end llvm needs llvmlite")

RNG = generator(83)
A, B = RNG.normal(size=(131, 131)), RNG.normal(size=(129, 150))
X, U, V = RNG.normal(size=131), RNG.normal(size=129), RNG.normal(size=150)
LARGER = RNG.normal(size=(260, 160))


def form(x, a):
    return np.sin(x) @ (a @ np.sin(x))


def form_of_rows(x, a):
    return np.sum((np.tanh(x) @ a) * np.cos(x)) - np.sum(x**2)


def two(u, v, a):
    return np.exp(0.1 * u) @ (a @ np.cos(v))


def two_turned(u, v, a):
    return np.cos(v) @ (a.T @ np.exp(0.1 * u))


def of_a_part(x, a):
    return np.sin(x) @ (a[:131, 3:134] @ np.sin(x))


def of_every_second(u, v, a):
    return np.sin(u) @ (a[1:259:2, :150] @ np.sin(v))


PAIRED = {
    "form": (form, (X, A), 0),
    "form of rows": (form_of_rows, (X, A), 0),
    "two": (two, (U, V, B), (0, 1)),
    "two turned": (two_turned, (U, V, B), (0, 1)),
    "part": (of_a_part, (X, LARGER), 0),
    "every second row": (of_every_second, (U, V, LARGER), (0, 1)),
}


def small(x, a):
    return form(x[:20], a[:20, :20])


def least_squares(x, a):
    r = a @ x - 1.0
    return r @ r


def turned_columns(x, a):
    """Neither the rows nor the columns of this lie one after the other."""
    return form(x[:60], LARGER[::2, ::2][:60, :60]) + np.sum(a @ x)


ALONE = {
    "small": (small, (X, A), 0),
    "the second needs the first": (least_squares, (X, A), 0),
    "spread out": (turned_columns, (X, A), 0),
}


def pairs(compiled, exact=False):
    from admodes.compilation.llvm import planned
    from admodes.compilation.llvm.groups import Pair

    program = optimise(compiled.specialisations[-1].program, exact=exact)
    return sum(isinstance(group, Pair) for group in planned(program).groups.all)


def leaves(y):
    return y if isinstance(y, tuple) else (y,)


def check(f, args, argnums, count):
    derivative = ad.grad(f, argnums=argnums)
    compiled = ad.compile(derivative, "llvm")
    for _ in range(3):
        for found, expected in zip(leaves(compiled(*args)), leaves(derivative(*args)), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert pairs(compiled) == count
    assert pairs(compiled, exact=True) == 0
    return compiled, derivative


@pytest.mark.parametrize(("f", "args", "argnums"), PAIRED.values(), ids=PAIRED)
def test_a_matrix_is_read_once(f, args, argnums):
    check(f, args, argnums, 1)


@pytest.mark.parametrize(("f", "args", "argnums"), ALONE.values(), ids=ALONE)
def test_products_that_are_none_of_a_pair(f, args, argnums):
    check(f, args, argnums, 0)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite(bad):
    compiled, derivative = check(two, (U, V, B), (0, 1), 1)
    for name in ("matrix", "vector"):
        u, v, b = U.copy(), V.copy(), B.copy()
        (b if name == "matrix" else u)[(7, 149) if name == "matrix" else 128] = bad
        for found, expected in zip(compiled(u, v, b), derivative(u, v, b), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_matrix_that_changes_between_the_products():
    def f(x, a):
        b = a.copy()
        y = b @ np.sin(x)
        b[3] = 2.0 * x
        return np.sum(y * np.cos(x)) + np.sum(np.cos(b.T @ x))

    check(f, (X, A), (0, 1), 1)


def test_in_the_turns_of_a_loop():
    def f(x, a):
        for _ in range(40):
            x = x + 0.01 * (a @ x) + 0.02 * (a.T @ np.sin(x))
        return np.sum(x * x)

    derivative = ad.grad(f)
    compiled = ad.compile(derivative, "llvm")
    small = 0.1 * A
    for _ in range(3):
        np.testing.assert_allclose(compiled(X, small), derivative(X, small), rtol=1e-11)
