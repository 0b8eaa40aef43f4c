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
from admodes.loops.region import Region, size

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
    results that are read in its vector."""

    results: list[int] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)


class Handings:
    """What goes from loop to loop in a program. of: by the row of the loop that hands on; taken:
    by the row of the loop that takes and the position of its argument."""

    def __init__(self, program: WengertList) -> None:
        self.steps = program.steps
        self.of = {i: Handing() for i, step in enumerate(self.steps) if step.op is loop}
        self.taken: dict[tuple[int, int], Source] = {}
        self._traced: dict[int, tuple[int, Any, Any]] = {}
        if not self.of:
            return
        for i, step in enumerate(self.steps):
            for p, a in enumerate(step.args):
                self._read(i, step, p, a)
        for a in (*program.outputs, *(a for g in program.guards for a in g.args)):
            self._filled(a)

    def _read(self, i: int, step: Step, p: int, a: Any) -> None:
        if not isinstance(a, Ref) or not is_array(self.steps[a.row].like):
            return
        if i in self.of:
            region: Region = (step.params or {})["region"]
            per_turn = region.carried <= p < region.carried + region.per_turn
            source = self._source(a) if per_turn and self.steps[a.row].like.ndim == 1 else None
            if source is not None:
                self.taken[i, p] = source
                handing = self.of[source.row]
                if source.result not in handing.results:
                    handing.results.append(source.result)
                return
        if not is_view(step):
            self._filled(a)

    def _view(self, row: int) -> tuple[int, Any, Any] | None:
        """For a view of a loop's vector the row of the loop, an array as the vector, and the view
        of that."""
        if row in self.of:
            base = np.empty(self.steps[row].shape)
            self._traced.setdefault(row, (row, base, base))
        step = self.steps[row]
        if row not in self._traced and step.op is not None and is_view(step):
            a = step.args[0]
            found = self._view(a.row) if isinstance(a, Ref) else None
            if found is not None:
                source, base, seen = found
                self._traced[row] = source, base, step.op.array(seen, **(step.params or {}))
        return self._traced.get(row)

    def _source(self, a: Ref) -> Source | None:
        found = self._view(a.row)
        if found is None:
            return None
        row, base, seen = found
        at, stride = _offset(base, seen), seen.strides[0]
        region: Region = self.steps[row].params["region"]  # type: ignore[index]
        n, start = region.n, size(region.results[: region.carried])
        for k, shape in enumerate(region.results[region.carried :], region.carried):
            if shape == seen.shape == (n,):
                if at == start and (stride == NUMBER or n == 1):
                    return Source(row, k, False)
                if at == start + n - 1 and stride == -NUMBER:
                    return Source(row, k, True)
            start += size([shape])
        return None

    def _filled(self, a: Any) -> None:
        """Something other than a turn reads what is, perhaps, a part of a loop's vector."""
        found = self._view(a.row) if isinstance(a, Ref) else None
        if found is None:
            return
        row, base, seen = found
        at = _offset(base, seen)
        steps = [s // NUMBER * (m - 1) for m, s in zip(seen.shape, seen.strides, strict=True)]
        low, high = at + sum(min(s, 0) for s in steps), at + sum(max(s, 0) for s in steps)
        region: Region = self.steps[row].params["region"]  # type: ignore[index]
        start = 0
        for k, shape in enumerate(region.results):
            stop = start + size([shape])
            if start <= high and low < stop:
                self.of[row].filled.add(k)
            start = stop


def _offset(base: np.ndarray, seen: np.ndarray) -> int:
    """How many numbers after the start of base seen begins."""
    first, second = (x.__array_interface__["data"][0] for x in (base, seen))
    return (second - first) // NUMBER
