"""Random programs on arrays: numerical differences, forward = reverse, blocks of directions, and
another library; every operation of the registry takes part in every block of programs."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pytest
import random_arrays
from harness import difference, general, multiplied, replaced
from random_arrays import KINKS, MOVES, ArrayProgram, flat_vector

import admodes as ad
from admodes.core.op import REGISTRY
from admodes.core.record import record
from admodes.lab.children import Family

BLOCKS = 7
ON_KINKS = 20
"""One program in so many sits on kinks."""

NAMES = sorted(MOVES)
OPERATIONS = {op.name for op in REGISTRY.values() if not op.custom} - random_arrays.MISSING


def programs(block: int) -> Iterator[ArrayProgram]:
    """One program for each instruction, which it contains, so that a block has them all."""
    for k, name in enumerate(NAMES):
        kinked = k % ON_KINKS == block % ON_KINKS
        yield ArrayProgram.grown(10_000 * block + k, name, on_kinks=kinked)


def weights_of(p: ArrayProgram, count: int | None = None) -> list:
    """Random cotangents of the results."""
    rng = np.random.default_rng(len(p.steps))
    lead = () if count is None else (count,)
    shapes = (np.shape(p.values[k]) for k in p.outputs)
    drawn = (rng.uniform(-1, 1, lead + s) for s in shapes)
    return [w if w.ndim else float(w) for w in drawn]


class Sweeps(NamedTuple):
    """What both sweeps gave at the inputs, for the checks that follow: values, tangents along the
    direction, cotangents of the inputs, and the pullback that these came from."""

    outs: list
    dots: list
    back: tuple
    pullback: Callable


def check_sweeps(p: ArrayProgram) -> Sweeps:
    """jvp against numerical differences, and against vjp."""
    outs, dots = ad.jvp(p, p.inputs, p.direction)
    assert [np.shape(y) for y in outs] == [np.shape(t) for t in dots]
    again, pullback = ad.vjp(p, *p.inputs)
    found = flat_vector(dots)
    # Kernels of math and of NumPy differ in last bits, which the next operations amplify.
    for values in (flat_vector(again), p.smoothed(*p.inputs)):
        np.testing.assert_allclose(flat_vector(outs), values, rtol=1e-11, atol=1e-13)
    expected = difference(p.smoothed, p.inputs, p.direction)
    assert np.max(np.abs(found - expected), initial=0.0) <= 1e-7

    ws = weights_of(p)
    back = pullback(ws)
    assert [np.shape(g) for g in back] == [np.shape(x) for x in p.inputs]
    left = found * flat_vector(ws)
    right = flat_vector(back) * flat_vector(p.direction)
    scale = np.sum(np.abs(left)) + np.sum(np.abs(right))
    assert abs(np.sum(left) - np.sum(right)) <= 1e-11 * (scale + 1e-3)
    return Sweeps(outs, dots, back, pullback)


def check_blocks(p: ArrayProgram, one_by_one: Sweeps) -> None:
    """Several directions at once equal one after the other."""
    factors = np.array([1.0, 0.0, -2.5])
    vs = tuple(np.multiply.outer(factors, v) for v in p.direction)
    _, block = ad.jvp(p, p.inputs, vs, batched=True)
    for many, one in zip(block, one_by_one.dots, strict=True):
        np.testing.assert_allclose(many, np.multiply.outer(factors, one), rtol=1e-9, atol=1e-12)
    ws = [np.multiply.outer(factors, w) for w in weights_of(p)]
    found = one_by_one.pullback(ws, batched=True)
    for many, one in zip(found, one_by_one.back, strict=True):
        np.testing.assert_allclose(many, np.multiply.outer(factors, one), rtol=1e-9, atol=1e-10)


def check_second_order(p: ArrayProgram) -> None:
    """The second derivative along the direction by all four compositions of the modes, and by
    differences of the first."""
    ws = weights_of(p)
    vs = p.direction

    def total(*xs: Any) -> Any:
        parts = (np.sum(w * y) for w, y in zip(ws, p(*xs), strict=True))
        return functools.reduce(operator.add, parts)

    def forward(f: Any) -> Any:
        return lambda *xs: ad.jvp(f, xs, vs)[1]

    def reverse(f: Any) -> Any:
        def along(*xs: Any) -> Any:
            back = ad.vjp(f, *xs)[1](1.0)
            return sum(np.sum(g * v) for g, v in zip(back, vs, strict=True))

        return along

    found = {
        f"{outer.__name__} over {inner.__name__}": float(outer(inner(total))(*p.inputs))
        for outer in (forward, reverse)
        for inner in (forward, reverse)
    }
    first = found["forward over forward"]
    for mode, second in found.items():
        assert second == pytest.approx(first, rel=1e-8, abs=1e-9), mode
    if not any(step.name in KINKS for step in p.steps):
        expected = difference(forward(total), p.inputs, vs)
        assert first == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


# An index that is computed from a sample cannot be the same for all samples.
NOT_BY_SAMPLE = {"argmax_as_index", "getitem_positive"}


def check_samples(p: ArrayProgram, at_inputs: Sweeps) -> None:
    """Several points at once equal one after the other, values and both derivatives. The points,
    of which the first is the inputs, differ enough to take other branches."""
    ws = weights_of(p)

    def derivatives(*xs: Any) -> Any:
        return ad.jvp(p, xs, p.direction), ad.vjp(p, *xs)[1](ws)

    factors = np.array([1.0, 0.9, 0.97])
    samples = tuple(np.multiply.outer(factors, x) for x in p.inputs)
    (outs, dots), back = ad.vmap(derivatives)(*samples)
    found = [*outs, *dots, *back]
    wanted = [[*at_inputs.outs, *at_inputs.dots, *at_inputs.back]]
    for k in (1, 2):
        (y, t), g = derivatives(*(x[k] if x.ndim > 1 else float(x[k]) for x in samples))
        wanted.append([*y, *t, *g])
    for k, expected in enumerate(wanted):
        for many, one in zip(found, expected, strict=True):
            np.testing.assert_allclose(many[k], one, rtol=1e-8, atol=1e-10)


def recorded(p: ArrayProgram, eager: Sweeps) -> set[str]:
    """The operations of the program and of both of its derivatives; recording changes nothing."""
    ws = weights_of(p)

    def both(*xs: Any) -> Any:
        return ad.jvp(p, xs, p.direction)[1], ad.vjp(p, *xs)[1](ws)

    program = record(both, *p.inputs)
    values = [program.steps[y.row].value if hasattr(y, "row") else y for y in program.outputs]
    np.testing.assert_allclose(
        flat_vector(values), flat_vector([*eager.dots, *eager.back]), rtol=1e-10, atol=1e-12
    )
    return {step.op.name for step in program.steps if step.op is not None}


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_programs(block):
    seen: set[str] = set()
    kinked = reused = steps = 0
    for p in programs(block):
        assert 5 <= len(p.steps) <= random_arrays.LONGEST
        try:
            sweeps = check_sweeps(p)
            check_blocks(p, sweeps)
            check_second_order(p)
            seen |= recorded(p, sweeps)
            if not NOT_BY_SAMPLE & {step.name for step in p.steps}:
                check_samples(p, sweeps)
        except Exception as error:
            error.add_note(str(p))
            raise
        kinked += any(step.name in KINKS for step in p.steps)
        reused += p.reuses
        steps = max(steps, len(p.steps))
    assert seen >= OPERATIONS, sorted(OPERATIONS - seen)
    assert reused == len(NAMES)
    assert 0.04 * len(NAMES) <= kinked <= 0.07 * len(NAMES)
    assert steps > 30


def test_there_are_a_thousand_programs():
    assert BLOCKS * len(NAMES) >= 1000


@pytest.mark.parametrize("name", sorted(KINKS))
def test_every_kink_occurs_alone(name):
    """The convention of each kink, at points with many ties."""
    found = 0
    for seed in range(40):
        p = ArrayProgram(seed, on_kinks=True)
        if p.take(name):
            p.finish()
            found += 1
            check_sweeps(p)
    assert found > 5


class Jax:
    """jax.numpy, and jax.nn and jax.scipy.special for what it does not have."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jvp, self.grad = jax.jvp, jax.grad
        self.homes = (jax.numpy, jax.nn, jax.scipy.special)
        self.ln = jax.numpy.log
        self.root = jax.numpy.sqrt
        self.cot, self.sec, self.csc = (
            lambda x, f=f: 1 / f(x) for f in (jax.numpy.tan, jax.numpy.cos, jax.numpy.sin)
        )
        self.psi = jax.scipy.special.digamma
        self.trigamma = lambda x: jax.scipy.special.polygamma(1, x)
        self.gelu = lambda x: jax.nn.gelu(x, approximate=False)
        self.vjp, self.jit, self.ready = jax.vjp, jax.jit, jax.block_until_ready
        self.refused = jax.errors.JaxRuntimeError

    def __getattr__(self, name: str) -> Any:
        for home in self.homes:
            if hasattr(home, name):
                return getattr(home, name)
        raise AttributeError(name)


