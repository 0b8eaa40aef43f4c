"""What the operations of a recorded list cost, one by one, from their declarations.

An operation costs one of its kind per entry of its result, unless its declaration says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from admodes.core.record import Program, Ref, Step, record
from admodes.core.values import shape_of

KINDS = (
    "additions",
    "multiplications",
    "divisions",
    "powers",
    "functions",
    "negations",
    "comparisons",
    "moves",
)
"""The kinds of operations; functions are exp, sin, sqrt and their like, moves copy without
arithmetic."""


def total(costs: Iterable[dict[str, int]]) -> dict[str, int]:
    """Costs added up, in the order of KINDS, without zeros."""
    found: Counter = Counter()
    for part in costs:
        found.update(part)
    return {k: found[k] for k in KINDS if found[k]}


def size_of(x: Any) -> int:
    """The number of entries of a number, an array or a carrier."""
    return int(np.prod(shape_of(x), dtype=int))


def is_whole(step: Step) -> bool:
    """Whether the operation is counted as if one function made each entry, although it takes a
    whole array: solve, det and their like."""
    op = step.op
    known = op.elementwise or op.reduces or op.cost is not None or op.is_test
    return not known and op.kind == "functions" and step.size >= 1


def cost(step: Step, program: Program) -> dict[str, int]:
    """What a step costs, by its operation's declaration."""
    return step.op.costs(program.likes(step), step.like, step.params)


def partial_cost(step: Step, program: Program) -> dict[str, int]:
    """What the partials of a step cost, by recording them: they are written in operations."""
    if not step.op.elementwise:
        return {}
    active = [i for i, a in enumerate(step.args) if isinstance(a, Ref)]
    wanted = [i for i in active if callable(step.op.partials[i])]
    if not wanted:
        return {}
    constants = {i: a for i, a in enumerate(step.args) if not isinstance(a, Ref)}
    traced = [x for i, x in enumerate(program.arguments(step)) if i not in constants]

    def partials(y: Any, *xs: Any) -> list:
        remaining = iter(xs)
        args = [constants[i] if i in constants else next(remaining) for i in range(len(step.args))]
        return [step.op.slope(i, (y, *args)) for i in wanted]

    with np.errstate(all="ignore"):
        made = record(partials, step.value, *traced)
    return total(cost(s, made) for s in made.steps if s.op is not None)


def forward_cost(step: Step, program: Program) -> dict[str, int]:
    """What the tangent of a step costs, where all its arguments have one."""
    size = step.size
    if step.op.passive:
        return {}
    if not step.op.elementwise:
        return _recorded_tangent(step, program)
    terms = [
        p for p, a in zip(step.op.partials, step.args, strict=True) if isinstance(a, Ref) and p != 0
    ]
    products = sum(callable(p) for p in terms)
    return {"multiplications": products * size, "additions": max(len(terms) - 1, 0) * size}


def _recorded_tangent(step: Step, program: Program) -> dict[str, int]:
    xs = program.arguments(step)
    moved = [k for k, a in enumerate(step.args) if isinstance(a, Ref) and step.op.active(k)]

    def tangent(*given: Any) -> Any:
        tangents: list = [None] * len(xs)
        for k, t in zip(moved, given, strict=True):
            tangents[k] = t
        return step.op.jvp(tangents, step.value, xs, step.params)

    with np.errstate(all="ignore"):
        made = record(tangent, *(xs[k] for k in moved))
    return total(cost(s, made) for s in made.steps if s.op is not None)


def contribution_cost(step: Step, k: int, program: Program) -> dict[str, int]:
    """What the step's adjoint costs on its way to argument k."""
    xs = program.arguments(step)
    if step.op.elementwise:
        size = step.size
        product = {"multiplications": size} if callable(step.op.partials[k]) else {}
        return {**product, "additions": size - size_of(xs[k])}
    made = record(lambda w: step.op.vjp(k, w, step.value, xs, step.params), step.value)
    return total(cost(s, made) for s in made.steps if s.op is not None)
