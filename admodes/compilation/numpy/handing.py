"""Numbers that go from the turns of one loop to those of a later one: what every turn of the first
results in and the second reads turn by turn stays a Python number, in one tuple for each turn, and
is written into the vector of the first only where something else reads it there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.compilation.numpy.placement import is_array, is_view
from admodes.core.record import Ref, Step, WengertList
from admodes.loops.operations import loop
from admodes.ops.indexing import getitem
from admodes.optimisation.passes.loop_copies import Layout, region_of

NUMBER = 8
"""Bytes."""


@dataclass
class Source:
    """Where a stack of numbers comes from: the row of a loop, which of its results it is, and
    whether it is read from its end."""

    row: int
    result: int
    turned: bool


@dataclass
class Handing:
    """What a loop hands on. results: those that a later loop takes turn by turn; filled: the
    results that are read in its vector. Where there are none, there is no vector."""

    results: list[int] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)


class Handings:
    """What goes from loop to loop in a program. of: by the row of the loop that hands on; taken:
    by the row of the loop that takes and the position of its argument; numbers: for the rows that
    are a number of a last state, the row of the loop and which leaf it is; gone: loops without a
    vector, and what is cut out of it."""

    def __init__(self, program: WengertList) -> None:
        self.steps = program.steps
        self.of = {i: Handing() for i, step in enumerate(self.steps) if step.op is loop}
        self.layouts = {i: Layout(region_of(self.steps[i])) for i in self.of}
        self.taken: dict[tuple[int, int], Source] = {}
        self.numbers: dict[int, tuple[int, int]] = {}
        self.gone: set[int] = set()
        self._traced: dict[int, tuple[int, Any, Any]] = {}
        if not self.of:
            return
        for i, step in enumerate(self.steps):
            for p, a in enumerate(step.args):
                self._read(i, step, p, a)
        for y in program.outputs:
            self._filled(y)
        self._find_gone()

    def _find_gone(self) -> None:
        without = set()
        for i, handing in self.of.items():
            region = region_of(self.steps[i])
            arrays = any(
                len(shape) > (k >= region.carried) for k, shape in enumerate(region.results)
            )
            if not arrays and not handing.filled:
                without.add(i)
        traced = {i for i, (row, _, _) in self._traced.items() if row in without}
        self.gone = traced | without

    def _read(self, i: int, step: Step, p: int, a: Any) -> None:
        if not isinstance(a, Ref) or not is_array(self.steps[a.row].like):
            return
        if i in self.of:
            region = region_of(step)
            source = self._source(a) if region.of_turns(p) else None
            if source is not None:
                self.taken[i, p] = source
                handing = self.of[source.row]
                if source.result not in handing.results:
                    handing.results.append(source.result)
                return
        if a.row in self.of and step.op is getitem:
            k = self._number(a.row, (step.params or {})["index"])
            if k is not None:
                self.numbers[i] = a.row, k
                return
        if not is_array(step.like) and is_view(step) and step.op is getitem:
            self._filled(a, (step.params or {})["index"])
        elif not is_view(step) or not is_array(step.like):
            self._filled(a)

    def _number(self, row: int, index: Any) -> int | None:
        """The leaf of the last state that this entry of a loop's vector is, if it is a number."""
        if index.__class__ is not int:
            return None
        layout = self.layouts[row]
        at = index % layout.starts[-1]
        k = layout.parts(at, at + 1).start
        state = k < region_of(self.steps[row]).carried and not layout.shapes[k]
        return k if state else None

    def _view(self, row: int) -> tuple[int, Any, Any] | None:
        """For a view of a loop's vector the row of the loop, an array as the vector, and the view
        of that."""
        if row in self.of:
            base = np.empty(self.steps[row].shape)
            self._traced.setdefault(row, (row, base, base))
        step = self.steps[row]
        views = step.op is not None and is_view(step) and is_array(step.like)
        if row not in self._traced and views:
            a = step.args[0]
            found = self._view(a.row) if isinstance(a, Ref) else None
            if found is not None:
                source, base, seen = found
                self._traced[row] = source, base, step.op.array(seen, **(step.params or {}))
        return self._traced.get(row)

    def _source(self, a: Ref) -> Source | None:
        found = self._view(a.row)
        if found is None or found[2].ndim != 1:
            return None
        row, base, seen = found
        at, stride = _offset(base, seen), seen.strides[0]
        region, layout = region_of(self.steps[row]), self.layouts[row]
        n = region.n
        first = at if stride == NUMBER or n == 1 else at - n + 1
        k = layout.parts(first, first + 1).start
        whole = layout.starts[k] == first and layout.shapes[k] == seen.shape == (n,)
        if not whole or abs(stride) != NUMBER or k < region.carried:
            return None
        return Source(row, k, first != at)

    def _filled(self, a: Any, index: Any = ()) -> None:
        """Something other than a turn reads what is, perhaps, a part of a loop's vector, or an
        entry of one."""
        found = self._view(a.row) if isinstance(a, Ref) else None
        if found is None:
            return
        row, base, seen = found
        seen = seen[(*index, ...) if isinstance(index, tuple) else (index, ...)]
        at = _offset(base, seen)
        steps = [s // NUMBER * (m - 1) for m, s in zip(seen.shape, seen.strides, strict=True)]
        low, high = at + sum(min(s, 0) for s in steps), at + sum(max(s, 0) for s in steps)
        self.of[row].filled.update(self.layouts[row].parts(low, high + 1))


def _offset(base: np.ndarray, seen: np.ndarray) -> int:
    """How many numbers after the start of base seen begins."""
    first, second = (x.__array_interface__["data"][0] for x in (base, seen))
    return (second - first) // NUMBER