# jax has no derivative of these, or no function of the same name and meaning.
NOT_IN_JAX = {"eig", "sliding_window_view", "where_nan_is_not_taken"}


@pytest.mark.parametrize("part", range(4))
def test_random_programs_agree_with_jax(part):
    """Short programs, since jax compiles every operation for every shape; each instruction is
    compared in one of them at least. In a process of its own: once jax has run in this one, it
    hangs in all that are forked from it, as other tests do."""
    if find_spec("jax") is None:
        pytest.skip("jax is not installed")
    with Family(lambda: None, AgainstJax) as family:
        family.worker([], memory=4 << 30, reserve=8 << 30).ask("check_part", 600.0, part=part)


class AgainstJax:
    """What runs in the process of its own."""

    def check_part(self, part: int) -> None:
        check_part(Jax(), part)


def check_part(jax: Jax, part: int) -> None:
    for k, name in list(enumerate(NAMES))[part::4]:
        if name in NOT_IN_JAX:
            continue
        p = next(
            p
            for p in (
                ArrayProgram.grown(k + seed, name, length=6) for seed in range(0, 10**6, 1000)
            )
            if not NOT_IN_JAX & {step.name for step in p.steps}
        )
        try:
            check_against(jax, p)
        except Exception as error:
            error.add_note(str(p))
            raise


