"""The interpreter of programs: runs one operation after the other, as the function itself would.
The tests compare the other back ends with it, and it runs the exact program where the result of an
optimised one cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from admodes.compilation.protocol import MISS, Miss, Run, missed
from admodes.core.carrier import quiet
from admodes.core.pytree import owned
from admodes.core.record import Guard, Ref, WengertList
from admodes.core.values import canonical
from admodes.loops.region import OtherBranch
from admodes.optimisation.optimised import Optimised
from admodes.programs.replay import holds, rows_at, value_of


def interpret(program: WengertList, leaves: Sequence[Any]) -> list[Any] | Miss:
    """The outputs at these leaves, as the caller's own arrays; a Miss where a guard fails."""
    return build(program)(*leaves)


def build(fast: WengertList, exact: WengertList | None = None) -> Run:
    """A function that interprets fast, and exact instead where an output among the suspects
    of fast is not finite, or where fast was rewritten under a decision that does not hold.

    >>> from admodes.compilation.interpreter import build
    >>> from admodes.core.record import record
    >>> run = build(record(lambda x: x * x if x > 1.0 else -x, 2.0))
    >>> run(3.0), run(0.5)
    ([9.0], MISS)
    """
    suspects = Optimised.of(fast).suspects
    due = fast.due()
    rewritten = any(guard.rewritten for guard in fast.guards)

    def run(*leaves: Any) -> list[Any] | Miss:
        failed: list[Guard] = []

        def goes_on(row: int, made: list) -> bool:
            failed.extend(guard for guard in due.get(row, ()) if not holds(guard, made))
            return not failed

        try:
            with quiet():
                made = rows_at(fast, leaves, goes_on if due else None)
        except OtherBranch:
            # A loop of the exact program may run through where that of the fast one does not.
            return MISS if exact is None else interpret(exact, leaves)
        if made is None:
            if exact is None or not rewritten:
                return missed(failed[0].number)
            return interpret(exact, leaves)
        found = [canonical(value_of(y, made)) for y in fast.outputs]
        if exact is not None and not all(is_finite(found[i]) for i in suspects):
            return interpret(exact, leaves)
        constants = (y for y in fast.outputs if not isinstance(y, Ref))
        return owned(found, (*leaves, *fast.captured.values(), *constants))

    return run


def is_finite(y: Any) -> bool:
    """Whether a number, or every entry of an array, is neither nan nor infinite."""
    if y.__class__ is float:
        return y - y == 0.0
    if y.__class__ is np.ndarray and y.dtype == np.float64:
        # One product tells, unless it overflows.
        flat = y.ravel("K")
        if np.vdot(flat, flat) < np.inf:
            return True
    return bool(np.isfinite(y).all())
