"""The llvm back end on arrays: fused loops, views and moves, NumPy's loops, random programs."""

import numpy as np
import pytest
from seeds import blocks, generator

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from native_harness import agrees, close, fused, is_product, native, parts
from random_arrays import MOVES, ArrayProgram

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.compilation.llvm import build
from admodes.core.op import REGISTRY
from admodes.core.pytree import flatten
from admodes.core.record import Ref, record

BLOCKS = 8
NAMES = sorted(MOVES)


def total(p):
    return lambda *xs: sum(np.sum(y * (0.3 + k)) for k, y in enumerate(p(*xs)))


def derivatives(p):
    """The program, its gradient and a Hessian-vector product."""
    gradient = ad.grad(total(p), argnums=tuple(range(len(p.inputs))))
    yield lambda *xs: p(*xs)
    yield gradient
    yield lambda *xs: ad.jvp(gradient, xs, p.direction)


@pytest.mark.parametrize("block", blocks(BLOCKS))
def test_random_programs_their_gradients_and_hessian_products(block):
    compared = 0
    for k, name in enumerate(NAMES):
        if k % (3 * BLOCKS) != block:
            continue
        p = ArrayProgram.grown(50_000 + k, name, on_kinks=k % 5 == 0)
        for f in derivatives(p):
            program = record(f, *p.inputs)
            run = build(program)
            given = flatten(p.inputs)[0]
            if run is None:
                # The gradient of a function of steps alone is a constant.
                constant = not any(isinstance(y, Ref) for y in program.outputs)
                assert constant or not all(np.isrealobj(step.value) for step in program.steps)
                continue
            for _ in range(2):
                assert close(program, run(*given), interpret(program, given)), (name, str(p))
            compared += 1
    assert compared


ENTRYWISE = sorted(
    {op.name for op in REGISTRY.values() if op.elementwise and isinstance(op.array, np.ufunc)}
)


@pytest.mark.parametrize("name", ENTRYWISE)
def test_entrywise_operations_have_the_bits_of_numpy_at_edges_and_broadcast(name):
    op = REGISTRY[name]
    edges = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.5, 1e308, 710.0, np.inf, -np.inf, np.nan]
    column, row = np.array(edges)[:, None], np.array([*edges, 0.3, 7.0])
    with np.errstate(all="ignore"):
        if op.arity == 1:
            assert agrees(native(op, row), row)
            return
        assert agrees(native(op, column, row), column, row)
        assert agrees(native(op, row, 2.0), row, 2.0)
        assert agrees(native(op, 0.5, column), 0.5, column)


