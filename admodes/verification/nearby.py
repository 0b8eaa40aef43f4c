"""A function of numbers near a point, in doubles: its values and its central differences, and
whether a branch or a kink lies within their steps.

They come from the list that was recorded at the point, as long as that is the function; the user's
function is called where the list does not tell.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.record import Step, WengertList
from admodes.programs.replay import rows_at, rows_where_it_holds, value_of
from admodes.symbolic.arrays import components
from admodes.verification.criterion import UNIT
from admodes.verification.differences import Estimate, central_differences, reach

SAME = 64
"""Units of roundoff, relative to the result, by which the function and its list may differ: NumPy's
kernels and those of math do."""

NEARER = 10
"""How often the point at which the two are compared is moved nearer, where f branches between."""


class Nearby:
    """f near xs; program is its list there. traced: whether the list is f off the point as well.

    One call of f on plain numbers tells. A constant that was made from an input, of which a list
    knows nothing, has another value where all inputs are moved."""

    def __init__(self, f: Callable, xs: Sequence[float], program: WengertList) -> None:
        self.f, self.xs, self.program = f, list(xs), program
        self._rows = rows_where_it_holds(program)
        self.traced = self._is_traced()

    def _is_traced(self) -> bool:
        for level, side in itertools.product(range(NEARER), (1, -1)):
            part = side * 0.7 / 2.0**level
            moved = [x + (-1) ** j * part * reach(x) for j, x in enumerate(self.xs)]
            listed = self._listed(moved)
            if listed is not None:
                return all(map(_same, self._called(moved), listed))
        return False

    def _listed(self, xs: Sequence[float]) -> list[float] | None:
        """The results by the list; None where f would take another branch."""
        with quiet():
            rows = self._rows(xs)
        return None if rows is None else self._outputs(rows)

    def _outputs(self, rows: list) -> list[float]:
        ends = (components(value_of(y, rows)) for y in self.program.outputs)
        return [float(y) for end in ends for y in end]

    def _called(self, xs: Sequence[float]) -> list[float]:
        """The results of f itself; not a number where it raises an arithmetic error, or leaves the
        real numbers as Python's roots do."""
        kinds = map(type, self.xs)
        try:
            with np.errstate(all="ignore"):
                results = self.f(*(kind(x) for kind, x in zip(kinds, xs, strict=True)))
                return [math.nan if y.__class__ is complex else float(y) for y in results]
        except (ArithmeticError, ValueError):
            return [math.nan] * len(self.program.outputs)

    def _at(self, xs: Sequence[float]) -> list[float]:
        listed = self._listed(xs) if self.traced else None
        return self._called(xs) if listed is None else listed

    def _along(self, j: int, values: Callable[[list], list[float]]) -> list[Estimate]:
        """The differences of values(xs) along input j."""
        xs = self.xs
        return central_differences(lambda x: values([*xs[:j], x, *xs[j + 1 :]]), xs[j])

    def differences(self, j: int) -> list[Estimate]:
        """The central differences of every result along input j."""
        return self._along(j, self._at)

    def differences_of_list(self, j: int) -> list[Estimate]:
        """Those of the list, whatever branches f takes. Both round alike, so that rounding is no
        difference between them."""

        def listed(xs: list) -> list[float]:
            with quiet():
                return self._outputs(rows_at(self.program, xs) or [])

        return self._along(j, listed)

    def crosses(self, j: int) -> bool:
        """Whether f takes another branch, or a row another side of its kink, within the steps of
        the differences along input j."""
        far, here = reach(self.xs[j]), self._sides(self.xs)
        steps = (far, -far, far / 512, -far / 512)
        moved = ([x + s * (i == j) for i, x in enumerate(self.xs)] for s in steps)
        return any(self._sides(xs) != here for xs in moved)

    def _sides(self, xs: Sequence[float]) -> list | None:
        with quiet():
            rows = self._rows(xs)
            if rows is None:
                return None
            return [_side(s, y, rows) for s, y in zip(self.program.steps, rows, strict=True)]


def _same(a: float, b: float) -> bool:
    """Whether two results are the same but for rounding."""
    return a == b or (a != a and b != b) or abs(a - b) <= SAME * UNIT * max(abs(a), abs(b))


def _side(step: Step, y: Any, rows: list) -> Any:
    """Where a row is with respect to its kinks: its truth value, its step, its chosen argument."""
    op = step.op
    if op is None:
        return None
    if op.passive:
        return np.asarray(y).tolist()
    if op.elementwise and op.kind == "comparisons":
        xs = tuple(value_of(a, rows) for a in step.args)
        return [np.sign(op.partial(k, y, xs)).tolist() for k in range(len(xs))]
    return None
