"""Make a recorded list read as the user wrote it: indexing into an input vector is the component
itself, and tests of control flow are notes on what they tested."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from admodes.core.entries import entry_numbers, sources
from admodes.core.record import Guard, Ref, Step, WengertList
from admodes.core.structure import Moves
from admodes.core.values import shape_of


def tidy(program: WengertList) -> WengertList:
    """The program without rows that only move components or test branches."""
    return _without_idle(_direct(program))


def _direct(program: WengertList) -> WengertList:
    """References to a part of an array that was put together (as by np.stack) become references to
    what was put there."""
    alias: dict[int, object] = {}
    joins: dict[int, _Join] = {}
    steps = []
    for i, step in enumerate(program.steps):
        args = tuple(alias.get(a.row, a) if isinstance(a, Ref) else a for a in step.args)
        step = replace(step, args=args)
        steps.append(step)
        source = args[0].row if args and isinstance(args[0], Ref) else i
        if _selects(step) and _joins(steps[source]):
            if source not in joins:
                joins[source] = _Join(steps[source], program.likes(steps[source]))
            part = joins[source].part(step)
            if part is not None:
                alias[i] = part

    def direct(a: object) -> object:
        return alias.get(a.row, a) if isinstance(a, Ref) else a

    guards = [replace(g, args=tuple(map(direct, g.args))) for g in program.guards]
    outputs = [direct(y) for y in program.outputs]
    return replace(program, steps=steps, outputs=outputs, guards=guards)


def _moves(step: Step) -> bool:
    return step.op is not None and isinstance(step.op.structure, Moves)


def _selects(step: Step) -> bool:
    """Whether each entry of the row's result is one of its first argument; where entries are put
    into zeros, several may meet in one."""
    return _moves(step) and not _joins(step) and step.op.structure.into is None


def _joins(step: Step) -> bool:
    """Whether the row puts an array together, from any number of arguments."""
    return _moves(step) and step.op.arity is None


class _Join:
    """An array that was put together from arguments, whose entries are numbered from 1 on."""

    def __init__(self, step: Step, likes: tuple) -> None:
        self.args = step.args
        self.shapes = list(map(shape_of, likes))
        self.starts = np.cumsum([1, *map(math.prod, self.shapes)])
        self.entries = sources(step.op, likes, step.params)

    def part(self, step: Step) -> object | None:
        """The argument that a row which moves entries of this array is again, or None."""
        if any(isinstance(a, Ref) for a in step.args[1:]):
            return None
        entries = np.asarray(step.op.array(self.entries, *step.args[1:], **(step.params or {})))
        k = np.searchsorted(self.starts, entries.flat[0], "right") - 1 if entries.size else -1
        if k < 0 or entries.shape != self.shapes[k]:
            return None
        same = np.array_equal(entries, entry_numbers(entries.shape, self.starts[k]))
        return self.args[k] if same else None


def _without_idle(program: WengertList) -> WengertList:
    """Drop what nothing uses of the operations that move components, and of tests. Where control
    flow branched on a dropped test, the guard is that test of its arguments; other guards of
    dropped rows go with them."""
    branched = {g.args[0].row for g in program.guards if g.decide is bool}
    used = {y.row for y in program.outputs if isinstance(y, Ref)}
    kept = []
    for i in reversed(range(len(program.steps))):
        step = program.steps[i]
        if i in used or not (_idle(step) and (step.is_test or i not in branched)):
            kept.append(i)
        if i in used or i in branched or not _idle(step):
            used.update(a.row for a in step.args if isinstance(a, Ref))
    new_row = {old: new for new, old in enumerate(reversed(kept))}

    def moved(a: object) -> object:
        return Ref(new_row[a.row]) if isinstance(a, Ref) else a

    steps = [
        replace(program.steps[i], args=tuple(moved(a) for a in program.steps[i].args))
        for i in reversed(kept)
    ]
    guards = []
    for g in program.guards:
        if g.decide is bool and g.args[0].row not in new_row:
            test = program.steps[g.args[0].row]
            guards.append(Guard(test.op, tuple(map(moved, test.args)), g.expected, line=g.line))
        elif all(a.row in new_row for a in g.args if isinstance(a, Ref)):
            guards.append(replace(g, args=tuple(map(moved, g.args))))
    return replace(
        program,
        steps=steps,
        inputs=[Ref(new_row[x.row]) for x in program.inputs],
        outputs=[moved(y) for y in program.outputs],
        guards=guards,
        origins=program.origins and program.origins.of(kept[::-1]),
    )


def _idle(step: Step) -> bool:
    return step.op is not None and (step.op.kind == "moves" or step.op.discrete)
