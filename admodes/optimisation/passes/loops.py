"""Loops in a list. Those that carry the same states become one; what nobody reads of their results
goes; what is the same in all turns is computed before them; and the list of a turn is optimised as
any other. A nan that a loose one gives in the place of a number has to show outside, turn by turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.program import Ref, Step, WengertList
from admodes.loops.extracting import part
from admodes.loops.operations import loop
from admodes.loops.region import Region
from admodes.ops.indexing import getitem
from admodes.optimisation.dataflow import (
    open_rows,
    reached_outputs,
    telling_outputs,
    telling_signs,
    unseen_outputs,
)
from admodes.optimisation.folding import dead
from admodes.optimisation.optimised import Optimised
from admodes.optimisation.passes.loop_copies import (
    Layout,
    LoopCopy,
    Vector,
    bounds_of,
    key_of_value,
    region_of,
)
from admodes.optimisation.passes.loop_joining import joined
from admodes.optimisation.passes.vector_parts import parts_forwarded
from admodes.programs.rewriting import ends, needed

Pass = Callable[[WengertList], WengertList]


def with_loops(program: WengertList, optimised: Pass) -> WengertList:
    """The program with better loops; optimised does it for the list of a turn."""
    if not any(step.op is loop for step in program.steps):
        return program
    program = _with_bodies(dead(parts_forwarded(joined(program))), optimised)
    program = dead(parts_forwarded(_Trimming(program).replaced()))
    return _Hoisting(program).replaced()


def _with_bodies(program: WengertList, optimised: Pass) -> WengertList:
    """The program in which the list of every turn is optimised."""
    seen, told = open_rows(program), telling_signs(program)
    made: dict[tuple[int, bool, bool], Region] = {}
    loose: set[int] = set()
    steps = list(program.steps)
    for i, step in enumerate(steps):
        if step.op is not loop:
            continue
        region = region_of(step)
        key = id(region), seen[i], told[i]
        if key not in made:
            body = replace(
                Optimised.of(region.body),
                is_turn=True,
                unseen=unseen_outputs(region, seen[i]),
                telling=telling_outputs(region, told[i]),
            )
            made[key] = replace(region, body=optimised(body), extends=None, cache={})
        if Optimised.of(made[key].body).suspects:
            loose.add(i)
        steps[i] = replace(step, params={"region": made[key]})
    copy = replace(Optimised.of(program), steps=steps)
    return replace(copy, suspects=sorted({*copy.suspects, *reached_outputs(copy, loose)}))


class _Trimming(LoopCopy):
    """Loops without what nobody reads of them, and each result once."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.read = _read_parts(program)

    def other(self, row: int, step: Step) -> Vector:
        region, args = region_of(step), self.moved(step.args)
        states, inputs = _alive(region, self.read[row])
        results = [k for k in range(region.carried, len(region.results)) if k in self.read[row]]
        outputs = {key_of_value(y): y for y in (region.body.outputs[k] for k in results)}
        made = _part_of(region, states, inputs, list(outputs.values()))
        order = list(outputs)
        places: list[int | None] = [None] * len(region.results)
        for new, k in enumerate(states):
            places[k] = new
        for k in results:
            places[k] = len(states) + order.index(key_of_value(region.body.outputs[k]))
        vector = self.loop(made, [args[k] for k in (*states, *inputs)])
        return Vector(vector, made.results, region.results, places)


def _read_parts(program: WengertList) -> dict[int, set[int]]:
    """For each loop the results that something reads."""
    found: dict[int, set[int]] = {
        i: set() for i, step in enumerate(program.steps) if step.op is loop
    }

    layouts = {i: Layout(region_of(program.steps[i])) for i in found}

    def read(a: Any, index: Any) -> None:
        if isinstance(a, Ref) and a.row in found:
            layout = layouts[a.row]
            low, high = bounds_of(index, layout.starts[-1]) or (0, layout.starts[-1])
            found[a.row].update(layout.parts(low, high))

    for step in program.steps:
        for a in step.args:
            read(a, (step.params or {})["index"] if step.op is getitem else slice(None))
    for y in program.outputs:
        read(y, slice(None))
    return found


def _alive(region: Region, read: set[int]) -> tuple[list[int], list[int]]:
    """The leaves of the state, and the other inputs, on which the results that are read depend."""
    body, first = region.body, region.carried
    decided = [a.row for g in body.guards for a in g.args if isinstance(a, Ref)]
    alive = set(read)
    while True:
        outputs = (body.outputs[k] for k in alive)
        rows = needed(body, [*decided, *(y.row for y in outputs if isinstance(y, Ref))])
        more = {k for k in range(first) if body.inputs[k].row in rows} - alive
        if not more:
            break
        alive |= more
    inputs = [k for k in range(first, len(body.inputs)) if body.inputs[k].row in rows]
    return [k for k in range(first) if k in alive], inputs


def _part_of(
    region: Region, states: Sequence[int], inputs: Sequence[int], results: Sequence[Any]
) -> Region:
    """The region of some inputs alone, with these results of turns."""
    body = region.body
    turn = part(
        body,
        [body.inputs[k] for k in (*states, *inputs)],
        [*(body.outputs[k] for k in states), *results],
        body.guards,
    )
    per_turn = sum(region.of_turns(k) for k in inputs)
    return replace(
        region, body=turn, carried=len(states), per_turn=per_turn, extends=None, cache={}
    )


class _Hoisting(LoopCopy):
    """What depends on constants of a loop alone is computed before it."""

    def other(self, row: int, step: Step) -> Ref | None:
        region, args = region_of(step), self.moved(step.args)
        body, last = region.body, region.carried + region.per_turn
        made = {x.row: a for x, a in zip(body.inputs[last:], args[last:], strict=True)}
        chosen = _frontier(body, set(made))
        if all(row in made for row in chosen):
            return None
        for row in sorted(needed(body, chosen)):
            if row not in made:
                given = body.steps[row].args
                xs = tuple([made[a.row] if isinstance(a, Ref) else a for a in given])
                made[row] = self.keep(body.steps[row], xs)
        turn = part(body, [*body.inputs[:last], *map(Ref, chosen)], body.outputs, body.guards)
        made_region = replace(region, body=turn, cache={})
        return self.loop(made_region, [*args[:last], *(made[row] for row in chosen)])


def _frontier(body: WengertList, constants: set[int]) -> list[int]:
    """The rows that depend on constants alone and are read by others, or are constants; of
    those that are no floats the rows that they are made of."""
    fixed = set(constants)
    waiting: list[int] = list(ends(body))
    for row, step in enumerate(body.steps):
        rows = [a.row for a in step.args if isinstance(a, Ref)]
        if step.op is not None and fixed.issuperset(rows):
            fixed.add(row)
        else:
            waiting += rows
    found: set[int] = set()
    while waiting:
        row = waiting.pop()
        if row not in fixed or row in found:
            continue
        if row in constants or body.steps[row].dtype == np.float64:
            found.add(row)
        else:
            waiting += [a.row for a in body.steps[row].args if isinstance(a, Ref)]
    return sorted(found)
