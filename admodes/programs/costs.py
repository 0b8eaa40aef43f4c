"""What one row of a recorded list costs, read off its declaration: the operations of its value, of
its partials, and of its part in a sweep, by kind.

An operation costs one of its kind per entry of its result, unless its declaration says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from admodes.core.costs import total
from admodes.core.record import Step, WengertList, is_active, record
from admodes.core.values import shape_of
from admodes.programs.sweep import DerivativeDomain


def size_of(x: Any) -> int:
    """The number of entries of a number, an array or a carrier."""
    return int(np.prod(shape_of(x), dtype=int))


def is_whole(step: Step) -> bool:
    """Whether the operation is counted as if one function made each entry, although it takes a
    whole array: solve, det and their like."""
    op = step.op
    known = op.elementwise or op.cost is not None or op.discrete
    return not known and op.kind == "functions" and step.size >= 1


def cost(step: Step, program: WengertList) -> dict[str, int]:
    """What a step costs, by its operation's declaration, which may read where entries are put; of
    what a list keeps no value of it is told the shape alone."""
    pairs = zip(program.arguments(step), program.likes(step), strict=True)
    args = tuple(like if x is None else x for x, like in pairs)
    return step.op.costs(args, step.like, step.params)


def partial_cost(row: int, program: WengertList, reached: Container[int]) -> dict[str, int]:
    """What the partials of a row by those of its arguments that are among the rows reached cost, by
    recording them: they are written in operations."""
    step = program.steps[row]
    if step.op is None or row not in reached or not step.op.elementwise:
        return {}
    xs = list(program.arguments(step))
    moved = [k for k, a in enumerate(step.args) if is_active(step, k) and a.row in reached]
    wanted = [k for k in moved if callable(step.op.partials[k])]
    if not wanted:
        return {}

    def partials(y: Any, *traced: Any) -> list:
        for k, x in zip(moved, traced, strict=True):
            xs[k] = x
        return [step.op.slope(k, (y, *xs)) for k in wanted]

    return _recorded(partials, step.value, *(xs[k] for k in moved))


class Costs(DerivativeDomain):
    """What a sweep costs, for the derivative walk: spent lists the costs of what it asks for. Of a
    derivative only that it is there is known."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.spent: list[dict[str, int]] = []

    def push(self, row: int, tangents: list) -> bool:
        step = self.steps[row]
        moved = [k for k, t in enumerate(tangents) if t is not None]
        if step.op.elementwise:
            partials = [p for k in moved if (p := step.op.partials[k]) != 0]
            products, sums = sum(map(callable, partials)), max(len(partials) - 1, 0)
            costs = {"multiplications": products * step.size, "additions": sums * step.size}
        else:
            costs = _tangent_cost(step, moved, self.program.arguments(step))
        self.spent.append(costs)
        return True

    def pull(self, row: int, k: int, adjoint: bool) -> bool:
        step, xs = self.steps[row], self.program.arguments(self.steps[row])
        if step.op.elementwise:
            products = step.size if callable(step.op.partials[k]) else 0
            costs = {"multiplications": products, "additions": step.size - size_of(xs[k])}
        else:
            costs = _recorded(lambda w: step.op.vjp(k, w, step.value, xs, step.params), step.value)
        self.spent.append(costs)
        return True

    def add(self, row: int, contributions: list) -> bool:
        self.spent.append({"additions": (len(contributions) - 1) * self.steps[row].size})
        return True


def _tangent_cost(step: Step, moved: list[int], xs: tuple) -> dict[str, int]:
    """What the tangent of an operation on arrays costs, for tangents of the arguments in moved."""

    def tangent(*given: Any) -> Any:
        tangents: list = [None] * len(xs)
        for k, t in zip(moved, given, strict=True):
            tangents[k] = t
        return step.op.jvp(tangents, step.value, xs, step.params)

    return _recorded(tangent, *(xs[k] for k in moved))


def _recorded(f: Callable, *args: Any) -> dict[str, int]:
    """What f costs at args, by recording it."""
    with np.errstate(all="ignore"):
        made = record(f, *args)
    return total(cost(s, made) for s in made.steps if s.op is not None)
