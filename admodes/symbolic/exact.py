"""A recorded list evaluated from its inputs on, to any number of digits, by mpmath.

To tell which digits can be trusted, every row that is not exact is changed on purpose by a few
units in its last digits, in another way at each precision. A result that is the same at two
precisions then owes nothing to rounding, not even where everything cancels to 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.elementwise import Elementwise
from admodes.core.op import Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.symbolic.arrays import boxed, broadcast, components, entrywise, fill
from admodes.symbolic.forms import AtKink, local_form
from admodes.symbolic.kernels import NotExact, numbers_of
from admodes.symbolic.limits import value_at
from admodes.symbolic.precision import OUT_OF_RANGE, number, order_of, precise
from admodes.symbolic.sweep import row_sensitivities

MORE = 1000
"""Digits more to which a number with few digits has to be the same to count as exact: more than
lie between the largest and the smallest double."""

MOVED = 3
"""How many of the last digits are moved."""


@dataclass
class Exactly:
    """The rows of a list at a point to `digits` digits: numbers and arrays of mpmath, nan where
    undefined, None from a row on that cannot be had to more digits than a double has. missing
    holds the operations of the first such rows."""

    program: WengertList
    inputs: Sequence[Any]
    digits: int
    rows: list = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)

    def outputs(self) -> list[Any]:
        """The components of the outputs, in order."""
        found: list = []
        for y in self.program.outputs:
            made = self.rows[y.row] if isinstance(y, Ref) else entrywise(number, y)
            sizes = self.program.steps[y.row].shape if isinstance(y, Ref) else ()
            found += [None] * math.prod(sizes) if made is None else components(made)
        return found

    def arguments(self, step: Step) -> tuple:
        """The values that a step is applied to."""
        return tuple(self.rows[a.row] if isinstance(a, Ref) else a for a in step.args)

    def holds(self) -> bool | None:
        """Whether f would take the branches that were recorded; None where that is not known."""
        known = True
        for guard in self.program.guards:
            xs = [self.rows[a.row] if isinstance(a, Ref) else a for a in guard.args]
            try:
                if guard.decide(*xs) != guard.expected:
                    return False
            except (TypeError, ValueError, AttributeError):
                known = False
        return known or None

    def orders(self) -> tuple[int, int]:
        """The powers of two of the smallest and the largest number in use, 0 among them. A row that
        is another number at more digits is one that vanishes."""
        again = exactly(self.program, self.inputs, 2 * self.digits)
        sizes = [0]
        for mine, other in zip(self.rows, again.rows, strict=True):
            if mine is None or other is None:
                continue
            for a, b in zip(components(mine), components(other), strict=True):
                if _order(a) is not None and _order(b) == _order(a):
                    sizes.append(_order(a) or 0)
        for step in self.program.steps:
            for c in step.args:
                if not isinstance(c, Ref) and np.asarray(c).dtype.kind in "fiu":
                    sizes += [_order(number(x)) or 0 for x in components(c)]
        return min(sizes), max(sizes)


def _order(x: Any) -> int | None:
    import mpmath

    order = order_of(x) if isinstance(x, mpmath.mpf) and x else None
    return None if order is None or abs(order) >= OUT_OF_RANGE else order


def exactly(
    program: WengertList,
    inputs: Sequence[Any],
    digits: int,
    added: dict[int, Any] | None = None,
    salt: int = 0,
) -> Exactly:
    """The rows of a list at inputs (one number per component) to `digits` digits. added: what is
    to be added to a row; salt: another one moves the last digits in another way.

    >>> from admodes.core.record import record
    >>> import mpmath, admodes as ad
    >>> rows = exactly(record(lambda x: ad.exp(x) - 1.0, 1e-9), [1e-9], 40).rows
    >>> mpmath.nstr(rows[2], 20)
    '1.0000000005000000624e-9'
    """
    found = Exactly(program, inputs, digits)
    chance = random.Random(digits + 100_003 * salt)
    remaining = iter(inputs)
    with precise(digits):
        for i, step in enumerate(program.steps):
            if step.op is None:
                found.rows.append(fill(step.shape, (number(x) for x in remaining)))
                continue
            xs = found.arguments(step)
            y = None
            if not any(x is None for x in xs):
                try:
                    y = _row(step, xs, program.arguments(step), digits, chance)
                except NotExact:
                    found.missing[step.op.name] = None
            if added and i in added and y is not None:
                y = y + added[i]
            found.rows.append(y)
    return found


def row_at(step: Step, xs: tuple, digits: int) -> Any:
    """The value of one row at values of its arguments. Raises NotExact."""
    with precise(digits):
        return _row(step, xs, xs, digits, random.Random(digits))


def _row(step: Step, xs: tuple, seen: tuple, digits: int, chance: random.Random) -> Any:
    """The value of a row at values of its arguments; seen are those of the recording, which have
    the dtypes of positions and conditions."""
    op = step.op
    if op.passive and not op.elementwise:
        return _decided(step, xs)
    if not op.elementwise:
        return _structural(step, xs, seen, digits, chance)
    form = local_form(op)
    if form is None:
        raise NotExact(op.name)

    def entry(*point: Any) -> Any:
        y = value_at(op, form.value, point, digits)
        if not _short(y, digits):
            return _moved(y, digits, chance)
        same = y == value_at(op, form.value, point, digits + MORE)
        return y if same or y != y else _moved(y, digits, chance)

    return broadcast(entry, xs, step.shape)


def _structural(step: Step, xs: tuple, seen: tuple, digits: int, chance: random.Random) -> Any:
    op, params = step.op, step.params
    lifted = tuple(
        entrywise(number, x) if op.active(k) else _like(x, seen[k]) for k, x in enumerate(xs)
    )
    y = numbers_of(op, lifted, params)
    if op.kind in ("moves", "comparisons"):
        return y
    with precise(digits + MORE):
        again = numbers_of(op, lifted, params)

    def entry(a: Any, b: Any) -> Any:
        return a if a == b or a != a else _moved(a, digits, chance)

    return broadcast(entry, (y, again), shape_of(y))


def _decided(step: Step, xs: tuple) -> Any:
    """A truth value or a position, taken from the numbers; as it was seen where NumPy cannot tell
    it of mpmath's numbers."""
    try:
        found = numbers_of(step.op, xs, step.params)
    except NotExact:
        return step.value
    kind = step.dtype
    made = np.asarray(boxed(found), dtype=object).astype(kind)
    return made if made.shape else made[()].item()


