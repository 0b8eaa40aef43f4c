"""Native code for small matrices: products, inverses and systems without LAPACK and BLAS, and
reductions by logaddexp; loops of these as native turns."""

import itertools

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from compiled_programs import recorded
from native_harness import is_product, native, parts
from seeds import generator

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.compilation.llvm import build
from admodes.compilation.llvm.groups import Product, Solution, Turns
from admodes.compilation.llvm.loops import LoopCall
from admodes.compilation.llvm.products import LARGEST, LARGEST_VECTOR
from admodes.compilation.llvm.solving import LARGEST as MOST_ROWS
from admodes.compilation.llvm.solving import MOST_COLUMNS
from admodes.optimisation import optimise

UNIT = np.finfo(float).eps / 2


def kinds(run):
    return [group.__class__ for group in run.plan.groups.all]


def times(turned, a, b):
    """a @ b, of factors that may be kept transposed."""
    return (a.T if turned[0] else a) @ (b.T if turned[1] else b)


SIZES = [(1, 4, 1), (1, 7, 21), (2, 1, 2), (2, 4, 4), (4, 4, 2), (5, 7, 1), (13, 4, 21), (13, 7, 6)]
TURNED = list(itertools.product((False, True), repeat=2))


@pytest.mark.parametrize("turned", TURNED)
@pytest.mark.parametrize("size", SIZES)
def test_products_of_matrices_at_any_strides(size, turned):
    m, k, n = size
    a, b = generator(1).normal(size=(m, k)), generator(2).normal(size=(k, n))
    given = (
        np.ascontiguousarray(a.T) if turned[0] else a,
        np.ascontiguousarray(b.T) if turned[1] else b,
    )
    run = native(lambda a, b: times(turned, a, b), *given)
    assert kinds(run) == [Product]
    (found,) = run(*given)
    assert is_product(found, a, b)
    # The terms are taken in their order, so that strides change no bit.
    straight = native(lambda a, b: a @ b, a, b)(a, b)[0]
    np.testing.assert_array_equal(found, straight)


STACKS = [((3, 2, 4), (3, 4, 2)), ((3, 2, 4), (4, 2)), ((2, 4), (3, 4, 2)), ((2, 3, 2, 4), (4, 3))]
STACKS += [((4,), (4, 3)), ((3, 4), (4,)), ((4,), (4,)), ((5, 2, 4), (4,)), ((2, 1, 2, 2), (2, 2))]


@pytest.mark.parametrize(("left", "right"), STACKS)
def test_products_of_vectors_and_stacks(left, right):
    a, b = generator(3).normal(size=left), generator(4).normal(size=right)
    run = native(lambda a, b: a @ b, a, b)
    assert Product in kinds(run)
    assert LoopCall not in kinds(run)
    (found,) = run(a, b)
    assert is_product(found, a, b)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_products_with_entries_that_are_not_finite(bad):
    a, b = generator(5).normal(size=(5, 3)), generator(6).normal(size=(3, 6))
    a[1, 2], a[4, 0], b[0, 3], b[2, 5] = bad, 0.0, bad, -bad
    run = native(lambda a, b: a @ b, a, b)
    with np.errstate(invalid="ignore"):
        wanted = a @ b
    np.testing.assert_allclose(run(a, b)[0], wanted, rtol=1e-13)


