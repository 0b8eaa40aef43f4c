"""Pieces: difference quotients of a function on either side of the point, to many digits, which
show kinks, edges and poles. Where the function takes another branch beside the point, it is
recorded again there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from admodes.core.record import WengertList, record
from admodes.symbolic.exact import Exactly, exactly
from admodes.symbolic.precision import number, precise

STEPS = (30, 60, 120, 240)
"""Decimal orders of the steps below the smallest number in use."""

ORDINARY = 60
RARE = 750
"""Beyond the ordinary steps, more digits than lie between the largest and the smallest double: a
function may hide its slope that far behind its value (tanh at 300)."""

BITS = 3.33
"""Bits per decimal digit."""

SAME = 25
"""Digits to which two quotients agree that have the same limit."""

TINY = 1100
"""2^-TINY and less is 0 among doubles."""

UNDECIDED = "undecided"
"""In place of a slope: its quotients neither settle nor grow."""

NEIGHBOURS = (0.0, 2.0**-40, 2.0**-20)
"""How far from a point the function is recorded anew where it takes another branch off it: the next
double, and parts of the argument."""


class Pieces:
    """A function of numbers as lists of operations, one for each way its branches go near xs;
    program is that at xs. f is recorded, once at each point, where another way is taken."""

    def __init__(self, f: Callable, xs: Sequence[float], program: WengertList) -> None:
        self.f = f
        self.xs = list(xs)
        self.programs = [program]
        self.neighbours: dict[tuple[float, ...], WengertList | None] = {}
        self.here = exactly(self.programs[0], self.xs, 60)
        smallest, largest = self.here.orders()
        # A step of this order moves the largest number by no more than the smallest there is.
        self.step = 2 * smallest - largest
        self.spread = int(2 * (largest - smallest) / BITS) + 1
        self.branches_hold = self.here.holds() is not False

    def quotients(self, direction: Sequence[int], power: int) -> tuple[list, list]:
        """The difference quotients of every output to the left and to the right."""
        digits = self.spread + 2 * power + (50 if power <= ORDINARY else RARE)
        base = exactly(self.programs[0], self.xs, digits).outputs()
        found = []
        for side in (-1, 1):
            with precise(digits) as mpmath:
                h = mpmath.ldexp(side, self.step - int(power * BITS))
                point = [number(x) + h * d for x, d in zip(self.xs, direction, strict=True)]
            there = self._outputs(point, [side * d for d in direction], digits)
            with precise(digits):
                found.append([_quotient(y, z, h) for y, z in zip(base, there, strict=True)])
        return found[0], found[1]

    def slopes(self, direction: Sequence[int]) -> list[tuple[Any, Any]]:
        """The slopes of every output along a direction, from the left and from the right: numbers
        or infinities, None where the function is not defined, UNDECIDED."""
        rows: list[tuple[list, list]] = []
        for power in STEPS:
            rows.append(self.quotients(direction, power))
            sides = [
                [settled([r[side][i] for r in rows]) for i in range(len(rows[0][0]))]
                for side in (0, 1)
            ]
            if not any(s is UNDECIDED for side in sides for s in side):
                break
        return list(zip(*sides, strict=True))

    def _outputs(self, point: list, direction: Sequence[int], digits: int) -> list:
        salt = 1 + (direction[0] > 0)
        for program in self.programs:
            found = exactly(program, point, digits, salt=salt)
            if found.holds() is not False:
                return found.outputs()
        for found in self._neighbours(point, direction, digits):
            if found.holds() is not False:
                self.programs.append(found.program)
                return found.outputs()
        return [None] * len(self.here.outputs())

    def _neighbours(self, point: list, direction: Sequence[int], digits: int) -> Iterator[Exactly]:
        for part in NEIGHBOURS:
            near = [
                math.nextafter(x + d * part * (abs(x) or 1.0), math.copysign(math.inf, d))
                if d
                else x
                for x, d in zip(self.xs, direction, strict=True)
            ]
            key = tuple(near)
            if key not in self.neighbours:
                self.neighbours[key] = self._recorded(key)
            program = self.neighbours[key]
            if program is not None:
                yield exactly(program, point, digits)

    def _recorded(self, xs: tuple[float, ...]) -> WengertList | None:
        """The list at xs, if f has the same results there."""
        try:
            program = record(self.f, *xs)
        except (ArithmeticError, ValueError):
            return None
        return program if len(program.outputs) == len(self.programs[0].outputs) else None


def _quotient(here: Any, there: Any, h: Any) -> Any:
    """None where one of the values is not defined."""
    if here is None or there is None or here != here or there != there:
        return None
    slope = (there - here) / h
    return None if slope != slope else slope


def settled(quotients: Sequence[Any]) -> Any:
    """The limit of quotients whose steps shrink by ever larger powers."""
    import mpmath

    if any(q is None for q in quotients):
        return None
    if len(quotients) < 2:
        return UNDECIDED
    before, last = quotients[-2:]
    if max(abs(last), abs(before)) < mpmath.ldexp(1, -TINY):
        return mpmath.mpf(0)
    if last == before or abs(last - before) <= mpmath.mpf(10) ** -SAME * abs(last):
        return last
    if len(quotients) < 3:
        return UNDECIDED
    first = quotients[-3]
    if _vanishes(first, before, last, len(quotients)):
        return mpmath.mpf(0)
    grows = abs(last) > abs(before) > abs(first) and last * before > 0
    if grows and abs(last - before) >= abs(before - first):
        return mpmath.sign(last) * mpmath.inf
    return UNDECIDED


def _vanishes(first: Any, before: Any, last: Any, count: int) -> bool:
    """Whether three quotients go to 0 as a power of the step does, which noise does not."""
    import mpmath

    if not (0 < abs(last) <= abs(before) / 1000 and abs(before) <= abs(first) / 1000):
        return False
    a, b, c = STEPS[count - 3 : count]
    power, again = (
        mpmath.log10(abs(x / y)) / (q - p)
        for x, y, p, q in ((first, before, a, b), (before, last, b, c))
    )
    return bool(abs(power - again) <= 0.1 * power)