def check_against(jax: Jax, p: ArrayProgram) -> None:
    def f(*xs: Any) -> Any:
        return p.run(jax, *xs)

    def both(xs: tuple, vs: tuple, ws: list) -> Any:
        return jax.jvp(f, xs, vs), jax.vjp(f, *xs)[1](ws)

    # What takes its shape from values cannot be compiled.
    by_value = {step.name for step in p.steps} & {"getitem_positive"}
    compiled = both if by_value else jax.jit(both)
    ws = weights_of(p)
    given = (
        tuple(np.asarray(x, float) for x in p.inputs),
        tuple(np.asarray(v, float) for v in p.direction),
        [np.asarray(w, float) for w in ws],
    )
    try:
        (outs, dots), back = jax.ready(compiled(*given))
    except jax.refused:  # by a defect of XLA: a Fourier transform of what it has transposed
        (outs, dots), back = both(*given)
    ours, tangents = ad.jvp(p, p.inputs, p.direction)
    cotangents = ad.vjp(p, *p.inputs)[1](ws)
    for expected, found in zip((*outs, *dots, *back), (*ours, *tangents, *cotangents), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def wrong(rule: Any, error: float) -> Any:
    def scaled(*args: Any, **params: Any) -> Any:
        return multiplied(rule(*args, **params), 1.0 + error)

    return scaled


@pytest.mark.parametrize("name", ["matmul", "sum", "transpose", "concatenate", "cumsum"])
def test_a_transpose_that_is_slightly_wrong_is_caught(name):
    op = REGISTRY[name]
    transposes = (wrong(op.transposes[0], 1e-8), *op.transposes[1:])
    assert_caught(name, op, transposes=transposes)


@pytest.mark.parametrize("name", ["tanh", "power", "atan2"])
def test_a_partial_that_is_slightly_wrong_is_caught(name):
    """Forward and reverse agree on it; numerical differences do not."""
    op = REGISTRY[name]
    first, *others = general(op)
    assert_caught(name, op, partials=(wrong(first, 1e-4), *others))


@pytest.mark.parametrize("name", ["sort", "cumprod", "inv"])
def test_a_tangent_that_is_slightly_wrong_is_caught(name):
    op = REGISTRY[name]
    assert_caught(name, op, tangent=wrong(op.tangent, 1e-4))


def assert_caught(name: str, op: Any, **attributes: Any) -> None:
    grown = [ArrayProgram.grown(seed, name) for seed in range(5)]
    for p in grown:
        check_sweeps(p)
    caught = 0
    with replaced(op, **attributes):
        for p in grown:
            try:
                check_sweeps(p)
            except AssertionError:
                caught += 1
    assert caught >= 3
