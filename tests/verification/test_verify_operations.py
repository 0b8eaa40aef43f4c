"""verify blames no operation falsely: every elementwise one inside its domain, at its edges, at its
kinks and outside, on both sides of 0."""

from __future__ import annotations

import itertools
import math

import pytest
from harness import ELEMENTWISE, ids

import admodes as ad

ONE = (0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -1.5, 30.0, 1e-8, 1e8)
TWO = (0.0, 1.0, -2.0, 0.5, 3.0)
ORDERED = ((0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (0.5, 0.0, 1.0), (-2.0, 0.0, 1.0), (3.0, -1.0, 2.0))


def points(op):
    if op.arity == 3:
        return ORDERED
    return itertools.product(ONE if op.arity == 1 else TWO, repeat=op.arity)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=ids)
def test_no_operation_is_blamed_falsely(op):
    decided = 0
    for point in points(op):
        v = ad.verify(op, *point)
        assert v.rules["proved"], (point, v.reason)
        assert v.accuracy["digits_required"] == 4.0
        for e in v.entries:
            assert e.verdict not in ("wrong", "not decided", "not proved"), (point, v.reason)
            finite = all(map(math.isfinite, (e.forward, e.reverse, op(*point))))
            assert finite or not e.passed or math.isinf(e.symbolic), point
            decided += e.verdict in ("verified", "not differentiable")
    assert decided >= 2
