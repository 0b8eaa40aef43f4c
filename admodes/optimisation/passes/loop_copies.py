"""A copy of a list in which loops are replaced by others, and parts of a region as another one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY
from admodes.core.program import Ref, Step, WengertList
from admodes.core.values import blank
from admodes.loops.operations import loop
from admodes.loops.region import Region, Shape, size
from admodes.ops.indexing import getitem
from admodes.programs.keys import constant_key
from admodes.programs.rewriting import Copy


class Layout:
    """Where the results of a loop lie in its vector: result k from starts[k] to starts[k + 1]."""

    def __init__(self, region: Region) -> None:
        self.shapes = region.results
        self.starts = list(accumulate((size([s]) for s in self.shapes), initial=0))

    def parts(self, low: int, high: int) -> range:
        """The results that have entries from low on, before high."""
        first = bisect_right(self.starts, low) - 1
        return range(first, max(bisect_left(self.starts, high), first))


class Vector:
    """What stands for a loop's vector where another loop is in its place: the row of that, the
    shapes of its results, and for each result of the old loop its shape, and which one of the new
    ones it is; None where nobody reads it."""

    def __init__(
        self, row: Ref, shapes: list[Shape], old: list[Shape], places: Sequence[int | None]
    ) -> None:
        self.row, self.old = row, old
        self.whole: Ref | None = None
        starts = list(accumulate((size([shape]) for shape in shapes), initial=0))
        ends = list(accumulate((size([shape]) for shape in old), initial=0))
        self.slices = [
            (start, stop, None if place is None else starts[place])
            for start, stop, place in zip(ends, ends[1:], places, strict=False)
        ]
        """Where each old result begins and ends in the old vector, and begins in the new one."""


class LoopCopy(Copy, ABC):
    """A copy in which some loops are replaced: what reads a part of an old vector reads that of the
    new one, and what reads all of it gets it put together."""

    def replaced(self) -> WengertList:
        """The copy."""
        for row, step in enumerate(self.old.steps):
            found = self.other(row, step) if step.op is loop else self._part(step)
            self.new.append(self.keep(step, self.moved(step.args)) if found is None else found)
        return self.finished()

    @abstractmethod
    def other(self, row: int, step: Step) -> Vector | Ref | None:
        """What stands for a loop; None for itself."""

    def loop(self, region: Region, args: Sequence[Any]) -> Ref:
        """A row that is a loop."""
        like = blank(np.empty(size(region.results)))
        self.steps.append(Step(loop, tuple(args), {"region": region}, like))
        return Ref(len(self.steps) - 1)

    def moved(self, args: tuple) -> tuple:
        return tuple([self._of(a) if a.__class__ is Ref else a for a in args])

    def _of(self, a: Ref) -> Any:
        found = self.new[a.row]
        if not isinstance(found, Vector):
            return found
        if found.whole is None:
            parts = [
                np.zeros(stop - start)
                if at is None
                else self.emit(getitem, found.row, index=slice(at, at + stop - start))
                for start, stop, at in found.slices
            ]
            found.whole = self.emit(REGISTRY["concatenate"], *parts, axis=0)
        return found.whole

    def _part(self, step: Step) -> Ref | None:
        """A row that reads a part of one result of a loop that has been replaced."""
        a = step.args[0] if step.op is getitem else None
        vector = self.new[a.row] if isinstance(a, Ref) else None
        if not isinstance(vector, Vector):
            return None
        index = (step.params or {})["index"]
        low, high = bounds_of(index, vector.slices[-1][1]) or (-1, -1)
        for start, stop, at in vector.slices:
            if at is not None and start <= low and high <= stop:
                low, high = at + low - start, at + high - start
                params = {"index": slice(low, high) if isinstance(index, slice) else low}
                return self.keep(replace(step, params=params), (vector.row,))
        return None

    def finished(self) -> WengertList:
        # A guard on a vector asks whether the loop runs through.
        guards = [
            replace(g, args=tuple(self._row(a) if a.__class__ is Ref else a for a in g.args))
            for g in self.old.guards
        ]
        self.old = replace(self.old, guards=[])
        return replace(super().finished(), guards=guards)

    def _row(self, a: Ref) -> Any:
        found = self.new[a.row]
        return found.row if isinstance(found, Vector) else found


def bounds_of(index: Any, length: int) -> tuple[int, int] | None:
    """The first position of a part of a vector, and the one after the last; None where it has
    gaps."""
    if isinstance(index, slice):
        start, stop, step = index.indices(length)
        return (start, stop) if step == 1 else None
    if isinstance(index, (int, np.integer)):
        at = int(index) % length
        return at, at + 1
    return None


def region_of(step: Step) -> Region:
    """The region of a loop."""
    return (step.params or {})["region"]  # type: ignore[no-any-return]


def key_of_value(a: Any) -> Any:
    """The same for the same row, and for constants that are equal."""
    return a if isinstance(a, Ref) else ("constant", constant_key(a))
