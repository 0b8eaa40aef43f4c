"""A copy of a recorded list in the making, row by row, where a row may be replaced, dropped or
joined by others. All passes of the optimiser are written with it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.op import Op
from admodes.core.record import Guard, Ref, Step, WengertList
from admodes.core.values import blank, shape_of

Rule = Callable[["Copy", Step, tuple], Any]
"""(the copy so far, an old step, its arguments in the copy) -> a Ref of the copy or a constant
that replaces the step, or None to keep it."""


class Copy:
    """A copy of a recorded list in the making, with other rows in the place of some. old: the list
    that is copied; steps: the rows of the copy so far; new: for each row of old what stands for it
    in the copy, a Ref or a constant; checks: guards that the copy has besides."""

    def __init__(self, program: WengertList) -> None:
        self.old = program
        self.steps: list[Step] = []
        self.new: list[Any] = []
        self.checks: list[Guard] = []

    def by(self, rule: Rule) -> WengertList:
        """The copy in which rule replaces steps; inputs stay."""
        for step in self.old.steps:
            args = self.moved(step.args)
            found = None if step.op is None else rule(self, step, args)
            self.new.append(self.keep(step, args) if found is None else found)
        return self.finished()

    def keep(self, step: Step, args: tuple) -> Ref:
        """The step itself on arguments of the copy."""
        self.steps.append(replace(step, args=args))
        return Ref(len(self.steps) - 1)

    def emit(self, op: Op, *args: Any, **params: Any) -> Ref:
        """A new row."""
        like = inferred(op, tuple(self.value(a) for a in args), params)
        self.steps.append(Step(op, args, params or None, like))
        return Ref(len(self.steps) - 1)

    def check(self, decide: Callable[..., bool], *args: Any) -> None:
        """What is made here rests on decide(*args), at each run."""
        self.checks.append(Guard(decide, args, True, rewritten=True))

    def value(self, a: Any) -> Any:
        """An argument by its shape and dtype; a constant itself."""
        return self.steps[a.row].like if isinstance(a, Ref) else a

    def step(self, a: Any) -> Step | None:
        """The row that made an argument; None for constants and inputs."""
        made = self.steps[a.row] if isinstance(a, Ref) else None
        return made if made is not None and made.op is not None else None

    def moved(self, args: tuple) -> tuple:
        """Old arguments in the copy."""
        new = self.new
        return tuple([new[a.row] if a.__class__ is Ref else a for a in args])

    def finished(self) -> WengertList:
        """The program with its inputs, outputs and guards in the copy."""
        old = self.old
        return replace(
            old,
            steps=self.steps,
            inputs=[self.new[x.row] for x in old.inputs],
            outputs=list(self.moved(tuple(old.outputs))),
            guards=[replace(g, args=self.moved(g.args)) for g in old.guards] + self.checks,
            captured={self.new[row].row: array for row, array in old.captured.items()},
        )


class LateCopy(Copy, ABC):
    """A copy that makes some rows only when something needs them: new has None for them until
    then."""

    def moved(self, args: tuple) -> tuple:
        return tuple(map(self.ready, args))

    def ready(self, a: Any) -> Any:
        """An old argument in the copy."""
        if not isinstance(a, Ref):
            return a
        if self.new[a.row] is None:
            self.new[a.row] = self.late(a.row)
        return self.new[a.row]

    @abstractmethod
    def late(self, row: int) -> Any:
        """What stands for an old row that was left out so far."""


def inferred(op: Op, values: tuple, params: dict) -> Any:
    """The result's value where all arguments are numbers, else its shape and dtype."""
    with quiet():
        if not op.entrywise:
            return blank(op.dispatch(values, params or None))
        shape = np.broadcast_shapes(*map(shape_of, values))
        if not shape:
            return op.dispatch(values, params or None)
        small = tuple(np.zeros((1,) * len(shape), v.dtype) if shape_of(v) else v for v in values)
        found = np.asarray(op.dispatch(small, params or None))
    return np.broadcast_to(found.ravel()[:1].reshape((1,) * len(shape)), shape)


def reads(program: WengertList) -> Counter:
    """How often each row is an argument of a row."""
    return Counter([a.row for step in program.steps for a in step.args if a.__class__ is Ref])


def uses(program: WengertList) -> Counter:
    """How often each row is read: by rows, outputs and guards."""
    found = reads(program)
    found.update(ends(program))
    return found


def ends(program: WengertList) -> list[int]:
    """The rows that outputs and guards read."""
    decided = (a for guard in program.guards for a in guard.args)
    return [y.row for y in (*program.outputs, *decided) if isinstance(y, Ref)]


def needed(program: WengertList, rows: Iterable[int]) -> set[int]:
    """The rows that some rows depend on, these among them.

    >>> from admodes.core.record import record
    >>> program = record(lambda x, y: (x * x, y + 1.0), 2.0, 3.0)
    >>> needed(program, [2]), needed(program, ends(program))
    ({0, 2}, {0, 1, 2, 3})
    """
    return {row for row, mark in enumerate(marked(program, rows)) if mark}


def marked(program: WengertList, rows: Iterable[int]) -> bytearray:
    """For each row whether it is among those that some rows depend on."""
    steps = program.steps
    found = bytearray(len(steps))
    for row in rows:
        found[row] = 1
    for row in range(len(steps) - 1, -1, -1):
        if found[row]:
            for a in steps[row].args:
                if a.__class__ is Ref:
                    found[a.row] = 1
    return found


def raising(program: WengertList) -> list[int]:
    """The rows whose operation may raise, as that of a matrix without inverse."""
    ops = {step.op for step in program.steps} - {None}
    # Of most operations no parameters can make it raise.
    some = {op for op in ops if op.raises or type(op).may_raise is not Op.may_raise}
    if not some:
        return []
    rows = ((i, step) for i, step in enumerate(program.steps) if step.op in some)
    return [i for i, step in rows if step.op.may_raise(step.params)]


def has_value(y: Any) -> bool:
    """What a guard asks of a row that must be calculated, since that may raise, or decides."""
    return True
