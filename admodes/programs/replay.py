"""The adjoints and tangents of every row of a recorded list, by one sweep of the engines: the list
is run again, with a zero added to every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.forward import jvp
from admodes.core.op import REGISTRY
from admodes.core.record import Program, Ref, named
from admodes.core.reverse import vjp
from admodes.core.values import shape_of


def rows_at(
    program: Program, leaves: Sequence[Any], goes_on: Callable[[int, list], bool] | None = None
) -> list[Any] | None:
    """Every row of a list at other leaves: numbers, arrays or carriers. goes_on(row, made) is asked
    after each row; None where it says no.

    >>> from admodes.core.record import record
    >>> rows_at(record(lambda x: 2.0 * x + 1.0, 3.0), [5.0])
    [5.0, 10.0, 11.0]
    """
    given = dict(zip((x.row for x in program.inputs), leaves, strict=True)) | program.captured
    made: list[Any] = []
    for row, step in enumerate(program.steps):
        if step.op is None:
            made.append(given[row])
        else:
            y = step.op.dispatch(tuple([value_of(a, made) for a in step.args]), step.params)
            y = bool(y) if y.__class__ is np.bool_ else y
            made.append(y if step.name is None else named(y, step.name))
        if goes_on is not None and not goes_on(row, made):
            return None
    return made


def evaluated(program: Program) -> Program:
    """The program with the values of all rows at the point of the inputs."""
    with quiet():
        values = rows_at(program, [program.value(x) for x in program.inputs]) or []
    steps = [replace(s, like=y, value=y) for s, y in zip(program.steps, values, strict=True)]
    return replace(program, steps=steps)


def value_of(a: Any, made: list) -> Any:
    """What an argument or an output stands for, given the rows that have been made."""
    return made[a.row] if a.__class__ is Ref else a


def _rerun(program: Program, leaves: Sequence[Any]) -> list[Any]:
    """Every row again; leaves are the inputs, or what is added to a row, or None."""
    made: list[Any] = []
    for step, leaf in zip(program.steps, leaves, strict=True):
        if step.op is None:
            made.append(leaf)
            continue
        args = tuple(made[a.row] if isinstance(a, Ref) else a for a in step.args)
        y = step.op.dispatch(args, step.params)
        made.append(y if leaf is None else REGISTRY["add"](y, leaf))
    return made


def has_derivative(step: Any) -> bool:
    """Whether a row is of real or complex numbers that depend differentiably on something."""
    passive = step.op is not None and step.op.passive
    return not passive and step.dtype.kind in "fc"


def adjoints(program: Program, weights: Sequence[Any]) -> list[Any]:
    """The adjoint of every row for weights of the outputs; None for rows that have no derivative
    (comparisons)."""
    steps = program.steps
    rows = [i for i, step in enumerate(steps) if has_derivative(step)]
    # x + -0.0 is x, for -0.0 as well.
    given = [steps[i].value if steps[i].op is None else _blank(steps[i].value) for i in rows]

    def outputs(*leaves: Any) -> list[Any]:
        spread: list[Any] = [None] * len(steps)
        for i, leaf in zip(rows, leaves, strict=True):
            spread[i] = leaf
        made = _rerun(program, spread)
        return [made[y.row] if isinstance(y, Ref) else y for y in program.outputs]

    found = vjp(outputs, *given)[1](list(weights))
    spread: list[Any] = [None] * len(steps)
    for i, w in zip(rows, found, strict=True):
        spread[i] = w
    return spread


def _blank(x: Any) -> Any:
    return np.full(np.shape(x), -0.0, np.asarray(x).dtype) if shape_of(x) else -0.0


def tangents(program: Program, seeds: Sequence[Any]) -> list[Any]:
    """The tangent of every row for seeds of the inputs; None for rows that have no derivative."""
    steps = program.steps
    rows = [i for i, step in enumerate(steps) if has_derivative(step)]
    places = [x.row for x in program.inputs]

    def every(*inputs: Any) -> list[Any]:
        spread: list[Any] = [None] * len(steps)
        for row, x in zip(places, inputs, strict=True):
            spread[row] = x
        made = _rerun(program, spread)
        return [made[i] for i in rows]

    _, dots = jvp(every, tuple(steps[row].value for row in places), tuple(seeds))
    spread: list[Any] = [None] * len(steps)
    for i, t in zip(rows, dots, strict=True):
        spread[i] = t
    return spread
