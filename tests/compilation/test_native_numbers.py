"""The llvm back end on numbers: every operation, kinks and domain errors, random expressions."""

import itertools
import math

import pytest

pytest.importorskip("llvmlite", reason="the llvm back end needs llvmlite")

from native_harness import agrees, fused, native, parts
from random_expressions import collected, expressions
from seeds import generator

import admodes as ad
from admodes.compilation.llvm.lowerings import ENTRIES, NUMBERS
from admodes.core.op import REGISTRY, UNLISTED

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -3.5, 1e308, -1e308, 1e-310, 710.0, -745.2, 33.1, 1e-9]
EDGES += [math.inf, -math.inf, math.nan]
POINTS = [*EDGES, *generator(1).normal(size=25).tolist()]
LOGIC = ("both", "either", "differ", "opposite")
KNOWN = REGISTRY | UNLISTED
NAMES = sorted({*ENTRIES, *NUMBERS} - {"copy"})


def points(arity, most=400):
    found = list(itertools.product(POINTS, repeat=arity))
    chosen = generator(arity).permutation(len(found))[:most]
    return [found[k] for k in chosen]


def as_number(op):
    """The operation as a function from numbers to a number."""

    def f(*xs):
        if op.name in LOGIC:
            xs = [x > 0.5 for x in xs]
        if op.name == "where":
            xs = [xs[0] > 0.5, *xs[1:]]
        y = op(*xs)
        return ad.where(y, 2.0, 3.0) if op.is_test else y

    return f


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_has_the_bits_of_eager_evaluation_at_edges_and_anywhere(name):
    op = KNOWN[name]
    run = native(as_number(op), *[0.7] * op.arity)
    assert parts(run) == ["native"]
    for xs in points(op.arity):
        assert agrees(run, *xs), xs


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"where"}))
def test_gradients_and_second_derivatives_have_them_too(name):
    op = KNOWN[name]
    active = tuple(i for i in range(op.arity) if op.active(i))
    if not active:
        return
    gradient = native(ad.grad(op, active), *[0.7] * op.arity)
    product = native(
        lambda *xs: ad.jvp(ad.grad(op, active), xs, (0.3,) * op.arity), *[0.7] * op.arity
    )
    for xs in points(op.arity, 80):
        assert agrees(gradient, *xs), xs
        assert agrees(product, *xs), xs


def test_random_expressions_with_their_gradients():
    def check(e):
        assert agrees(native(e, *e.at), *e.at)
        assert agrees(native(ad.grad(lambda *xs: e(*xs)[0]), *e.at), *e.at)
        moved = [0.9 * x + 0.1 for x in e.at]
        assert agrees(native(e, *e.at), *moved)

    collected(expressions(), 60, check)


def test_a_strong_zero_wins_over_infinite_and_nan_partials():
    def f(x, y):
        return ad.sqrt(x) * y

    run = native(lambda x, y: ad.jvp(f, (x, y), (0.0, 1.0)), 1.0, 2.0)
    assert run(0.0, 3.0) == [0.0, 0.0]
    assert run(4.0, 3.0) == [6.0, 2.0]


def test_ties_share_and_kinks_have_the_documented_derivative():
    run = native(ad.grad(lambda x, y: ad.maximum(x, y) + abs(x), (0, 1)), 1.0, 2.0)
    assert run(2.0, 2.0) == [1.5, 0.5]
    assert run(0.0, -1.0) == [1.0, 0.0]


def test_an_operation_without_a_line_runs_in_python_between_native_rows():
    run = native(lambda x: ad.hypot(x * x, 3.0) + 1.0, 2.0)
    assert parts(run) == ["native", "python", "native"]
    assert run(2.0) == [6.0]


def pendulum(x, y, steps=400):
    for _ in range(steps):
        y = y - 0.01 * ad.sin(x)
        x = x + 0.01 * y
    return x + y


def test_a_long_loop_is_cut_into_equal_pieces_that_are_compiled_once():
    run = native(ad.grad(pendulum, (0, 1)), 1.0, 0.5)
    assert len(fused(run)) > 8
    assert len(run.built.codes) < len(fused(run)) / 2
    assert agrees(run, 1.0, 0.5)
    assert agrees(run, -2.0, 0.1)


def test_a_long_list_without_repetition_is_cut_too():
    rng = generator(3)
    picks = rng.integers(0, 30, (1500, 2)).tolist()
    signs = rng.integers(0, 3, 1500).tolist()

    def f(x, y):
        made = [x, y] * 15
        for (i, j), s in zip(picks, signs, strict=True):
            a, b = made[-1 - i], made[-1 - j]
            made.append((a + b if s == 0 else a - b if s == 1 else a * b) * 0.5)
        return made[-1] + made[-400]

    run = native(ad.grad(f, (0, 1)), 0.3, 0.7)
    assert len(fused(run)) > 3
    for xs in ((0.3, 0.7), (-1.0, 0.2), (math.nan, 1.0)):
        assert agrees(run, *xs)


def test_constant_and_repeated_outputs_and_unused_inputs():
    run = native(lambda x, y: (x, x, 3.0, x * 2.0, x > 0.0), 1.0, 2.0)
    assert run(1.5, math.nan) == [1.5, 1.5, 3.0, 3.0, True]
    assert [v.__class__ for v in run(-1.0, 0.0)] == [float] * 4 + [bool]


def test_branches_are_guards_that_native_code_decides():
    def f(x, y):
        if x > y:
            return x * y
        return (x - y) ** 2 if y < 10.0 else x

    run = native(f, 1.0, 2.0)
    assert parts(run) == ["native"]
    assert run(0.0, 3.0) == [9.0]
    for xs in ((3.0, 2.0), (1.0, 11.0), (math.nan, 2.0), (2.0, 2.0)):
        assert agrees(run, *xs), xs


def test_the_truth_of_a_number_is_a_guard():
    run = native(lambda x: x * 2.0 if ad.sign(x) else x + 1.0, 3.0)
    assert run(-1.0) == [-2.0]
    assert agrees(run, 0.0)
    assert agrees(run, math.nan)
