"""The sweep of the optimiser over the rows of a program that applies local rules and merges equal
rows.

A rule looks at one operation and at the rows that made its arguments. What it returns in their
place goes through the rules again, so that one sweep reaches what several would; every rule
shrinks its row or moves it towards one form, so that this ends.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Guard, Ref, Step, WengertList
from admodes.core.values import blank
from admodes.optimisation.dataflow import carrying_rows, open_rows, reached_outputs, telling_signs
from admodes.optimisation.optimised import Optimised
from admodes.programs.keys import key_of, param_key
from admodes.programs.rewriting import Copy, ends, has_value, inferred, marked, uses

LocalRule = Callable[["Folding", Op, tuple, Any, Any], Any]
"""(the copy so far, an operation, its arguments, its parameters, its value) -> a Ref of the copy
or a constant that replaces it, or None."""
Table = dict[Op, tuple[LocalRule, ...]]


@dataclass
class Rules:
    """everywhere: rules for the operations of which a test holds, where the result is an array;
    arrays and numbers: rules by operation, where the result is an array and where it is a number;
    fold: a rule for all. of_arrays: both kinds of rules for arrays, by operation."""

    fold: LocalRule | None
    everywhere: tuple[tuple[Callable[[Op], bool], LocalRule], ...]
    arrays: Table
    numbers: Table
    of_arrays: Table = field(default_factory=dict)

    @functools.cached_property
    def are_none(self) -> bool:
        """Whether there are no rules, so that equal rows are all that can be found."""
        return not (self.fold or self.everywhere or self.arrays or self.numbers)

    def on_arrays(self, op: Op) -> tuple[LocalRule, ...]:
        """The rules of an operation whose result is an array."""
        wide = tuple(rule for holds, rule in self.everywhere if holds(op))
        found = self.of_arrays[op] = wide + self.arrays.get(op, ())
        return found


NONE = Rules(None, (), {}, {})


def by_kernel(op: Op, kernel: Callable, name: str, doc: str) -> Op:
    """An operation with another kernel, for generators of array code: it is in no registry."""
    other = copy(op)
    other.name = other.__name__ = name
    other.doc = other.__doc__ = doc
    other.array = other.scalar = kernel
    other.cache = {}
    return other


class Folding(Copy):
    """A copy of the rows that reach an output or a guard. common: whether equal rows are shared."""

    def __init__(
        self,
        program: WengertList,
        rules: Rules = NONE,
        common: bool = False,
    ) -> None:
        super().__init__(program)
        self.rules = rules
        self.common = common
        self.known: dict[Any, Ref] = {}
        self.alive: list[Any] = []
        self.used: dict[int, int] = {}
        self.at = 0
        self.origin: dict[int, int] = {}
        self.doubts: set[int] = set()
        self._signs: list[bool] | None = None
        self._carrying: list[bool] | None = None
        self._open: list[bool] | None = None

    def folded(self) -> WengertList:
        """The copy."""
        program = self.old
        kept = wanted(program)
        if self.rules.are_none:
            return self.shared(kept)
        count = uses(program)
        used, origin, new = self.used, self.origin, self.new
        for i, step in enumerate(program.steps):
            if not kept[i]:
                new.append(None)
                continue
            if step.op is None:
                self.steps.append(step)
                found = Ref(len(self.steps) - 1)
            else:
                self.at = i
                found = self.row(step.op, self.moved(step.args), step.params, step.like, step)
            new.append(found)
            if found.__class__ is Ref:
                row = found.row
                used[row] = used.get(row, 0) + count[i]
                if row not in origin:
                    origin[row] = i
        copy = self.finished()
        if self.doubts:
            copy = Optimised.of(copy)
            copy.suspects = sorted({*copy.suspects, *reached_outputs(program, self.doubts)})
        return copy

    def shared(self, kept: bytearray) -> WengertList:
        """The copy in which only equal rows are looked for; of the old rows these are kept."""
        known, new, steps = self.known, self.new, self.steps
        for i, step in enumerate(self.old.steps):
            if not kept[i]:
                new.append(None)
                continue
            if step.op is not None:
                args = self.moved(step.args)
                key = key_of(step.op, args, step.params) if self.common else i
                found = known.get(key)
                if found is not None:
                    new.append(found)
                    continue
                known[key] = Ref(len(steps))
                if not _unchanged(step.args, args):
                    step = Step(step.op, args, step.params, step.like, step.value, step.name)
            new.append(Ref(len(steps)))
            steps.append(step)
        return self.finished()

    def row(
        self, op: Op, args: tuple, params: Any = None, value: Any = None, step: Step | None = None
    ) -> Any:
        """The operation as a Ref or a constant, after the rules. value gives shape and dtype; it
        may be left out. step: the old row that this is."""
        if value is None:
            value = inferred(op, tuple(map(self.value, args)), params or {})
        found = self.replaced(op, args, params, value)
        if found is not None:
            return found
        if self.common:
            key = key_of(op, args, params)
            found = self.known.get(key)
            if found is not None:
                return found
        if step is None:
            step = Step(op, args, params, blank(value))
        elif not _unchanged(step.args, args):
            step = Step(op, args, params, value, step.value, step.name)
        self.steps.append(step)
        ref = Ref(len(self.steps) - 1)
        if self.common:
            self.known[key] = ref
        return ref

    def replaced(self, op: Op, args: tuple, params: Any, value: Any) -> Any:
        """What the first rule that fits gives."""
        rules = self.rules
        for a in args:
            if a.__class__ is Ref:
                break
        else:
            if rules.fold is not None:
                found = rules.fold(self, op, args, params, value)
                if found is not None:
                    return found
        if value.__class__ is float:
            own = rules.numbers.get(op, ())
        else:
            known = rules.of_arrays.get(op)
            own = rules.on_arrays(op) if known is None else known
        for rule in own:
            found = rule(self, op, args, params, value)
            if found is not None:
                return found
        return None

    def make(self, name: str, *args: Any, like: Any = None, **params: Any) -> Any:
        """row() by the operation's name. like: a value of the result's shape and dtype, where
        there is one."""
        return self.row(REGISTRY[name], args, params or None, like)

    def made(self, a: Any, *names: str) -> Step | None:
        """The row that made an argument, where it is of one of these operations."""
        if a.__class__ is not Ref:
            return None
        step = self.steps[a.row]
        return step if step.op is not None and step.op.name in names else None

    def earlier(self, op: Op, args: tuple, params: Any) -> Ref | None:
        """An equal row, where there is one already."""
        return self.known.get(key_of(op, args, params))

    def once(self, a: Ref) -> bool:
        """Whether at most one row reads this one."""
        return self.used.get(a.row, 1) <= 1

    def zeros_are_alike(self) -> bool:
        """Whether nothing that follows the old row tells -0 from 0."""
        if self._signs is None:
            self._signs = telling_signs(self.old)
        return not self._signs[self.at]

    def carried(self, a: Ref) -> bool:
        """Whether an entry of this row that is inf or nan shows in an output."""
        if self._carrying is None:
            self._carrying = carrying_rows(self.old)
        i = self.origin.get(a.row)
        return i is not None and self._carrying[i]

    def shows(self) -> bool:
        """Whether an entry of the old row that is inf or nan shows in an output."""
        if self._carrying is None:
            self._carrying = carrying_rows(self.old)
        return self._carrying[self.at]

    def nan_shows(self) -> bool:
        """Whether a nan in the old row is nan in every output that depends on its entry."""
        if self._open is None:
            self._open = open_rows(self.old)
        return self._open[self.at]

    def rests_on(self, a: Ref) -> None:
        """The values are right only where this row, which is carried, is finite."""
        self.doubts.add(self.origin[a.row])

    def alike(self, a: Any, value: Any) -> bool:
        """Whether an argument has the shape and dtype of a value."""
        own = self.steps[a.row].like if a.__class__ is Ref else a
        if own.__class__ is not value.__class__:
            return False
        if own.__class__ is not np.ndarray:
            return True
        return bool(own.shape == value.shape and own.dtype == value.dtype)


def params_of(step: Step) -> dict:
    """The parameters of a row."""
    return step.params or {}


def _unchanged(old: tuple, new: tuple) -> bool:
    for a, b in zip(old, new):
        if a is not b and (a.__class__ is not Ref or b.__class__ is not Ref or a.row != b.row):
            return False
    return True


def wanted(program: WengertList) -> bytearray:
    """For each row whether it is one that outputs and guards depend on, or an input."""
    found = marked(program, ends(program))
    for row, step in enumerate(program.steps):
        if step.op is None:
            found[row] = 1
    return found


def dead(program: WengertList) -> WengertList:
    """The program without rows that reach no output and no guard, and without guards that repeat
    another; inputs stay."""
    known: dict[Any, Guard] = {}
    for guard in program.guards:
        same = all(a.__class__ is Ref for a in guard.args)
        known.setdefault((guard.decide, guard.args) if same else id(guard), guard)
    guards = _telling(program, list(known.values()))
    if len(guards) < len(program.guards):
        program = replace(program, guards=guards)
    kept = wanted(program)
    return program if all(kept) else _without(program, kept)


def _telling(program: WengertList, guards: list[Guard]) -> list[Guard]:
    """The guards without those on a system that may raise where another one with the same matrix is
    solved anyway."""
    if not any(_system(program, guard) for guard in guards):
        return guards
    others = [guard for guard in guards if _system(program, guard) is None]
    kept = wanted(replace(program, guards=others))
    told = {_matrix(step) for step, stays in zip(program.steps, kept, strict=True) if stays}
    found = []
    for guard in guards:
        matrix = _system(program, guard)
        if matrix is None or matrix not in told:
            found.append(guard)
            told.add(matrix)
    return found


def _system(program: WengertList, guard: Guard) -> Any:
    """The matrix of the system on which a guard is that it has a solution."""
    if guard.decide is not has_value or [a.__class__ for a in guard.args] != [Ref]:
        return None
    return _matrix(program.steps[guard.args[0].row])


def _matrix(step: Step) -> Any:
    """The matrix of a system, with the operation that solves it; None for other rows."""
    if step.op is None or not step.op.numerics.solves or not step.size:
        return None
    a = step.args[0]
    return (step.op, a, param_key(step.params)) if a.__class__ is Ref else None


def _without(program: WengertList, kept: bytearray) -> WengertList:
    """The program without the rows that are not kept."""
    copy = Copy(program)
    steps, new = copy.steps, copy.new
    for step, stays in zip(program.steps, kept, strict=True):
        if not stays:
            new.append(None)
            continue
        args = copy.moved(step.args)
        # Constants are the same objects, which no == is asked about.
        if args != step.args:
            step = Step(step.op, args, step.params, step.like, step.value, step.name)
        new.append(Ref(len(steps)))
        steps.append(step)
    return copy.finished()
