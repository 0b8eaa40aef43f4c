"""Sums over what an index picks as sparse products, constant sparse matrices, and whole numbers on
which a function decided: which rows are left, and that values agree."""

from __future__ import annotations

import numpy as np
import pytest
from programs_run import outputs, recorded
from seeds import generator

import admodes as ad
from admodes.optimisation import optimise

scipy_sparse = pytest.importorskip("scipy.sparse")
RNG = generator(32)
TABLE, LINE = RNG.normal(size=(40, 6)), RNG.normal(size=40)
TOKENS = RNG.integers(-40, 40, size=(30, 20))
WEIGHTS = RNG.normal(size=(30, 20))


def names(program):
    return [s.op.name for s in program.steps if s.op and s.op.name != "reshape"]


def optimised(compiled):
    """The list that the latest case runs."""
    return optimise(compiled.specialisations[-1].program, exact=False)


@pytest.mark.parametrize(
    ("f", "x", "left"),
    [
        (lambda x, w: np.sum(x[TOKENS], axis=1), TABLE, ["sparse_matmul"]),
        (lambda x, w: np.sum(x[TOKENS], axis=0), TABLE, ["sparse_matmul"]),
        (lambda x, w: np.mean(x[TOKENS], axis=0), TABLE, ["sparse_matmul", "divide"]),
        (lambda x, w: np.sum(x[TOKENS], axis=(0, 1)), TABLE, ["sparse_matmul"]),
        (lambda x, w: np.sum(x[TOKENS] * w, axis=1), LINE, ["sparse_matmul"]),
        (lambda x, w: np.sum(x[TOKENS], axis=2), TABLE, ["getitem", "sum"]),
        (lambda x, w: np.sum(x[TOKENS[:2]], axis=1), LINE, ["getitem", "sum"]),
    ],
)
def test_sums_of_what_is_picked(f, x, left):
    program = optimise(recorded(f, x, WEIGHTS), exact=False)
    assert names(program) == left
    found, expected = outputs(program, x, WEIGHTS)[0], f(x, WEIGHTS)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: np.sum(np.sin(np.sum(x[TOKENS], axis=1))), TABLE),
        (lambda x: np.sum(np.sin(np.mean(x[TOKENS], axis=0))), TABLE),
        (lambda x: np.sum(np.sin(np.sum(x[TOKENS], axis=(0, 1)))), TABLE),
        (lambda x: np.sum(np.sin(np.sum(x[TOKENS] * WEIGHTS, axis=1))), LINE),
    ],
)
def test_gradients_add_what_was_stretched(f, x):
    compiled = ad.compile(ad.grad(f), "numpy")
    compiled(x)
    np.testing.assert_allclose(compiled(x), ad.grad(f)(x), rtol=1e-12, atol=1e-13)
    left = names(optimised(compiled))
    assert "getitem" not in left
    assert "place" not in left
    assert left.count("sparse_matmul") == 2


def test_what_is_not_finite_reaches_what_it_reached():
    x = TABLE.copy()
    x[3], x[7, 2] = np.inf, np.nan
    f = ad.compile(lambda x: np.sum(x[TOKENS], axis=1), "numpy")
    f(x)
    np.testing.assert_allclose(f(x), np.sum(x[TOKENS], axis=1), rtol=1e-12)