SHAPES = [
    ((3, 4), (4,)),
    ((3, 1), (1, 4)),
    ((2, 3, 4), (3, 1)),
    ((0, 4), (4,)),
    ((1,), ()),
    ((1, 1), (3, 1)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_broadcasting_and_its_transpose(left, right):
    rng = generator(0)
    a, b = rng.normal(size=left), rng.normal(size=right)
    b = b if right else float(b)

    def f(a, b):
        y = ad.where(a > b, a * b, a - b) / (1.0 + a * a)
        return np.sum(y * ad.sigmoid(b)) + np.sum(np.maximum(a, b))

    run = native(ad.value_and_grad(f, (0, 1)), a, b)
    assert parts(run) == ["native"]
    assert agrees(run, a, b)
    assert agrees(run, 0.0 * a, 0.0 * b)


MOVED = {
    "slices": lambda x: x[1:, ::-1] * x[:-1] + x[0],
    "transposes": lambda x: x.T * 2.0 + np.reshape(x, (4, 3)),
    "reshapes of views": lambda x: np.reshape(x.T, (2, 6)) + 1.0,
    "rolls": lambda x: np.roll(x, 1) - np.roll(x, -2, axis=0) * x,
    "indices": lambda x: x[[0, 2, 2]] * x[np.array([1, 1, 0])],
    "tiles and pads": lambda x: np.tile(x, (2, 1)) * 2.0 + np.pad(x, ((3, 0), (0, 0))),
    "triangles": lambda x: np.tril(x) + np.triu(x, 1)[::-1],
    "windows": lambda x: np.lib.stride_tricks.sliding_window_view(x[0], 2) * x[1, 2],
    "moves of moves": lambda x: np.roll(np.flip(np.roll(x.T, 1)[1:], 0), 1) * 3.0,
    "joined": lambda x: np.concatenate([x, 2.0 * x[:1], np.zeros((2, 4))]) * 1.5,
    "stacked": lambda x: np.stack([x[0], x[1] * x[2], np.ones(4)], axis=1) + 1.0,
    "gathered numbers": lambda x: ad.stack([x[0, 1] * x[2, 3], x[1, 1], 2.0]) * 0.5,
    "masks": lambda x: x[np.arange(3) != 1] * 2.0,
}


@pytest.mark.parametrize("name", MOVED)
def test_moved_entries_and_their_transpose(name):
    f = MOVED[name]
    x = np.arange(12.0).reshape(3, 4) - 5.5
    run = native(f, x)
    assert agrees(run, x)
    np.testing.assert_array_equal(run(x)[0], f(x))
    weights = np.cos(np.arange(float(np.size(f(x))))).reshape(np.shape(f(x)))
    gradient = native(ad.grad(lambda x: np.sum(weights * f(x))), x)
    assert agrees(gradient, x)


REDUCED = [None, 0, 1, 2, -1, (0, 1), (1, 2), (0, 2), (0, 1, 2)]


@pytest.mark.parametrize("axis", REDUCED)
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_add_in_the_order_of_numpy(axis, keepdims):
    x = generator(2).normal(size=(7, 33, 300))
    for reduce in (np.sum, np.mean, np.max, np.min):
        run = native(lambda x, r=reduce: r(x * 1.5, axis=axis, keepdims=keepdims), x)
        wanted = reduce(x * 1.5, axis=axis, keepdims=keepdims)
        np.testing.assert_array_equal(run(x)[0], wanted)


@pytest.mark.parametrize("n", [0, 1, 7, 8, 129, 4097, 100_003])
def test_sums_of_any_length_have_the_bits_of_numpy(n):
    x = generator(n).normal(size=n)
    run = native(lambda x: np.sum(x * x) + 1.0, x)
    assert run(x) == [float(np.sum(x * x)) + 1.0]


PRODUCTS = [((3, 4), (4, 5)), ((3, 4), (4,)), ((4,), (4, 5)), ((4,), (4,)), ((2, 3, 4), (4, 5))]
PRODUCTS += [((2, 3, 4), (2, 4, 5)), ((1, 4), (4, 1)), ((0, 4), (4, 2)), ((3, 0), (0, 2))]


@pytest.mark.parametrize(("left", "right"), PRODUCTS)
def test_matrix_products(left, right):
    rng = generator(1)
    a, b = rng.normal(size=left), rng.normal(size=right)
    run = native(
        lambda a, b: (a @ b, ad.grad(lambda a, b: np.sum(ad.tanh(a @ b)), (0, 1))(a, b)), a, b
    )
    found = run(a, b)
    assert is_product(found[0], a, b)
    slope = 1 / np.cosh(a @ b) ** 2
    wanted = (
        np.einsum("...ij,...kj->...ik", np.atleast_2d(slope), np.atleast_2d(b))
        if len(right) > 1 and len(left) > 1
        else None
    )
    if wanted is not None:
        np.testing.assert_allclose(found[1], wanted, rtol=1e-12, atol=1e-14)


def lorenz(x, steps=25):
    def slope(x):
        return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + 8.0

    for _ in range(steps):
        k1 = slope(x)
        k2 = slope(x + 0.01 * k1)
        x = x + 0.02 * k2
    return 0.5 * np.sum(x * x)


def test_the_steps_of_a_loop_are_compiled_once():
    x = 8.0 + generator(11).normal(size=50)
    run = native(ad.grad(lorenz), x)
    assert parts(run) == ["native"]
    assert len(fused(run)) > 80
    assert len(run.built.codes) < 35
    assert agrees(run, x)
    assert agrees(run, x[::-1])


def test_large_arrays_are_read_and_written_where_they_are():
    rng = generator(4)
    x, y = rng.normal(size=(2, 300, 40))
    run = native(lambda x, y: (x * y + 1.0, ad.exp(x), x, np.sum(x)), x, y)
    for a in (x, x[::-1], np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        # Of other orders NumPy adds up in another order.
        assert close(run.program, run(a, y), interpret(run.program, [a, y]))
    found = run(x, y)
    assert not any(np.shares_memory(found[2], z) for z in (x, y, *found[:2]))
    assert run.built.layout.size < x.nbytes