@pytest.mark.parametrize(
    ("left", "right"),
    [((LARGEST // 256, 16), (16, 17)), ((1, 2), (2, LARGEST_VECTOR)), ((3, 0), (0, 2))],
)
def test_large_and_empty_products_are_left_to_numpy(left, right):
    a, b = generator(7).normal(size=left), generator(8).normal(size=right)
    run = native(lambda a, b: a @ b, a, b)
    assert kinds(run) == [LoopCall]
    np.testing.assert_allclose(run(a, b)[0], a @ b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
@pytest.mark.parametrize("n", range(1, MOST_ROWS + 1))
def test_inverses_and_systems(n, lead):
    a, b = generator(n).normal(size=(*lead, n, n)), generator(9).normal(size=(*lead, n, 2))
    a[..., 0, 0] = 0.0 if n > 1 else 2.0  # the first pivot is another entry

    def f(a, b):
        turned = np.swapaxes(a, -1, -2)
        return np.linalg.inv(a), np.linalg.solve(a, b), np.linalg.inv(turned)

    run = native(f, a, b)
    assert kinds(run) == [Solution] * 3
    condition = np.linalg.cond(a).max()
    for found, wanted in zip(run(a, b), f(a, b), strict=True):
        assert np.abs(found - wanted).max() <= 40 * UNIT * condition * np.abs(wanted).max()


def test_large_systems_are_left_to_lapack():
    a, b = np.eye(MOST_ROWS) * 2.0, np.ones((MOST_ROWS, MOST_COLUMNS + 1))
    run = native(lambda a, b: 1.0 + np.linalg.solve(a, b), a, b)
    assert Solution not in kinds(run)
    np.testing.assert_array_equal(run(a, b)[0], 1.0 + b / 2.0)


SCALES = [np.diag([1.0, 1e-200]), np.array([[0.0, 1e-200], [3.0, 0.0]]), np.diag([1e150, 1e-150])]


@pytest.mark.parametrize("a", SCALES)
def test_pivots_may_be_of_any_size(a):
    run = native(np.linalg.inv, np.eye(2))
    np.testing.assert_allclose(run(a)[0], np.linalg.inv(a), rtol=1e-15)


def test_a_matrix_without_inverse_raises_what_numpy_raises():
    g = ad.compile(ad.grad(lambda a: np.sum(np.linalg.inv(a))), "llvm")
    g(np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        g(np.array([[1.0, 2.0], [2.0, 4.0]]))
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        g(np.zeros((2, 2)))
    np.testing.assert_allclose(g(np.eye(2)), -np.ones((2, 2)))


def test_where_a_pivot_is_lost_to_rounding_lapack_decides():
    f = ad.compile(lambda a: np.linalg.inv(a)[0, 0] * 2.0, "llvm")
    f(np.eye(2))
    near = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-51]])
    assert f(near) == np.linalg.inv(near)[0, 0] * 2.0
    assert len(f.specialisations) == 1


def turn(state, row, a, q, r, h):
    """A step of a Kalman filter."""
    x, p, total = state
    x, p = a @ x, a @ p @ a.T + q
    inverse = np.linalg.inv(h @ p @ h.T + r)
    v, gain = row - h @ x, p @ h.T @ inverse
    total = total + v @ inverse @ v
    return (x + gain @ v, p - gain @ h @ p, total), None


def test_a_filter_runs_in_native_turns_without_numpy():
    rng = generator(10)
    a = np.eye(3) + 0.1 * rng.normal(size=(3, 3))
    given = a, 0.1 * np.eye(3), 0.5 * np.eye(2), rng.normal(size=(2, 3)), rng.normal(size=(30, 2))
    start = np.zeros(3), np.eye(3), 0.0

    def f(a, q, r, h, y):
        return ad.scan(turn, start, y, a, q, r, h)[0][2]

    def straight(a, q, r, h, y):
        state = start
        for row in y:
            state, _ = turn(state, row, a, q, r, h)
        return state[2]

    every = tuple(range(5))
    program, leaves = recorded(ad.grad(f, every), *given, loops=True)
    run = build(optimise(program))
    assert parts(run) == ["native"]
    turns = [group for group in run.plan.groups.all if isinstance(group, Turns)]
    assert len(turns) == 2
    for loop in turns:
        assert Product in map(type, loop.groups)
        assert LoopCall not in map(type, loop.groups)
    wanted = ad.grad(straight, every)(*given)
    numpys = ad.compile(ad.grad(f, every), "numpy")(*given)
    for results in (run(*leaves), ad.compile(ad.grad(straight, every), "llvm")(*given), numpys):
        for found, expected in zip(results, wanted, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    # A matrix without inverse in some turn: the exact program raises, as NumPy does.
    singular = ad.compile(ad.grad(f, every), "llvm")
    singular(*given)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        singular(a, 0.0 * a, np.zeros((2, 2)), np.zeros((2, 3)), given[4])


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_derivatives_to_second_order(backend):
    rng = generator(11)
    a, b = rng.normal(size=(3, 3)) + 3.0 * np.eye(3), rng.normal(size=(3, 2))

    def f(a):
        y = np.tanh(a @ b) + np.linalg.solve(a, b)
        return np.sum(np.logaddexp.reduce(y.T @ y, axis=0)) + np.sum(np.linalg.inv(a) ** 2)

    def along(a, t):
        return ad.jvp(ad.grad(f), (a,), (t,))[1]

    t = rng.normal(size=(3, 3))
    for made, args in ((ad.grad(f), (a,)), (along, (a, t)), (ad.jacobian(ad.grad(f)), (a,))):
        np.testing.assert_allclose(
            ad.compile(made, backend)(*args), made(*args), rtol=1e-10, atol=1e-12
        )
    ad.check_grads(f, (a,))


INF = np.inf
LINES = [
    np.array([[1.0, -2.0, 0.5], [3.0, 3.0, 3.0], [700.0, -700.0, 0.0]]),
    np.array([[INF, 1.0, 2.0], [INF, INF, 0.0], [-INF, -INF, -INF]]),
    np.array([[-INF, 0.0, 1.0], [np.nan, 1.0, 2.0], [np.nan, INF, -INF]]),
    np.array([[-INF, -INF, 1.0], [INF, -INF, -INF], [INF, np.nan, INF]]),
]


@pytest.mark.parametrize("reduce", [np.logaddexp.reduce, np.logaddexp2.reduce])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("x", LINES)
def test_reductions_by_logaddexp(reduce, axis, x):
    weights = np.array([1.0, -2.0, 0.5])

    def f(x):
        return reduce(x, axis=axis), ad.grad(lambda x: np.sum(weights * reduce(x, axis=axis)))(x)

    run = native(f, np.ones((3, 3)))
    assert parts(run) == ["native"]
    for found, wanted in zip(run(x), interpret(run.program, [x]), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=8 * UNIT, atol=8 * UNIT)


@pytest.mark.parametrize("shape", [(5,), (1,), (4, 1), (2, 3, 4)])
def test_reductions_by_logaddexp_of_any_shape(shape):
    x = generator(12).normal(size=shape)
    for axis in range(len(shape)):
        run = native(lambda x, k=axis: np.exp(np.logaddexp.reduce(x, axis=k)), x)
        np.testing.assert_allclose(run(x)[0], np.exp(x).sum(axis=axis), rtol=1e-14)


def test_a_hidden_markov_model_is_one_native_segment():
    a, b = generator(13).normal(size=(4, 4)), generator(14).normal(size=(6, 4))

    def f(a, b):
        alpha = b[0]
        for row in b[1:]:
            alpha = np.logaddexp.reduce(alpha[:, None] + a, axis=0) + row
        return np.logaddexp.reduce(alpha)

    run = native(ad.grad(f, argnums=(0, 1)), a, b)
    assert parts(run) == ["native"]
    for found, wanted in zip(run(a, b), ad.grad(f, argnums=(0, 1))(a, b), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)
