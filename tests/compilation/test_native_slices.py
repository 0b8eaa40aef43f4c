"""The llvm back end on parts of arrays: assignments, sums with arrays that are zero elsewhere, and
accumulations. All of it is native, in loops too."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from compiled_programs import recorded
from native_harness import agrees, alike, fused, native, parts

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.compilation.llvm import build
from admodes.compilation.llvm.groups import Turns
from admodes.compilation.llvm.slices import blocks_of
from admodes.optimisation import optimise

RNG = np.random.default_rng(20261128)
X = RNG.normal(size=(7, 5))
BLOCKS = [
    slice(1, -1),
    slice(None, 3),
    (2, slice(1, None)),
    (slice(2, 6), slice(None, -2)),
    (slice(None), 4),
    -1,
    (3, -2),
    (..., slice(1, 3)),
    slice(None),
]


@pytest.mark.parametrize("index", BLOCKS, ids=str)
def test_what_is_around_a_part_is_all_the_rest_once(index):
    blocks = blocks_of(index, X.shape)
    count, part = np.zeros(X.shape), np.zeros(X.shape)
    part[index] = 1.0
    count[blocks.part] += 1.0
    assert (count == part).all()
    for block in blocks.around:
        count[block] += 1.0
    assert (count == 1.0).all()


@pytest.mark.parametrize("index", [slice(None, None, 2), np.array([1, 3]), slice(3, 3), None])
def test_other_parts_are_no_blocks(index):
    assert blocks_of(index, X.shape) is None


@pytest.mark.parametrize("index", BLOCKS, ids=str)
def test_assignments_and_their_derivatives_are_native(index):
    def f(x):
        y = 2.0 * x
        y[index] = np.sqrt(y * y + 1.0)[index] * x[index]
        y[index] += 3.0 * x[index]
        return np.sum(y * y)

    def g(x):
        return ad.grad(f)(x), ad.jvp(f, (x,), (np.ones_like(x),))[1]

    run = native(g, X)
    assert agrees(run, X)
    assert "python" not in parts(run)


@pytest.mark.parametrize("item", [3.0, np.array(2.0), np.arange(5.0), np.arange(6.0)[:, None]])
def test_items_are_stretched(item):
    def f(x, v):
        y = x * 1.5
        y[1:] = v
        return y, y[0] + y[1]

    run = native(f, X, item)
    assert agrees(run, X, item)


def test_sums_with_placed_arrays_take_the_placed_one_from_where_it_is():
    def f(x):
        d = x[1:] - x[:-1]
        return np.sum(np.sqrt(1.0 + d * d)) + np.sum(x[2:] * x[:-2])

    x = RNG.normal(size=50)
    run = native(ad.grad(f), x)
    assert agrees(run, x)
    # Nothing is gathered by a list of positions.
    assert not run.plan.positions.known


def test_arrays_that_nothing_else_reads_are_changed_in_place():
    def f(x):
        row = np.zeros(40)
        for k in range(10):
            row[3 * k : 3 * k + 5] = np.sin(x[k]) + row[3 * k : 3 * k + 5]
            row[3 * k + 1] = np.exp(x[k])
        y = 2.0 * x
        for k in range(9):
            y[k + 1 :] = np.cos(x[: 9 - k])
            y[:1] += x[k] * x[k]
        return row, y

    def g(x):
        return f(x), ad.grad(lambda x: sum(np.sum(np.sin(y)) for y in f(x)))(x)

    x = RNG.normal(size=10)
    run = native(g, x)
    assert agrees(run, x)
    assert "python" not in parts(run)
    # The cotangent of x[k] is added into one array, not into a new one for each k.
    gathered = native(ad.grad(lambda x: sum(np.sin(x[k]) * x[k - 1] for k in range(10))), x)
    assert agrees(gathered, x)
    long = [e for e in fused(gathered) if e.shape and e.shape[0] > 5]
    assert sum(len(group.entries) for group in long) <= 3


def test_a_gathered_array_is_read_where_it_was_gathered_from():
    def f(x):
        y = x[[0, 0, 2, 6]]
        z = y.copy()
        z[1:3] = 0.0
        return y * 2.0, z, np.sum(y[0] * x[1] * x[::2, 1:3][1, 0]) + y

    run = native(lambda x: (f(x), ad.grad(lambda x: sum(map(np.sum, f(x))))(x)), X)
    assert agrees(run, X)


def test_heat_in_a_loop_runs_in_native_turns():
    def f(k, u):
        u = u.copy()
        for _ in range(40):
            flow = k * (u[1:] - u[:-1])
            u[1:-1] += flow[1:] - flow[:-1]
        return np.sum(u * u)

    k, u = 0.2 + 0.1 * RNG.uniform(size=59), RNG.normal(size=60)

    def rolled(k, u):
        def step(u, _, k):
            u = u.copy()
            flow = k * (u[1:] - u[:-1])
            u[1:-1] += flow[1:] - flow[:-1]
            return u

        u = ad.loop(step, u, 40, k)
        return np.sum(u * u)

    program, leaves = recorded(ad.grad(rolled, (0, 1)), k, u, loops=True)
    run = build(optimise(program))
    assert parts(run) == ["native"]
    assert any(isinstance(group, Turns) for group in run.plan.groups.all)
    unrolled = interpret(recorded(ad.grad(f, (0, 1)), k, u)[0], leaves)
    assert all(map(alike, run(*leaves), interpret(program, leaves)))
    assert all(map(alike, run(*leaves), unrolled))


SHAPES = [((1,), 0), ((2,), 0), ((40,), 0), ((8, 3), 1), ((19, 6), 1), ((6, 19), 0), ((16, 1), 1)]


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "maximum", "minimum"])
def test_accumulations_have_the_bits_of_numpy(name, shape, axis):
    along = getattr(np, name)
    if isinstance(along, np.ufunc):
        along = along.accumulate
    x = RNG.normal(size=shape)
    edges = np.where(RNG.uniform(size=shape) < 0.2, RNG.choice([np.nan, np.inf, -0.0], shape), x)

    def f(x):
        y = np.exp(0.1 * x)
        back = along(y[::-1], axis=axis)
        return along(y, axis=axis), back, along(x.T, axis=x.ndim - 1 - axis) * 2.0

    run = native(f, x)
    assert "python" not in parts(run)
    assert agrees(run, x)
    with np.errstate(all="ignore"):
        assert agrees(run, edges)


def test_accumulations_in_the_middle_of_three_axes_and_of_nothing_are_numpys():
    x = RNG.normal(size=(2, 3, 4))
    assert agrees(native(lambda x: np.cumsum(x, axis=1) * x, x), x)
    assert agrees(native(lambda x: np.cumsum(2.0 * x, axis=2) * x, x), x)
    empty = np.zeros((0, 3))
    assert agrees(native(lambda x, y: (np.cumsum(x, axis=1), y * 2.0), empty, 1.0), empty, 1.0)
