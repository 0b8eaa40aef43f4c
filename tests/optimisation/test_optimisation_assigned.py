"""Assignments that others undo, and in loops whether anything tells the sign of a zero there."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_programs import assert_alike, recorded

import admodes as ad
from admodes.compilation.interpreter import interpret
from admodes.loops.operations import loop
from admodes.ops.indexing import place
from admodes.optimisation import optimise
from admodes.optimisation.dataflow import telling_outputs, telling_signs
from admodes.optimisation.passes.loop_copies import region_of

RNG = np.random.default_rng(20261129)
INSIDE = slice(1, -1)


def names(program):
    found = []
    for step in program.steps:
        if step.op is loop:
            found += names(region_of(step).body)
        elif step.op is not None:
            found.append(step.op.name)
    return found


def added(u, v):
    """u[1:-1] += v, as an optimiser sees it in a cotangent."""
    zeroed = u.copy()
    zeroed[INSIDE] = 0.0
    return zeroed + place(v, index=INSIDE, shape=(6,))


def kept(u, v):
    return added(u, u[INSIDE])


def twice(u, v):
    w = u.copy()
    w[INSIDE] = np.sin(v)
    w[INSIDE] = v
    return w


def read(u, v):
    w = u.copy()
    w[INSIDE] = v
    return w[INSIDE] * 2.0


@pytest.mark.parametrize(
    ("f", "left"),
    [(added, ["assign"]), (kept, []), (twice, ["assign"]), (read, ["multiply"])],
)
def test_assignments_that_are_undone_are_left_out(f, left):
    u, v = RNG.normal(size=6), RNG.normal(size=4)
    program, leaves = recorded(f, u, v)
    fast = optimise(program)
    assert names(fast) == left
    assert_alike(interpret(fast, leaves)[0], f(u, v))
    far = [np.array([np.nan, np.inf, 1.0, 2.0, -np.inf, 0.5]), np.array([np.inf, np.nan, 0.0, 1.0])]
    assert_alike(interpret(fast, far)[0], interpret(program, far)[0])


def test_the_cotangent_of_an_addition_in_place_goes_on_as_it_is():
    def f(u, v):
        u = 2.0 * u
        u[INSIDE] += v
        return np.sum(np.sin(u))

    program, leaves = recorded(ad.grad(f, (0, 1)), RNG.normal(size=6), RNG.normal(size=4))
    fast = optimise(program)
    assert names(fast).count("assign") == 1
    for a, b in zip(interpret(fast, leaves), interpret(program, leaves), strict=True):
        assert_alike(a, b)


def turns(u, v):
    return ad.loop(lambda u, _, v: added(u, v), u, 5, v)


def test_in_a_loop_the_sign_of_a_zero_counts_where_something_tells_it():
    u, v = RNG.normal(size=6), np.array([-0.0, 0.0, -1.0, 2.0])
    for f, told in ((turns, False), (lambda u, v: 1.0 / turns(u, v), True)):
        program, leaves = recorded(f, u, v, loops=True)
        (row,) = (i for i, step in enumerate(program.steps) if step.op is loop)
        region = region_of(program.steps[row])
        assert telling_signs(program)[row] is told
        assert telling_outputs(region, told) == ({0} if told else set())
        fast = optimise(program)
        assert ("place" in names(fast)) is told
        with np.errstate(divide="ignore"):
            assert np.array_equal(interpret(fast, leaves)[0], interpret(program, leaves)[0])


def test_a_later_turn_tells_the_sign_of_a_zero():
    def f(u, v):
        def step(state, _, v):
            u, _ = state
            return added(u, v), np.sum(1.0 / u)

        return ad.loop(step, (u, 0.0), 5, v)

    u, v = RNG.normal(size=6), np.array([-0.0, 0.0, -1.0, 2.0])
    program, leaves = recorded(f, u, v, loops=True)
    (region,) = (region_of(step) for step in program.steps if step.op is loop)
    assert telling_outputs(region, False) == {0}
    fast = optimise(program)
    assert "place" in names(fast)
    with np.errstate(divide="ignore"):
        for a, b in zip(interpret(fast, leaves), interpret(program, leaves), strict=True):
            assert np.array_equal(a, b, equal_nan=True)
