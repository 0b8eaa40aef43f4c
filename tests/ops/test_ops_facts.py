"""What operations declare of entries, nan, zeros and bits, tried out on all of them."""

from __future__ import annotations

import contextlib
import itertools

import numpy as np
import pytest
from array_cases import tangential_cases
from harness import ELEMENTWISE, OPS, ids, linear_cases

import admodes as ad
from admodes.core.carrier import UFUNCS, quiet
from admodes.core.elementwise import reading
from admodes.core.entries import sources
from admodes.core.op import REGISTRY, UNLISTED, Op, register
from admodes.core.pytree import flatten
from admodes.core.record import record
from admodes.core.structure import Entrywise, Moves, Reduction
from admodes.errors import BadValue
from admodes.sparse.pattern import pattern

PROBES = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -2.5, 1e-320, np.inf, -np.inf, np.nan)
CASES = [
    pytest.param(f, args, id=f"{name}-{k}")
    for cases in (linear_cases(), tangential_cases())
    for name, made in cases.items()
    for k, (f, args) in enumerate(made)
    if not any(map(np.iscomplexobj, args))
]
ENTRIES = [*ELEMENTWISE, *(op for op in OPS if op.entrywise and not op.elementwise)]
"""Operations entry by entry; those on truth values and complex numbers alone are left out below."""


def higher_derivatives():
    """The operations that occur in derivatives alone come to be with these."""
    for op in ELEMENTWISE:
        for i in range(op.arity):
            slope = op
            for _ in range(3):
                slope = ad.grad(slope, argnums=i)
                slope(*[0.3] * op.arity)


def applied(op, args):
    """The results of both kernels."""
    with quiet():
        return op.dispatch(args, None), op.dispatch(tuple(np.array([a]) for a in args), None)


def numeric(op):
    """Whether an operation takes real numbers and nothing else."""
    try:
        applied(op, (0.5,) * op.arity)
    except TypeError:
        return False
    return True


def equal(a, b):
    return np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")


def all_entrywise():
    higher_derivatives()
    return [op for op in (*ENTRIES, *UNLISTED.values()) if not op.custom and numeric(op)]


def others(op, k):
    """Every choice of probes for the arguments but number k."""
    for rest in itertools.product(PROBES, repeat=op.arity - 1):
        yield lambda x, rest=rest: (*rest[:k], x, *rest[k:])


def test_a_nan_is_hidden_where_that_is_declared():
    wrong = []
    for op in all_entrywise():
        for k in range(op.arity):
            results = (y for full in others(op, k) for y in applied(op, full(np.nan)))
            passes = all(np.asarray(y).dtype.kind == "f" and np.isnan(y).all() for y in results)
            declared = k not in op.numerics.hides_nan
            # A strong product hides it, and becomes a plain one; what is not chosen is not read.
            apart = op.structure.chooses or (op.structure.multiplies and not op.elementwise)
            if declared and not passes and not apart and not op.is_test:
                wrong.append((op.name, k))
    assert wrong == []


def test_the_sign_of_a_zero_tells_where_that_is_declared():
    wrong = []
    for op in all_entrywise():
        for k in set(range(op.arity)) - set(op.numerics.tells_zeros):
            for full in others(op, k):
                pairs = zip(applied(op, full(0.0)), applied(op, full(-0.0)), strict=True)
                if not all(equal(*pair) for pair in pairs):
                    wrong.append((op.name, k, full("±0")))
    assert wrong == []


def test_what_carries_infinities():
    for op in OPS:
        for k in op.numerics.carries:
            for full, x in itertools.product(others(op, k), (np.inf, -np.inf, np.nan)):
                assert not any(np.isfinite(y).any() for y in applied(op, full(x))), (op.name, k)


@pytest.mark.parametrize("op", [op for op in OPS if op.numerics.same_bits], ids=ids)
def test_floats_and_arrays_round_alike(op):
    rng = np.random.default_rng(3)
    xs = rng.normal(size=(op.arity, 2000)) * 10.0 ** rng.integers(-30, 30, 2000)
    xs = np.abs(xs) if op.name == "sqrt" else xs
    with quiet():
        floats = [op.dispatch(tuple(map(float, x)), None) for x in xs.T]
        assert np.array(floats).tobytes() == op.dispatch(tuple(xs), None).tobytes()


def test_results_that_are_not_negative():
    for op in OPS:
        for x in PROBES if op.numerics.nonnegative else ():
            assert not any(np.less(y, 0).any() for y in applied(op, (x,))), (op.name, x)


def test_arguments_that_may_be_exchanged():
    for op in OPS:
        if op.numerics.symmetric:
            for a, b in itertools.product(PROBES, repeat=2):
                for one, other in zip(applied(op, (a, b)), applied(op, (b, a)), strict=True):
                    bits = (np.float64(y).tobytes() for y in (one, other))
                    assert np.isnan(one) or next(bits) == next(bits), (op.name, a, b)


