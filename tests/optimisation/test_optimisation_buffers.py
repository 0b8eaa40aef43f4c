"""Tables that a loop fills entry by entry: in a compiled program they are plain numbers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from compiled_programs import assert_alike, recorded

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.optimisation import optimise
from admodes.optimisation.folding import dead
from admodes.optimisation.passes.scalar_replacement import replace_arrays

RNG = np.random.default_rng(20261127)


def soft_warping(x, y):
    """Two buffers, of which each takes the place of the other."""
    n = len(x)
    before = np.full(n + 1, 1e3)
    before[0] = 0.0
    for i in range(n):
        row = np.full(n + 1, 1e3)
        for j in range(n):
            total = np.exp(-before[j]) + np.exp(-before[j + 1]) + np.exp(-row[j])
            row[j + 1] = (x[i] - y[j]) ** 2 - np.log(total)
        before = row
    return before[n]


def warping_table(x, y):
    """The same with the whole table."""
    n = len(x)
    table = np.full((n + 1, n + 1), 1e3)
    table[0, 0] = 0.0
    for i in range(n):
        for j in range(n):
            near = table[i, j], table[i, j + 1], table[i + 1, j]
            table[i + 1, j + 1] = (x[i] - y[j]) ** 2 - np.log(sum(np.exp(-t) for t in near))
    return table[n, n]


def tridiagonal(b, d):
    """Elimination and substitution; the solution is used as a whole."""
    n = len(b)
    upper, right, x = np.zeros((3, n))
    upper[0], right[0] = 1.0 / b[0], d[0] / b[0]
    for i in range(1, n):
        pivot = b[i] - upper[i - 1]
        upper[i] = 1.0 / pivot
        right[i] = (d[i] - right[i - 1]) / pivot
    x[n - 1] = right[n - 1]
    for i in range(n - 2, -1, -1):
        x[i] = right[i] - upper[i] * x[i + 1]
    return 0.5 * np.sum(x * x)


def arrays(program):
    return Counter(s.op.name for s in program.steps if s.op is not None and s.shape)


@pytest.mark.parametrize("f", [soft_warping, warping_table])
def test_the_gradient_of_a_table_is_one_stack_of_numbers(f):
    program, leaves = recorded(ad.grad(f), *RNG.normal(size=(2, 5)))
    found = dead(replace_arrays(program))
    assert arrays(program)["assign"] >= 50
    assert arrays(found) == {"stack": 1}
    for a, b in zip(interpret(found, leaves), interpret(program, leaves), strict=True):
        assert_alike(a, b)


def test_of_a_solution_that_is_used_as_a_whole_the_rest_is_numbers():
    args = RNG.normal(size=9) + 4.0, RNG.normal(size=9)
    program, leaves = recorded(ad.grad(tridiagonal, argnums=(0, 1)), *args)
    found = dead(replace_arrays(program))
    # The stacks are the solution and the two gradients; the rest is the derivative of x * x.
    assert arrays(found) == {"stack": 3, "strong_mul": 2, "add": 1}
    for a, b in zip(interpret(found, leaves), interpret(program, leaves), strict=True):
        assert_alike(a, b)


@pytest.mark.parametrize("f", [warping_table, tridiagonal])
def test_rows_grow_with_the_entries_of_the_table(f):
    def rows(n):
        program, _ = recorded(ad.grad(f), RNG.normal(size=n) + 4.0, RNG.normal(size=n))
        found = dead(replace_arrays(program))
        return len(found.steps) / len(program.steps)

    assert rows(16) < 1.1 * rows(8)


def used_as_a_whole(x):
    y = np.zeros(len(x))
    total = 0.0
    for i in range(len(x)):
        y[i] = np.sin(x[i]) + np.sum(y * x)
        total = total + np.sum(np.cos(y))
    return total


def with_boundaries(x):
    u = x * 2.0
    for _ in range(4):
        u[0], u[-1] = 1.0, u[1] * 0.5
        u = u + 0.1 * np.concatenate([[0.0], u[2:] - 2.0 * u[1:-1] + u[:-2], [0.0]])
    return np.sum(u * u)


def kept_versions(x):
    y, versions = np.zeros(len(x)), []
    for i in range(len(x)):
        y[i] = x[i] * x[i]
        versions.append(y.copy())
    return sum(np.sum(np.sin(v)) for v in versions)


@pytest.mark.parametrize("f", [used_as_a_whole, with_boundaries, kept_versions])
@pytest.mark.parametrize("n", [6, 60])
def test_arrays_that_are_used_as_wholes_cost_no_more(f, n):
    for g in (f, ad.grad(f)):
        program, leaves = recorded(g, RNG.normal(size=n))
        found = dead(replace_arrays(program))
        before, after = dead(program), found
        assert sum(arrays(after).values()) <= sum(arrays(before).values())
        assert sum(len(s.args) for s in after.steps) <= 2 * sum(len(s.args) for s in before.steps)
        for a, b in zip(interpret(found, leaves), interpret(program, leaves), strict=True):
            assert_alike(a, b)


def random_buffers(seed):
    """A program on buffers, by chance: entries, slices and wholes are read and written."""

    def f(x):
        rng = np.random.default_rng(seed)
        n = len(x)
        buffers = [np.zeros(n), x.copy(), x * 2.0, np.full((2, n), 0.5)[rng.integers(2)]]
        for _ in range(30):
            a, b = (buffers[k] for k in rng.integers(len(buffers), size=2))
            i, j = (int(k) for k in rng.integers(-n, n, size=2))
            action = rng.integers(11)
            if action < 4:
                a[i] = np.sin(b[j]) + x[i]
            elif action == 4:
                a[i] = float(i)
            elif action == 5:
                a[1:3] = b[2:4] if j > 0 else 0.25
            elif action == 6:
                a[[0, 2, 0]] = b[3]
            elif action == 7:
                a[[0, 2, 0]] = b[:3]
            elif action == 8:
                a[:4].reshape(2, 2)[1, 0] = b[i]
            elif action == 9:
                buffers[0] = a.copy() * 0.5
            else:
                a[i] = np.sum(b * b) * 0.1
        return sum(np.sum(b * np.cos(b)) for b in buffers)

    return f


@pytest.mark.parametrize("seed", range(25))
def test_random_buffers_keep_their_bits(seed):
    x = RNG.normal(size=6)
    f = random_buffers(seed)
    for g in (f, ad.grad(f), ad.grad(lambda x: np.sum(ad.grad(f)(x) ** 2))):
        program, leaves = recorded(g, x)
        expected = interpret(program, leaves)
        for found in (replace_arrays(program), optimise(program)):
            for a, b in zip(interpret(found, leaves), expected, strict=True):
                assert_alike(a, b)
    np.testing.assert_allclose(ad.compile(ad.grad(f))(x), ad.grad(f)(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize(("f", "n"), [(soft_warping, 24), (warping_table, 7), (tridiagonal, 30)])
def test_a_compiled_table_runs_its_code_at_each_call(backend, f, n):
    """A loop may read twice what an earlier one has kept, under one name."""
    x, y = RNG.normal(size=n) + 3.0, RNG.normal(size=n)
    compiled = ad.compile(ad.grad(f), backend=backend)
    for scale in (1.0, 0.5, 2.0):
        expected = ad.grad(f)(scale * x, y)
        np.testing.assert_allclose(compiled(scale * x, y), expected, rtol=1e-9, atol=1e-12)
    assert len(compiled.specialisations) == 1
