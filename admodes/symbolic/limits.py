"""The value of a symbolic form at a point where it reads 0/0 or the like, as the limit that all
directions share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from admodes.core.op import Op
from admodes.symbolic.forms import AtKink
from admodes.symbolic.precision import evaluate, number, precise


def value_at(op: Op, function: Callable, point: Sequence[Any], digits: int) -> Any:
    """A compiled form of op at a point; where that is 0/0 or the like but op has a value, the limit
    that all directions share; else nan."""
    import mpmath

    y = evaluate(function, point, digits, infinite=True)
    if y is not None and y == y:
        return y
    limit = limit_at(function, point, digits) if _has_value(op, point) else None
    return mpmath.nan if limit is None else limit


def _has_value(op: Op, point: Sequence[Any]) -> bool:
    return math.isfinite(float(op.plain(tuple(map(float, point)))))


def limit_at(function: Callable, point: Sequence[Any], digits: int) -> Any:
    """The limit of a compiled form as one argument at a time approaches a point from either side,
    where it is defined; None where the sides differ."""
    import mpmath

    found = []
    with precise(digits):
        step = mpmath.mpf(10) ** (-2 * digits - 350)
        for j in range(len(point)):
            for side in (step, -step):
                with precise(4 * digits + 1100):
                    moved = [number(x) + side * (i == j) for i, x in enumerate(point)]
                    try:
                        y = evaluate(function, moved, digits)
                    except AtKink:
                        continue
                if y is not None and mpmath.isfinite(y):
                    found.append(y)
        if not found or any(
            abs(y - found[0]) > mpmath.mpf(10) ** (3 - digits) * (1 + abs(y)) for y in found
        ):
            return None
        return found[0] if abs(found[0]) > mpmath.mpf(10) ** (3 - digits) else mpmath.mpf(0)