@pytest.mark.parametrize("x", [LINE, TABLE], ids=["entries", "rows"])
def test_what_is_added_here_and_taken_away_there_is_one_product(x):
    i, j = TOKENS.reshape(2, -1)
    f = ad.grad(lambda x: np.sum(np.sin(x[i] - x[j])))
    program = optimise(recorded(f, x), exact=False)
    assert names(program).count("sparse_matmul") == 1
    assert not {"negate", "place", "subtract"} & {*names(program)[3:]}
    np.testing.assert_allclose(outputs(program, x)[0], f(x), rtol=1e-12, atol=1e-13)
    # Each of the two is read elsewhere as well.
    both = ad.vjp(lambda x: (x[i], x[j]), x)[1]
    w = RNG.normal(size=x[i].shape)
    program = optimise(recorded(lambda w: tuple(both((w, v)) for v in (w, -w)), w), exact=False)
    for found, v in zip(outputs(program, w), (w, -w), strict=True):
        np.testing.assert_allclose(found, both((w, v))[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_difference_of_what_is_added_keeps_what_is_not_finite(backend):
    i, j = TOKENS.reshape(2, -1)
    f = ad.grad(lambda x: np.sum(np.exp(x[i] - x[j])))
    compiled = ad.compile(f, backend)
    x = LINE.copy()
    for special in (0.0, 800.0, np.inf, np.nan):
        x[3] = special
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(compiled(x), f(x), rtol=1e-11, atol=1e-12)


def test_stacks_of_a_few_are_added_before_they_are_stacked():
    def f(x, y):
        return np.stack([x, y, x * y], axis=1) - np.stack([np.sin(x), x, y], axis=1)

    x, y = RNG.normal(size=(2, 50))
    program = optimise(recorded(f, x, y))
    assert names(program).count("stack") == 1
    assert names(program).count("subtract") == 3
    np.testing.assert_array_equal(outputs(program, x, y)[0], f(x, y))
    other = optimise(recorded(lambda x, y: f(x, y) + np.stack([x, y, x]).T, x, y))
    assert names(other).count("stack") == 2


def laplacian(n):
    line = scipy_sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(n, n))
    return line.tocsr()


def test_a_symmetric_matrix_is_multiplied_once():
    matrix = laplacian(50)
    f = ad.compile(ad.grad(lambda x: 0.5 * (x @ (matrix @ x))), "numpy")
    x = RNG.normal(size=50)
    f(x)
    np.testing.assert_allclose(f(x), matrix @ x, rtol=1e-13)
    assert names(optimised(f)) == ["sparse_matmul"]
    matrix.data *= 3.0
    np.testing.assert_allclose(f(x), matrix @ x, rtol=1e-13)
    matrix.data[1] = 5.0
    np.testing.assert_allclose(f(x), 0.5 * (matrix @ x + matrix.T @ x), rtol=1e-13)


def test_a_transposed_product_goes_by_rows():
    matrix = scipy_sparse.random_array((30, 50), density=0.2, rng=RNG, format="csr")
    f = ad.compile(ad.grad(lambda x: np.sum(np.sin(matrix @ x))), "numpy")
    for x in RNG.normal(size=(2, 50)):
        found = f(x)
        np.testing.assert_allclose(found, matrix.T @ np.cos(matrix @ x), rtol=1e-12, atol=1e-14)
    steps = optimised(f).steps
    products = [s.params["transposed"] for s in steps if s.op and s.op.name == "sparse_matmul"]
    assert products == [False, False]


def test_positions_that_follow_from_others_are_not_checked_again():
    image = RNG.normal(size=(9, 9))

    def f(x):
        i = np.floor(x).astype(int)
        return np.sum(((x - i) * image[i, 0] + (1.0 - x + i) * image[i + 1, 0]) ** 2)

    compiled = ad.compile(ad.grad(f), "numpy")
    x = RNG.uniform(0.0, 7.9, size=100)
    compiled(x)
    np.testing.assert_allclose(compiled(x), ad.grad(f)(x), rtol=1e-12, atol=1e-13)
    program = optimised(compiled)
    assert len(program.guards) == 1
    assert "whole_add" not in names(program)
    assert "astype" not in names(program)
    other = RNG.uniform(0.0, 7.9, size=100)
    np.testing.assert_allclose(compiled(other), ad.grad(f)(other), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(compiled(x), ad.grad(f)(x), rtol=1e-12, atol=1e-13)


def test_what_is_placed_with_a_minus_is_subtracted():
    f = ad.grad(lambda x: np.sum(np.sin(x[1:] - x[:-1])))
    program = optimise(recorded(f, LINE))
    assert "negate" not in names(program)
    np.testing.assert_array_equal(outputs(program, LINE)[0], f(LINE))
    # An infinite reciprocal would tell the sign of a zero.
    g = ad.grad(lambda x: np.sum(np.sin(x[1:] - x[:-1])) - x[0])
    program = optimise(recorded(lambda x: 1.0 / g(x), LINE))
    assert "negate" in names(program)
