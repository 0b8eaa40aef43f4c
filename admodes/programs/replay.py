"""A recorded list, run again at other values of its inputs: leaves go in (numbers, arrays or
carriers), the values of all rows come out. The caller may end the run at any row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from admodes.core.carrier import quiet, settled
from admodes.core.pytree import flatten, unflatten
from admodes.core.record import Guard, Recorded, Ref, WengertList, named
from admodes.core.tape import Node, Traced


def rows_at(
    program: WengertList, leaves: Sequence[Any], goes_on: Callable[[int, list], bool] | None = None
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
            op = step.op
            xs = tuple([made[a.row] if a.__class__ is Ref else a for a in step.args])
            y = op.dispatch(xs, step.params) if step.params else op(*xs)
            y = bool(y) if y.__class__ is np.bool_ else y
            made.append(y if step.name is None else named(y, step.name))
        if goes_on is not None and not goes_on(row, made):
            return None
    return made


def rows_where_it_holds(program: WengertList) -> Callable[[Sequence[Any]], list[Any] | None]:
    """Every row of a list at other leaves, as a function of these; None from the first decision on
    that comes out as another than recorded.

    >>> from admodes.core.record import record
    >>> rows = rows_where_it_holds(record(lambda x: x * x if x > 1.0 else -x, 2.0))
    >>> rows([3.0]), rows([0.5])
    ([3.0, True, 9.0], None)
    """
    due = program.due()

    def goes_on(row: int, made: list) -> bool:
        return row not in due or all(holds(guard, made) for guard in due[row])

    return partial(rows_at, program, goes_on=goes_on if due else None)


def holds(guard: Guard, made: list) -> bool:
    """Whether a decision comes out as it was recorded."""
    return same(guard.decide(*[value_of(a, made) for a in guard.args]), guard.expected)


def same(a: Any, b: Any) -> bool:
    """Whether two decisions are alike: in type, shape and every entry; nan is like nan."""
    if isinstance(a, (tuple, list)):
        return a.__class__ is b.__class__ and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (np.ndarray, np.generic, float, complex)):
        x, y = np.asarray(a), np.asarray(b)
        inexact = x.dtype.kind in "fc"
        return x.dtype == y.dtype and bool(np.array_equal(x, y, equal_nan=inexact))
    return a.__class__ is b.__class__ and bool(a == b)


def evaluated(program: WengertList) -> WengertList:
    """The program with the values of all rows at the point of the inputs."""
    with quiet():
        values = rows_at(program, [program.value(x) for x in program.inputs]) or []
    steps = [replace(s, like=y, value=y) for s, y in zip(program.steps, values, strict=True)]
    return replace(program, steps=steps)


def again(program: WengertList, still: Collection[int] = ()) -> Callable:
    """What was recorded, as a function of the same arguments in a tuple's order. It takes the
    decisions that the recorded function took: recorded or traced, they are noted once more, and so
    is where the rows are from. still: rows whose derivative is 0, which go on without one."""
    due = program.due()
    decides = bool(due or still or program.origins is not None)

    def decide(row: int, made: list[Any]) -> bool:
        if row in still and isinstance(made[row], (Node, Traced)):
            made[row] = made[row].primal
        if program.origins is not None and made[row].__class__ is Recorded:
            made[row].recording.settle(program.origins, row)
        for guard in due.get(row, ()):
            args = [value_of(a, made) for a in guard.args]
            bool(args[0]) if guard.decide is bool else settled(guard.decide, *args)
        return True

    def run(*args: Any) -> Any:
        values = rows_at(program, flatten(args)[0], decide if decides else None) or []
        return unflatten(program.out_tree, [value_of(y, values) for y in program.outputs])

    return run


def value_of(a: Any, made: list) -> Any:
    """What an argument or an output stands for, given the rows that have been made."""
    return made[a.row] if a.__class__ is Ref else a
