"""Patterns against the non-zeros of dense Jacobians, of named functions and of random programs."""

import tracemalloc

import numpy as np
import pytest
from random_arrays import MOVES, ArrayProgram
from seeds import generator
from sparsity_programs import BANDS, COARSE, WIDE

import admodes as ad
from admodes.core.record import record

pytest.importorskip("scipy", reason="sparse derivatives need scipy")
from admodes.sparse.pattern import pattern

EXACT = {**BANDS, **{f"{name} (wide)": case for name, case in WIDE.items()}}


def point(n, seed=0):
    """Values apart from each other, and from the kinks of the functions."""
    return generator(seed).permutation(np.linspace(0.55, 1.95, n))


def dense(f, x):
    y = np.asarray(ad.jacobian(f)(x))
    n = np.size(x)
    return y.reshape(y.size // n if n else np.size(f(x)), n)


def nonzeros(f, n):
    """The entries that are not 0 at one of three points."""
    return np.any([dense(f, point(n, seed)) != 0 for seed in range(3)], axis=0)


@pytest.mark.parametrize("name", EXACT)
def test_the_pattern_is_that_of_the_dense_jacobian(name):
    f, n = EXACT[name]
    found = pattern(record(f, point(n)))
    assert found.dtype == bool
    assert found.has_sorted_indices
    if name == "masked":
        assert not np.any(nonzeros(f, n) & ~found.toarray())
    else:
        np.testing.assert_array_equal(found.toarray(), nonzeros(f, n))


@pytest.mark.parametrize("name", COARSE)
def test_other_patterns_contain_that_of_the_dense_jacobian(name):
    f, n = COARSE[name]
    x = point(n)
    assert not np.any((dense(f, x) != 0) & ~pattern(record(f, x)).toarray())


def test_linear_algebra_is_dense_in_each_matrix_only():
    f, n = COARSE["inv of two"]
    blocks = np.kron(np.eye(2), np.ones((4, 4)))
    np.testing.assert_array_equal(pattern(record(f, point(n))).toarray(), blocks)


@pytest.mark.parametrize("seed", range(220))
def test_random_programs_contain_that_of_the_dense_jacobian(seed):
    names = sorted(MOVES)
    program = ArrayProgram.grown(seed, names[seed % len(names)])
    x, others = program.inputs[0], program.inputs[1:]

    def f(z):
        parts = [ad.array(y) for y in program(z, *others)]
        return np.concatenate([np.reshape(y, (np.size(y),)) for y in parts])

    found = pattern(record(f, x)).toarray()
    if np.size(x):
        assert not np.any((dense(f, x) != 0) & ~found)


def grown(rng, x):
    """A random program whose partials are all positive, so that nothing cancels."""
    values = [x]
    for _ in range(rng.integers(3, 10)):
        a, b = (values[rng.integers(len(values))] for _ in range(2))
        k = rng.integers(13)
        n = a.shape[0]
        flat = a.reshape(-1)
        if k == 0:
            y = np.sinh(a) + 1.5
        elif k == 1:
            y = a * b if a.shape == b.shape else a + flat[0]
        elif k == 2:
            y = a[1:] if n > 1 else a
        elif k == 3:
            y = np.roll(a, 1, axis=0)
        elif k == 4:
            y = np.pad(flat, (1, 2))[: max(n, 1)]
        elif k == 5:
            y = np.concatenate([flat[:2], np.ones(1), flat[::-2]])
        elif k == 6:
            y = flat[rng.integers(0, flat.shape[0], 4)]
        elif k == 7:
            y = np.stack([flat, flat + flat[::-1]], axis=1)
        elif k == 8:
            y = a.T if len(a.shape) > 1 else np.cumsum(a)
        elif k == 9:
            y = a.sum(axis=-1) if len(a.shape) > 1 else a
        elif k == 10:
            y = (rng.random((3, n)) < 0.4) * 1.0 @ a
        elif k == 11:
            y = (rng.random(a.shape) < 0.6) * a
        else:
            y = np.where(rng.random(a.shape) < 0.5, a, a * 2) + a.reshape(-1)[-1]
        if 0 < y.size <= 60:
            values.append(np.log1p(y) + 1)
    return np.concatenate([v.reshape(-1) for v in values[1:]] or [x * 1.0])


@pytest.mark.parametrize("seed", range(220))
def test_random_programs_without_cancellation_are_exact(seed):
    n = 1 + seed % 7

    def f(x):
        return grown(generator(seed), x)

    x = generator(seed).uniform(0.2, 1.0, n)
    np.testing.assert_array_equal(pattern(record(f, x)).toarray(), dense(f, x) != 0)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_hessian_patterns_come_from_the_gradient(n):
    def chained(x):
        return np.sum((x[1:] - x[:-1] ** 2) ** 2 + np.exp(x[:-1])) + x[0] * x[-1] ** 3

    found = pattern(record(ad.grad(chained), point(n))).toarray()
    np.testing.assert_array_equal(found, ad.hessian(chained)(point(n)) != 0)


def test_a_linear_part_leaves_no_second_derivative():
    found = pattern(record(ad.grad(lambda x: x.sum() + x[0] / x[1]), point(4))).toarray()
    np.testing.assert_array_equal(found[:2, :2], [[0, 1], [1, 1]])
    assert found[2:].sum() == found[:, 2:].sum() == 0


def test_large_stencils_take_no_dense_matrix():
    n = 100_000
    f, _ = BANDS["burgers"]
    program = record(f, point(n))
    tracemalloc.start()
    found = pattern(program)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.nnz == 3 * (n - 2)
    assert peak < 1000 * n


def test_a_pattern_that_is_not_sparse_is_refused():
    program = record(lambda x: x / x.sum(), np.ones(20_000))
    with pytest.raises(ValueError, match="not sparse"):
        pattern(program)


def test_several_inputs_and_outputs():
    program = record(lambda x, y: (x * y[0], y[1:]), np.ones(2), np.ones(3))
    assert pattern(program, 0, 0).toarray().tolist() == [[True, False], [False, True]]
    assert pattern(program, 1, 1).toarray().astype(int).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert pattern(program, 0, 1).nnz == 0