def _like(x: Any, seen: Any) -> Any:
    """A condition or position as NumPy has it."""
    made = np.asarray(x).astype(np.asarray(seen).dtype)
    return made if made.shape else made[()]


def _short(y: Any, digits: int) -> bool:
    """Whether a number has far fewer digits than were calculated."""
    return y != y or y._mpf_[3] < digits * 3.32 - 40


def _moved(y: Any, digits: int, chance: random.Random) -> Any:
    import mpmath

    part = chance.choice((-1, 1)) * chance.uniform(1.0, 4.0)
    return y * (1 + part * mpmath.mpf(10) ** (MOVED - digits))


def sweep_exactly(found: Exactly) -> list[Any]:
    """The Sensitivity of every row at exactly these numbers, from sympy's partials: nan where a
    partial is not defined, or jumps."""
    with precise(found.digits) as mpmath:
        partials: list[list] = []
        for step in found.program.steps:
            mine: list = [None] * len(step.args)
            partials.append(mine)
            if step.op is None or not isinstance(step.op, Elementwise) or step.op.passive:
                continue
            form = local_form(step.op)
            xs = found.arguments(step)
            for k, a in enumerate(step.args):
                if not isinstance(a, Ref):
                    continue
                derivative = None if form is None else form.derivatives[k]
                if derivative is None or any(x is None for x in xs):
                    mine[k] = entrywise(lambda _: mpmath.nan, step.value)
                    continue

                def partial(*point: Any, op: Op = step.op, g: Any = derivative) -> Any:
                    try:
                        return value_at(op, g, point, found.digits)
                    except AtKink:
                        return mpmath.nan

                mine[k] = broadcast(partial, xs, step.shape)
        return row_sensitivities(found.program, partials, arguments=lambda s: _at(found, s))


def _at(found: Exactly, step: Step) -> tuple:
    pairs = zip(found.arguments(step), found.program.arguments(step), strict=True)
    return tuple(
        x if x is None or step.op.active(k) else _like(x, seen) for k, (x, seen) in enumerate(pairs)
    )
