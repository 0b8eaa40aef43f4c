"""Operations on a part of an array that is one slice along each axis: assignments, arrays that are
zero elsewhere, and sums with such arrays. The part and what is around it are written each by
itself, so that what is assigned may be written where it is wanted at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from admodes.compilation.llvm.groups import EntryOperation, Groups, Value
from admodes.compilation.llvm.lowerings import ENTRIES
from admodes.compilation.llvm.places import Region, indexed, new_place
from admodes.core.record import Ref, Step, WengertList
from admodes.ops.assignment import assign
from admodes.ops.indexing import explicit, is_basic, place
from admodes.optimisation.passes.placed_sums import placed_sums
from admodes.programs.rewriting import uses

Copied = Callable[[Value, Region], Value]
"""Stores a value at a place."""


class Blocks(NamedTuple):
    """A part of an array and what is around it, as indices."""

    part: tuple
    around: list[tuple]


def blocks_of(index: Any, shape: tuple[int, ...]) -> Blocks | None:
    """None for an index that is not of integers and slices without gaps.

    >>> blocks_of(slice(1, -1), (5,))
    Blocks(part=(slice(1, 4, 1),), around=[(slice(0, 1, 1),), (slice(4, 5, 1),)])
    """
    if not is_basic(index):
        return None
    part: list[Any] = []
    around: list[tuple] = []
    inside: list[slice] = []
    for p, n in zip(explicit(index, len(shape)), shape, strict=False):
        if p is None:
            return None
        taken = range(n)[p if isinstance(p, slice) else slice(p % n, p % n + 1)]
        if not taken or taken.step != 1:
            return None
        rest = [slice(0, m, 1) for m in shape[len(inside) + 1 :]]
        for start, stop in ((0, taken[0]), (taken[-1] + 1, n)):
            if start < stop:
                around.append((*inside, slice(start, stop, 1), *rest))
        inside.append(slice(taken[0], taken[-1] + 1, 1))
        part.append(inside[-1] if isinstance(p, slice) else taken[0])
    return Blocks(tuple(part), around)


class Slices:
    """What there is of these operations in a program. sums: the rows that add to a part of an array
    what nothing else reads: by row the array, the index, and what is added; placed: the rows that
    are written by these; own: by row the arrays that were made here and that one row alone reads,
    which may write into them."""

    def __init__(self, program: WengertList, groups: Groups, copied: Copied) -> None:
        self.groups, self.copied = groups, copied
        self.sums: dict[int, tuple[Any, Any, Any]] = {}
        self.placed: set[int] = set()
        self.own: dict[int, Region] = {}
        if not any(step.op in (place, assign) for step in program.steps):
            return
        self.reads = uses(program)
        sums, placed = placed_sums(program, self.reads)
        for row, (first, index, shape, x) in sums.items():
            step = program.steps[row]
            if shape is None and blocks_of(index, step.shape) is not None:
                self.sums[row] = first, index, x
                self.placed |= placed & {a.row for a in step.args if isinstance(a, Ref)}

    def arguments(self, row: int, step: Step) -> tuple:
        """What a row is made of: of a sum the array and what is added."""
        found = self.sums.get(row)
        return step.args if found is None else (found[0], found[2])

    def made(self, row: int, step: Step, args: list[Value]) -> Value | None:
        """The value of a row; None for other operations, and where an index is no block."""
        if row in self.sums:
            first, index, _ = self.sums[row]
        elif step.op in (place, assign) and all(a.kind == "d" for a in args):
            first, index = step.args[0], (step.params or {})["index"]
        else:
            return None
        blocks = blocks_of(index, step.shape)
        v = args[-1]
        if blocks is None or len(v.shape) > len(step.shape):
            return None
        x = Value("d", (), number=0.0) if step.op is place else args[0]
        own = self.own.get(first.row) if isinstance(first, Ref) and step.op is not place else None
        x = x if own is not None else self._regular(x)
        whole = self._around(blocks, x, step) if own is None else own
        part = indexed(whole, blocks.part)
        if row in self.sums:
            terms = self._part(x, blocks.part), v
            entry = EntryOperation(ENTRIES[step.op.name], terms, "d", part.shape, dests=[part])
            self.groups.put(entry)
        elif own is None or v.entry is None or v.entry.group > whole.buffer.writer:
            self.copied(v, part)
        else:
            # The group that makes v runs before others that write here.
            self.copied(Value(v.kind, v.shape, place=self.groups.stored(v)), part)
        if self.reads[row] == 1:
            self.own[row] = whole
        return Value("d", step.shape, place=whole)

    def _around(self, blocks: Blocks, x: Value, step: Step) -> Region:
        """A new array that has x around a part."""
        whole = new_place("d", step.shape)
        for block in blocks.around:
            self.copied(self._part(x, block), indexed(whole, block))
        return whole

    def _part(self, x: Value, index: tuple) -> Value:
        if x.is_number:
            return x
        found = indexed(self.groups.stored(x), index)
        return Value(x.kind, found.shape, place=found)

    def _regular(self, x: Value) -> Value:
        """x at regular strides."""
        if x.is_number or self.groups.stored(x).positions is None:
            return x
        return self.copied(x, new_place(x.kind, x.shape))
