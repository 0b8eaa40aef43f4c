"""Products of a matrix and an array of few entries: which rows are left, and that values agree,
also where the rest of the matrix is not finite."""

from __future__ import annotations

import numpy as np
import pytest
from programs_run import recorded
from seeds import generator

import admodes as ad
from admodes.optimisation import optimise

RNG = generator(61)
X, Y, W = RNG.normal(size=(901, 8)), RNG.normal(size=901), RNG.normal(size=8)
W2, Z = RNG.normal(size=(8, 5)), RNG.normal(size=(901, 5))
BATCH = RNG.integers(-901, 901, size=30)
BATCH[3] = BATCH[9]


def median(w, x, y):
    r = y - x @ w
    return np.median(np.abs(r)) ** 2 + np.quantile(r, 0.9) ** 2 - 3.0 * np.quantile(-r, 0.25)


def median_of_rows(w, x, y):
    return np.median(np.cosh(w @ x.T - y))


def batch(w, x, y):
    r = (x @ w - y)[BATCH]
    return np.sum(r * r) + np.sum(np.sin(r))


def batches_of_rows(w, x, y):
    return np.sum(np.tanh((x @ w)[BATCH])) - np.sum(np.sin((x @ w)[:9]))


def one(w, x, y):
    r = x @ w - y
    return r[17] ** 2 + np.sin(r[-3])


def turned(w, x, y):
    return np.sum((x.T @ (x @ w))[:2]) + np.sum(np.cos((w @ x.T)[3:40:4]))


CASES = [(f, W, Y) for f in (median, median_of_rows, batch, one, turned)]
CASES.append((batches_of_rows, W2, Z))


def spots(name):
    """The matrix and the other data with an entry that is not finite where nothing is picked, and
    where something is."""
    x, y, z = X.copy(), Y.copy(), Z.copy()
    value = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}[name[1:]]
    at = {"x": 500, "p": BATCH[0], "y": 501}[name[0]]
    if name[0] == "y":
        y[at], z[at, 2] = value, value
    else:
        x[at, 3] = value
    return x, y, z


def products(program):
    """The sizes of the largest factors of the products of arrays."""
    return [
        max(np.size(a) if isinstance(a, np.ndarray) else program.steps[a.row].size for a in s.args)
        for s in program.steps
        if s.op is not None and s.op.name == "matmul"
    ]


@pytest.mark.parametrize(("f", "w", "y"), CASES)
def test_only_what_is_met_is_read(f, w, y):
    program = optimise(recorded(ad.grad(f), w, X, y), exact=False)
    whole = sum(size == X.size for size in products(program))
    assert whole == (3 if f is turned else 1)
    assert not {"add_along_axis", "place"} & {s.op.name for s in program.steps if s.op}


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize(("f", "w", "y"), CASES)
def test_values_are_those_of_all_rows(f, w, y, backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    compiled, eager = ad.compile(ad.grad(f), backend), ad.grad(f)
    for _ in range(3):
        np.testing.assert_allclose(compiled(w, X, y), eager(w, X, y), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["xnan", "xinf", "x-inf", "pnan", "pinf", "ynan", "yinf", "y-inf"])
@pytest.mark.parametrize(("f", "w", "y"), CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_finite_reaches_what_it_reached(f, w, y, name):
    compiled, eager = ad.compile(ad.grad(f), "numpy"), ad.grad(f)
    compiled(w, X, y)
    x, *others = spots(name)
    y = next(z for z in others if z.shape == y.shape)
    np.testing.assert_allclose(compiled(w, x, y), eager(w, x, y), rtol=1e-11, atol=1e-12)


def test_a_matrix_of_which_nothing_tells_is_read_whole():
    def f(w, x):
        return np.sum(np.sin(w[3:5]) * 2.0)

    def chained(w, x):
        return ad.vjp(lambda v: x @ v, np.ones(8))[1](ad.grad(f)(w, x))

    program = optimise(recorded(chained, Y, X), exact=False)
    assert X.size in products(program)


def test_equal_entries_and_repeated_positions():
    y = np.round(Y, 0)
    compiled, eager = ad.compile(ad.grad(median), "numpy"), ad.grad(median)
    w = np.zeros(8)
    np.testing.assert_allclose(compiled(w, X, y), eager(w, X, y), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(compiled(w, X, y), eager(w, X, y), rtol=1e-11, atol=1e-12)


def test_positions_along_an_axis_that_all_lines_share():
    a, at = RNG.normal(size=(6, 4, 3)), np.array([[[2]], [[-1]], [[0]]])
    for axis in range(3):
        index = np.moveaxis(at, 0, axis) if axis else at
        found = ad.vjp(lambda x: np.take_along_axis(x, index, axis), a)[0]
        np.testing.assert_array_equal(found, np.take_along_axis(a, index, axis))


def test_positions_for_no_entry_have_the_shape_of_numpy():
    a, index = np.ones((1, 4)), np.zeros((3, 0), int)
    found = ad.vjp(lambda x: np.take_along_axis(x, index, 1), a)[0]
    assert found.shape == np.take_along_axis(a, index, 1).shape == (3, 0)


@pytest.mark.parametrize("index", [np.array([[0.5, 1.5]]), np.array([[True, False]])])
def test_positions_are_whole_numbers(index):
    with pytest.raises(TypeError, match=f"whole numbers as indices, got dtype {index.dtype}"):
        ad.vjp(lambda x: np.take_along_axis(x, index, 1), np.ones((2, 2)))