def dependence(f, args, i):
    """Which entries of the results change with which entries of argument i, at two changes."""
    base = np.ravel(flatten(f(*args))[0][0])
    x = np.asarray(args[i])
    found = np.zeros((base.size, x.size), bool)
    for j, step in itertools.product(range(x.size), (1e-3, -2e-3)):
        moved = np.array(x, dtype=x.dtype)
        moved.flat[j] += step
        given = (*args[:i], moved if x.ndim else moved[()], *args[i + 1 :])
        changed = np.ravel(flatten(f(*given))[0][0])
        found[:, j] |= ~np.isclose(changed, base, rtol=1e-12, atol=0.0)
    return found


@pytest.mark.parametrize(("f", "args"), CASES)
def test_an_entry_depends_on_no_others_than_declared(f, args):
    program = record(f, *args)
    for i in range(len(args)):
        declared = pattern(program, i).toarray()
        assert not np.any(dependence(f, args, i) & ~declared)


@pytest.mark.parametrize(("f", "args"), CASES)
def test_what_is_declared_of_a_row(f, args):
    """Rows that keep their entries, and reductions that combine by a ufunc."""
    program = record(f, *args)
    for step in program.steps:
        structure = step.op and step.op.structure
        xs = program.arguments(step)
        if isinstance(structure, Moves) and structure.keeps and np.size(step.value):
            count = sum(np.size(x) for i, x in enumerate(xs) if step.op.active(i))
            ones = [np.ones(np.shape(x)) if step.op.active(i) else x for i, x in enumerate(xs)]
            total = np.sum(step.op.array(*ones, **(step.params or {})))
            assert total >= count
        if isinstance(structure, Reduction):
            axes = structure.axes(np.shape(xs[0]), step.params)
            combined = structure.combine.reduce(np.asarray(xs[0]), axis=axes)
            if structure.averages:
                combined = combined / (np.size(xs[0]) / max(np.size(combined), 1))
            np.testing.assert_allclose(np.ravel(step.value), np.ravel(combined), 1e-12)
        if isinstance(structure, Entrywise):
            assert np.shape(step.value) == np.broadcast_shapes(*map(np.shape, xs))


def test_every_operation_that_moves_entries_can_be_asked_with_their_numbers():
    x = np.arange(6.0).reshape(2, 3)
    flip = REGISTRY["flip"]
    assert sources(flip, (x,), {"axis": 1}).tolist() == [[3, 2, 1], [6, 5, 4]]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_a_result_shares_memory_only_where_the_operation_declares_that_it_shows_its_argument(
    f, args
):
    """NumPy code writes into what an operation owns."""
    with quiet():
        program = record(f, *args)
        for step in program.steps:
            xs = [x for x in program.arguments(step) if isinstance(x, np.ndarray)]
            if step.op is REGISTRY["diag"] and xs[0].ndim == 2:
                continue  # np.diag of a matrix becomes the diagonal, which shows it
            if step.op is not None and not step.op.shows(step.params):
                y, again = (
                    np.asarray(step.op.array(*program.arguments(step), **(step.params or {})))
                    for _ in range(2)
                )
                assert y.flags.writeable or not y.ndim
                assert not any(np.may_share_memory(x, y) for x in (*xs, again)), step.op


@pytest.mark.parametrize("op", ENTRIES, ids=ids)
def test_an_entrywise_result_shares_memory_only_where_that_is_declared(op):
    for kind in (float, np.float32, bool):
        x = np.ones(3, kind)
        with quiet(), contextlib.suppress(TypeError):
            y = op.array(*[x] * (op.arity or 2))
            assert op.shows(None) or not np.may_share_memory(x, y), kind


def test_no_ufunc_belongs_to_two_operations():
    ufuncs = [ufunc for op in set(REGISTRY.values()) for ufunc in op.numpy]
    assert len(ufuncs) == len(set(ufuncs))
    names, bound = set(REGISTRY), dict(UFUNCS)
    another = Op(name="another_exp", array=np.exp, arity=1, kind="functions")
    with pytest.raises(BadValue, match=r"np\.exp is bound .*another_exp numpy=\(\)"):
        register(another)
    assert (names, bound) == (set(REGISTRY), UFUNCS)


@pytest.mark.parametrize(
    ("partial", "told"),
    [
        (lambda x: x, "not x"),
        (lambda a, *others: a, "not a, others"),
        (lambda *, a, c, scale: a, "not a, c, scale"),
        (lambda b, **named: b, "not b, named"),
        (np.cos, "written in Python, not <ufunc 'cos'>"),
    ],
)
def test_a_partial_says_by_its_parameters_what_it_reads(partial, told):
    assert reading(lambda y, b: y * b)[1] == (0, 2)
    with pytest.raises(BadValue, match=told):
        reading(partial)
