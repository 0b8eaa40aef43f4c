"""Parts of a recorded list: the rows between some rows, as a list of their own, and which rows of
one turn are kept for the turns back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from admodes.core.program import Guard, Ref, Step, WengertList
from admodes.core.pytree import flatten
from admodes.core.values import FLOAT
from admodes.loops.region import Region

KEPT = 2**22
"""Up to so many bytes the way back finds what it reads of all turns as the way there left it.
Beyond, it finds the states alone, where these are fewer, and calculates the rest again."""


CHEAP = ("additions", "multiplications", "negations", "comparisons")
"""The kinds of operations that take no longer than to keep and to read what they give, and how many
of them take no longer than that."""
SHORT = 2


def rows_between(program: WengertList, inputs: Iterable[Any], ends: Iterable[Any]) -> set[int]:
    """The rows that ends depend on, not farther back than inputs; those of inputs that are met are
    among them."""
    stop = {x.row for x in inputs}
    found: set[int] = set()
    waiting = [y.row for y in ends if is_row(y)]
    while waiting:
        row = waiting.pop()
        if row not in found:
            found.add(row)
            if row not in stop:
                waiting += [a.row for a in program.steps[row].args if is_row(a)]
    return found


def part(
    program: WengertList,
    inputs: Sequence[Ref],
    outputs: Sequence[Any],
    guards: Sequence[Guard] = (),
) -> WengertList:
    """The list from some rows, which become its inputs, to others.

    >>> from admodes.core.record import record
    >>> program = record(lambda x: (x * x) + 1.0, 3.0)
    >>> [step.op and step.op.name for step in part(program, [Ref(1)], [Ref(2)]).steps]
    [None, 'add']
    """
    ends = [*outputs, *(a for guard in guards for a in guard.args)]
    first = [x.row for x in inputs]
    inside = sorted(rows_between(program, inputs, ends) - set(first))
    new = {row: Ref(k) for k, row in enumerate((*first, *inside))}

    def moved(args: Iterable[Any]) -> tuple:
        return tuple(new[a.row] if is_row(a) else a for a in args)

    steps = [Step(None, (), None, program.steps[row].like) for row in first]
    steps += [replace(program.steps[row], args=moved(program.steps[row].args)) for row in inside]
    return WengertList(
        steps,
        [new[row] for row in first],
        list(moved(outputs)),
        flatten([*outputs])[1],
        [replace(guard, args=moved(guard.args)) for guard in guards],
    )


def dependent(program: WengertList, inputs: Iterable[Ref]) -> set[int]:
    """The rows that depend on some inputs.

    >>> from admodes.core.record import record
    >>> dependent(record(lambda x, y: (x * x) + y, 2.0, 3.0), [Ref(0)])
    {0, 2, 3}
    """
    found = {x.row for x in inputs}
    for row, step in enumerate(program.steps):
        if any(is_row(a) and a.row in found for a in step.args):
            found.add(row)
    return found


def kept_rows(
    program: WengertList, region: Region, late: Sequence[Ref], ends: Sequence[Any]
) -> list[Ref]:
    """Of a list of one turn of the region there and back, the rows of the way there that all turns
    keep for the way back. late: the inputs that come on the way back alone; ends: what is wanted
    there. The leaves of the turn and the constants need not be kept."""
    steps = program.steps
    carried, last = region.carried, region.carried + region.per_turn
    state = {x.row for x in program.inputs[:carried]}
    free = {x.row for x in program.inputs[carried:]}
    varying = dependent(program, program.inputs[:last])
    back = dependent(program, late)
    wanted = rows_between(program, (), ends)
    read = [a for row in wanted & back for a in steps[row].args] + [*ends]
    read = [a.row for a in read if is_row(a) and a.row not in back]

    def frontier(keeps: Callable[[int], bool]) -> list[int]:
        """The rows that are kept, if keeps tells of each whether it may be."""
        seen: set[int] = set()
        kept, waiting = [], list(read)
        while waiting:
            row = waiting.pop()
            if row not in seen and row not in free:
                seen.add(row)
                if keeps(row):
                    kept.append(row)
                else:
                    waiting += [a.row for a in steps[row].args if is_row(a)]
        return sorted(kept)

    def as_read(row: int) -> bool:
        """Rows as they are read, but for what only moves the entries of another one, what is the
        same in all turns and what is no array of floats: these are made again."""
        step = steps[row]
        if row not in varying or step.dtype is not FLOAT:
            return False
        moves = step.op is not None and step.op.kind == "moves"
        return not moves or step.size < sum(steps[a.row].size for a in step.args if is_row(a))

    every, states = frontier(as_read), frontier(state.__contains__)
    every = _without_short_work(steps, every, free | (set(range(len(steps))) - varying))
    size, least = (sum(steps[row].size for row in rows) for rows in (every, states))
    fits = size <= least or size * region.n * FLOAT.itemsize <= KEPT
    return [Ref(row) for row in (every if fits else states)]


def _without_short_work(steps: Sequence[Step], kept: list[int], free: set[int]) -> list[int]:
    """The rows that are kept, but for those that a little arithmetic makes of others."""
    found = set(kept)
    work: list[float] = []
    for row, step in enumerate(steps):
        if row in free:
            work.append(0)
            continue
        again = sum(work[a.row] for a in step.args if is_row(a))
        if step.op is None or step.op.kind not in (*CHEAP, "moves"):
            again = math.inf
        again += step.op is not None and step.op.kind in CHEAP
        if row in found and again > SHORT:
            again = 0
        else:
            found.discard(row)
        work.append(again)
    return sorted(found)


def is_row(a: Any) -> bool:
    return isinstance(a, Ref)
