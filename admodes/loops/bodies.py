"""The list of one turn of a repeated stretch, as the body of a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.program import Guard, Ref, Step, WengertList
from admodes.core.pytree import LEAF, Tree
from admodes.core.values import blank, shape_of
from admodes.loops.region import Region
from admodes.loops.table import Table
from admodes.loops.turns import (
    Carried,
    Constant,
    Constants,
    Inside,
    Picked,
    Rows,
    Same,
    Turns,
)
from admodes.programs.keys import constant_key, param_key
from admodes.programs.rewriting import inferred


class Body:
    """turns: the stretch; last: of which entries of a turn what the last turns give is wanted, and
    of how many of these; results: of which entries what all turns give is wanted.

    state: what goes on from turn to turn; each: what belongs to single turns; same: what all turns
    read. backwards: the turns have the numbers n - 1 … 0."""

    def __init__(
        self, table: Table, turns: Turns, last: dict[int, int], results: list[int]
    ) -> None:
        self.table = table
        self.turns = turns
        self.results = results
        self.model = turns.stretch.start + turns.stretch.period
        read = [a for o, xs in enumerate(turns.arguments) if o not in turns.instead for a in xs]
        deepest = dict(last)
        for a in read:
            if a.__class__ is Carried:
                deepest[a.offset] = max(deepest.get(a.offset, 0), a.back)
        self.state = [Carried(o, k) for o, n in sorted(deepest.items()) for k in range(1, n + 1)]
        kinds = (Rows, Constants, Picked)
        found = dict.fromkeys([*turns.instead.values(), *read])
        self.each = [a for a in found if a.__class__ in kinds]
        self.same = [a for a in found if a.__class__ is Same]
        self.backwards = sum(1 if a.step > 0 else -1 for a in self.each if isinstance(a, Rows)) < 0
        self.steps: list[Step] = []
        self.inputs: dict[Any, Ref] = {}
        self.local: dict[int, Ref] = {}
        self.region = self.built()

    def entry(self, offset: int) -> Any:
        """An entry of the turn that stands for all."""
        return self.table.entries[self.model + offset]

    def like(self, a: Any) -> Any:
        """What an input is, by shape and dtype; a constant itself."""
        if a.__class__ is Constants:
            return self.entry(a.offset).args[a.number]
        if a.__class__ is Same or a.__class__ is Rows:
            return self.table.entries[a.entry].like
        return self.entry(a.offset).like

    def emit(self, op: Op, *args: Any) -> Ref:
        likes = tuple(self.steps[a.row].like if a.__class__ is Ref else a for a in args)
        self.steps.append(Step(op, args, None, inferred(op, likes, {})))
        return Ref(len(self.steps) - 1)

    def built(self) -> Region:
        """The loop itself."""
        wanted = (*self.state, *self.each, *self.same)
        for a in wanted:
            self.steps.append(Step(None, (), None, as_number(self.like(a))))
            self.inputs[a] = Ref(len(self.steps) - 1)
        given = list(self.inputs.values())
        truths = {a: x for a, x in self.inputs.items() if is_truth(self.like(a))}
        self.inputs |= {a: self.emit(REGISTRY["not_equal"], x, 0.0) for a, x in truths.items()}
        guards: list[Guard] = []
        for offset, arguments in enumerate(self.turns.arguments):
            entry = self.entry(offset)
            if offset in self.turns.instead:
                self.local[offset] = self.inputs[self.turns.instead[offset]]
                continue
            args = tuple(map(self.argument, arguments))
            if isinstance(entry, Guard):
                guards.append(
                    Guard(entry.decide, args, entry.expected, entry.rewritten, entry.line)
                )
            else:
                like = blank(entry.like)
                self.steps.append(Step(entry.op, args, entry.params, like, None, entry.name))
                self.local[offset] = Ref(len(self.steps) - 1)
        known = dict(zip(wanted, given, strict=True))
        outputs = [
            self.number(a.offset) if a.back == 1 else known[Carried(a.offset, a.back - 1)]
            for a in self.state
        ]
        outputs += [self.number(offset) for offset in self.results]
        tree = Tree(tuple, None, (LEAF,) * len(outputs))
        body = WengertList(self.steps, given, outputs, tree, guards)
        n = self.turns.stretch.turns
        return Region(body, n, len(self.state), len(self.each), self.backwards)

    def argument(self, a: Any) -> Any:
        if a.__class__ is Constant:
            return a.value
        return self.local[a.offset] if a.__class__ is Inside else self.inputs[a]

    def number(self, offset: int) -> Ref:
        """What an entry computes, as numbers."""
        y = self.local[offset]
        if not is_truth(self.steps[y.row].like):
            return y
        return self.emit(REGISTRY["where"], y, 1.0, 0.0)


def is_truth(like: Any) -> bool:
    """Whether a value is true or false, or an array of such."""
    return like.__class__ is bool or getattr(like, "dtype", None) == np.bool_


def as_number(like: Any) -> Any:
    """The shape and dtype of a value that goes into a loop, or comes out of it."""
    return blank(np.broadcast_to(0.0, shape_of(like))) if shape_of(like) else 0.0


def told(region: Region) -> Any:
    """What is equal for equal loops."""
    body = region.body
    steps = tuple(
        (
            step.op,
            tuple(a if a.__class__ is Ref else constant_key(a) for a in step.args),
            step.params and param_key(step.params),
            step.shape,
            step.name,
        )
        for step in body.steps
    )
    guards = tuple(
        (
            g.decide,
            tuple(a if a.__class__ is Ref else constant_key(a) for a in g.args),
            param_key(g.expected),
        )
        for g in body.guards
    )
    ends = (*body.inputs, None, *body.outputs)
    return steps, guards, ends, region.n, region.carried, region.per_turn, region.backwards
