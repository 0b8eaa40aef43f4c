"""Superword packing: a program of single numbers goes in, and one comes out in which operations of
one kind that stand side by side, none depending on another, are one operation on a vector.

A loop written over the entries of a vector is a list of thousands of numbers; level by level (the
level of a row is the longest way to it from the inputs) its equal operations are independent. The
operands are selected from the vectors that hold them already; what stays single reads its operands
out of the vectors. Only kernels that are the same for floats and for arrays are packed unless
rounding may change.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import shape_of
from admodes.programs.rewriting import LateCopy

FEWEST = 64
"""Operations that are packed, at least: below, selecting the operands costs more than it saves."""
SOURCES = 4
"""Vectors that the operands of one packed operation may come from, at most."""


class VectorEntry(NamedTuple):
    """An entry of a vector of the copy."""

    row: int
    position: int


def pack_scalars(program: WengertList, exact: bool = True) -> WengertList:
    """The program with wide levels of single numbers packed, where there are any."""
    groups = _groups(program, exact)
    return Packing(program, groups).followed() if groups else program


def _levels(program: WengertList) -> list[int]:
    """The level of each row."""
    found: list[int] = []
    for step in program.steps:
        level = 0
        for a in step.args:
            if a.__class__ is Ref and found[a.row] > level:
                level = found[a.row]
        found.append(0 if step.op is None else level + 1)
    return found


def _groups(program: WengertList, exact: bool) -> dict[int, list[int]]:
    """Rows that are packed together, by the first of them."""
    found: dict[tuple[int, Op], list[int]] = defaultdict(list)
    for row, (step, level) in enumerate(zip(program.steps, _levels(program), strict=True)):
        if _packable(step, exact):
            found[level, step.op].append(row)
    return {rows[0]: rows for rows in found.values() if len(rows) >= FEWEST}


def _packable(step: Step, exact: bool) -> bool:
    op = step.op
    if op is None or step.like.__class__ is not float or step.params:
        return False
    if not (op.entrywise and (op.numerics.same_bits or (not exact and op.elementwise))):
        return False
    return all(a.__class__ is Ref or isinstance(a, (float, int)) for a in step.args)


class Packing(LateCopy):
    """The copy of a program in which groups of equal operations on numbers are one operation on a
    vector. entries: for a row of the old program that is now an entry of a vector, which entry of
    which row; group_of: the rows that are packed together with a row."""

    def __init__(self, program: WengertList, groups: dict[int, list[int]]) -> None:
        super().__init__(program)
        self.group_of = {row: rows for rows in groups.values() for row in rows}
        self.entries: dict[int, VectorEntry] = {}
        self.refused: set[int] = set()
        self.flat: dict[int, Ref] = {}

    def followed(self) -> WengertList:
        levels = _levels(self.old)
        order = sorted(range(len(levels)), key=levels.__getitem__)
        self.new = [None] * len(levels)
        for row in order:
            step = self.old.steps[row]
            rows = self.group_of.get(row)
            if rows is not None and rows[0] not in self.refused and row not in self.entries:
                self._packed(rows)
            if row not in self.entries and not self._stacked(row, step):
                args = self.moved(step.args)
                self.new[row] = self.keep(step, args)
                self._note_entry(row, step, args)
        return self.finished()

    def _stacked(self, row: int, step: Step) -> bool:
        """A stack of numbers of which most are entries of vectors, as a selection of entries."""
        if step.op is None or step.op.name != "stack" or len(step.args) < FEWEST:
            return False
        rest = [a for a in step.args if not isinstance(a, Ref) or a.row not in self.entries]
        if len(rest) > len(step.args) // 2 or any(shape_of(self.old.like(a)) for a in rest):
            return False
        singles = None
        if rest:
            singles = self.emit(step.op, *map(self.ready, rest), axis=0)
        spare = iter(range(len(rest)))
        places = [
            self.entries[a.row]
            if isinstance(a, Ref) and a.row in self.entries
            else VectorEntry(singles.row, next(spare))  # type: ignore[union-attr]
            for a in step.args
        ]
        vectors = list(dict.fromkeys(p.row for p in places))
        self.new[row] = self._selected(vectors, places)
        return True

    def _note_entry(self, row: int, step: Step, args: tuple) -> None:
        """Numbers that are read out of a vector can be selected from it as well."""
        if step.op is None or step.op.name != "getitem" or not isinstance(args[0], Ref):
            return
        index = (step.params or {})["index"]
        parts = index if isinstance(index, tuple) else (index,)
        shape = shape_of(self.value(args[0]))
        if len(parts) == len(shape) and all(k.__class__ is int for k in parts):
            position = np.ravel_multi_index(parts, shape, mode="wrap")
            self.entries[row] = VectorEntry(self._flat(args[0], shape).row, int(position))

    def _flat(self, a: Ref, shape: tuple[int, ...]) -> Ref:
        """An array as a vector."""
        if len(shape) == 1:
            return a
        if a.row not in self.flat:
            self.flat[a.row] = self.emit(REGISTRY["reshape"], a, shape=(math.prod(shape),))
        return self.flat[a.row]

    def late(self, row: int) -> Any:
        """An entry of a vector as a number."""
        vector, position = self.entries[row]
        return self.emit(REGISTRY["getitem"], Ref(vector), index=(position,))

    def _packed(self, rows: list[int]) -> None:
        """One operation for many rows."""
        steps = [self.old.steps[row] for row in rows]
        operands = []
        for column in zip(*(step.args for step in steps), strict=True):
            operand = self._operand(column)
            if operand is None:
                self.refused.add(rows[0])
                return
            operands.append(operand)
        if not any(isinstance(x, Ref) and shape_of(self.value(x)) for x in operands):
            self.refused.add(rows[0])
            return
        made = self.emit(steps[0].op, *operands)
        for position, row in enumerate(rows):
            self.entries[row] = VectorEntry(made.row, position)

    def _operand(self, column: tuple) -> Any:
        """One operand of many rows as a vector, or as a number that all share; None where the
        numbers are too scattered."""
        if all(a == column[0] for a in column):
            return self.ready(column[0])
        constants = [a for a in column if not isinstance(a, Ref)]
        if len(constants) == len(column):
            return np.array(column, float)
        places = [self.entries.get(a.row) for a in column if isinstance(a, Ref)]
        if constants or any(p is None for p in places):
            return None
        vectors = list(dict.fromkeys(p.row for p in places))  # type: ignore[union-attr]
        if len(vectors) > SOURCES:
            return None
        return self._selected(vectors, places)

    def _selected(self, vectors: list[int], places: list) -> Ref:
        sizes = [self.steps[v].shape[0] for v in vectors]
        start = dict(zip(vectors, np.cumsum([0, *sizes[:-1]]), strict=True))
        positions = np.array([start[p.row] + p.position for p in places], np.intp)
        whole = Ref(vectors[0])
        if len(vectors) > 1:
            parts = [Ref(v) for v in vectors]
            whole = self.emit(REGISTRY["concatenate"], *parts, axis=0)
        if np.array_equal(positions, np.arange(sum(sizes))):
            return whole
        low, high = int(positions[0]), int(positions[-1]) + 1
        if np.array_equal(positions, np.arange(low, high)):
            return self.emit(REGISTRY["getitem"], whole, index=(slice(low, high),))
        return self.emit(REGISTRY["getitem"], whole, index=positions)
