"""A thousand random programs with masks, small integers, updates in place, branches and captures
that change, in all interpreters: ADMODES_TEST_SEED=3 runs others, fuzz.py as many as one likes."""

from __future__ import annotations

import collections

import pytest
from fuzz import failures, smallest
from fuzz_judges import case
from fuzz_programs import change, grown, shrunk
from seeds import SEED

BLOCKS = 8
PROGRAMS = 125
IN_TURN = 3
"""Interpreters that each program meets beside the eager ones; all have their turn."""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_programs(block):
    seen: collections.Counter = collections.Counter()
    first = 1_000_000 * SEED + PROGRAMS * block
    for k, text, p, judge in failures(iter(range(first, first + PROGRAMS)), IN_TURN, seen):
        p, text = smallest(p, k, judge, text)
        raise AssertionError(f"program {k}: {text}\n{p}")
    assert seen["judged"] > 0.9 * PROGRAMS
    assert seen["derivative known"] > 0.9 * seen["judged"]
    assert seen["eager_reverse"] > 0.7 * PROGRAMS


def test_a_program_shrinks_to_the_statement_that_fails():
    p = next(q for q in map(grown, range(1000)) if "np.tanh" in q.source and len(q.statements) > 4)
    q = shrunk(p, lambda r: "np.tanh" in r.source and case(r, 0) is not None)
    assert len(q.statements) < len(p.statements)
    space: dict = {}
    exec(str(q), space)
    assert space["f"](*space["args"]) is not None


def test_captures_change_between_calls():
    p = grown(0)
    f = p.function()
    before = f.__globals__["W"].copy()
    change(f.__globals__)
    assert not (f.__globals__["W"] == before).any()
    assert (p.globals["W"] == before).all()
