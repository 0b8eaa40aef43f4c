"""Lists in which a loop is one row, printed, as JSON, and run again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from loop_bodies import Turns, points, vector

import admodes as ad
from admodes.core.costs import without_moves


def turn(q, p, force, h):
    p = p + h * (force - np.sin(q)) if q > -5.0 else p
    return q + h * p, p, q * q


PENDULUM = Turns(turn, 9, 2, 1, points((), (), (9,), ()))

LIST = """\
pendulum(q, p, forces, h): 4 operations
  q
  p
  forces                        (9,)
  h
  for i = 0, 1, …, 8:
    t0 = q, then t8 of the turn before
    t1 = p, then t6 of the turn before
    guard t0 > -5 is True
    t3 = sin(t0)
    t4 = forces[i] - t3
    t5 = h * t4
    t6 = t1 + t5
    t7 = h * t6
    t8 = t0 + t7
    t9 = t0 * t0
  v4 = the last t8, t6; all t9  (11,)
  y1 = v4[0]
  y2 = v4[1]
  y3 = v4[2:11]                 (9,)
"""


def program(turns=PENDULUM):
    run = turns.rolled()

    def pendulum(q, p, forces, h):
        return run(q, p, forces, h)

    return ad.record(pendulum, *turns.args, loops=True)


def test_a_turn_is_printed_once_above_the_row_of_the_loop():
    assert str(program()) == LIST


def test_a_loop_that_runs_back_says_so():
    shorter = Turns(turn, 3, 2, 1, points((), (), (3,), ()), backwards=True)
    assert "for i = 2, 1, 0:" in str(program(shorter))


def test_the_json_has_the_rows_of_a_turn():
    (row,) = (row for row in json.loads(program().to_json())["rows"] if row["op"] == "loop")
    loop = row["loop"]
    assert (loop["turns"], loop["backwards"], loop["carried"], loop["per_turn"]) == (9, False, 2, 1)
    operations = [r["op"] for r in loop["rows"] if r["op"] != "input"]
    assert operations == [
        "greater",
        "sin",
        "subtract",
        "multiply",
        "add",
        "multiply",
        "add",
        "multiply",
    ]
    assert [loop["rows"][y]["op"] for y in loop["outputs"]] == ["add", "add", "multiply"]
    assert [g["text"] for g in loop["guards"]] == ["guard t0 > -5 is True"]


def test_the_program_runs_again_and_counts_every_turn():
    listed, plain = program(), ad.record(lambda *xs: PENDULUM.plain(*xs), *PENDULUM.args)
    other = tuple(0.5 * x for x in PENDULUM.args)
    for x, y in zip(listed(*other), PENDULUM.plain(*other), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14)
    assert without_moves(listed.count().f) == without_moves(plain.count().f)
    with pytest.raises(ValueError, match="another branch"):
        listed(-6.0, *other[1:])


def test_both_loops_of_a_gradient_are_printed():
    total = vector(PENDULUM.rolled(), weights=True)
    text = str(ad.record(ad.grad(total, argnums=(0, 3)), *PENDULUM.args, loops=True))
    assert [line.strip() for line in text.splitlines() if "for i" in line] == [
        "for i = 0, 1, …, 8:",
        "for i = 0, 1, …, 8:",
        "for i = 8, 7, …, 0:",
    ]


ROLLED = """\
orbit(q, p, h): 3 operations
  v0 = q
  v1 = p
  v2 = h
  for i = 0, 1, …, 49:
    t0 = v1, then t4 of the turn before
    t1 = v0, then t6 of the turn before
    t2 = sin(t1)
    t3 = v2 * t2
    t4 = t0 - t3
    t5 = v2 * t4
    t6 = t1 + t5
  v3 = the last t4, t6; all t6  (52,)
  v4 = v3[2:52]                 (50,)
  v5 = v3[1]
  y1 = v5
  y2 = v4
"""


def test_a_program_of_a_plain_loop_is_rolled():
    def orbit(q, p, h):
        path = []
        for _ in range(50):
            p = p - h * ad.sin(q)
            q = q + h * p
            path.append(q)
        return q, ad.stack(path)

    plain = ad.record(orbit, 1.0, 0.5, 0.1)
    rolled = plain.rolled()
    assert str(rolled) == ROLLED
    for x, y in zip(rolled(0.5, 0.2, 0.1), plain(0.5, 0.2, 0.1), strict=True):
        assert np.array_equal(x, y)
    assert without_moves(rolled.count().f) == without_moves(plain.count().f)
    assert str(ad.record(lambda x: x * x, 2.0).rolled()) == str(ad.record(lambda x: x * x, 2.0))
