"""Printed code in which a loop is a function with a for: it gives what admodes gives."""

from __future__ import annotations

import numpy as np
import pytest
from test_operations import TURNS

import admodes as ad


def functions(f, *args):
    code = ad.code(f, *args, rows="array")
    space: dict = {}
    exec(code.source(), space)
    return [space[name] for name in ("run", "run_tangent", "run_adjoint")], code


def along(x, k=0.0):
    v = np.cos(np.arange(1.0, np.size(x) + 1) + k).reshape(np.shape(x))
    return v if np.ndim(x) else float(v)


def close(found, expected):
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in TURNS if n not in ("matrices", "no state")])
def test_printed_loops_give_what_admodes_gives(name):
    turns = TURNS[name]
    rolled = turns.rolled()

    def run(*args):
        return tuple(rolled(*args))

    (f, tangent, adjoint), code = functions(run, *turns.args)
    assert "for i in range(" in code.f or "loop1(" in code.f
    results = run(*turns.args)
    dots, bars = tuple(map(along, turns.args)), tuple(along(y, 1.0) for y in results)
    close(f(*turns.args), results)
    expected = ad.jvp(run, turns.args, dots)
    close(tangent(*turns.args, *dots), (*expected[0], *expected[1]))
    close(adjoint(*turns.args, *bars), ad.vjp(run, *turns.args)[1](bars))


def test_the_loop_is_a_for_of_the_lines_of_one_turn():
    def growth(x, rates):
        return ad.loop(lambda x, r: x + 0.1 * r * x * (1 - x), x, 5, per_step=rates)

    text = ad.code(growth, 0.1, np.ones(5), rows="array").source("f")
    assert (
        """\
def loop1(s1, x2):
    \"\"\"The last state and the results of all turns as one vector.\"\"\"
    s1 = np.float64(s1)
    for i in range(5):
        s1 = s1 + 0.1 * x2[i] * s1 * (1 - s1)
    return np.concatenate([np.ravel(y) for y in (s1,)])
"""
        in text
    )
    assert text.count("loop1(") == 2


def test_long_loops_that_are_unrolled_are_told_how_to_be_printed():
    def plain(x):
        for _ in range(6000):
            x = np.sin(x)
        return x

    with pytest.raises(ValueError, match=r"state them by ad\.loop and give rows="):
        ad.code(plain, np.ones(2))
