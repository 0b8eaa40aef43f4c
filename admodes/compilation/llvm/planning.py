"""From an optimised program to groups of rows: decides which row is a view of another, an entry of
a fused loop, a call of NumPy's loops, or a row for Python, and where its result lies.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.compilation.llvm import loops, turns
from admodes.compilation.llvm.groups import (
    LONGEST,
    Check,
    EntryOperation,
    Foreign,
    Group,
    Groups,
    Value,
    places_of,
)
from admodes.compilation.llvm.lowerings import ENTRIES, lowering
from admodes.compilation.llvm.pairs import paired
from admodes.compilation.llvm.periods import cuts
from admodes.compilation.llvm.places import FOREVER, TYPES, Positions, Region, new_place, view_of
from admodes.compilation.llvm.products import product
from admodes.compilation.llvm.scans import lowering_of, scan
from admodes.compilation.llvm.slices import Slices
from admodes.compilation.llvm.solving import solution
from admodes.compilation.scattering import scattered
from admodes.core.record import Guard, Ref, Step, WengertList
from admodes.core.structure import SCAN, Reduction
from admodes.core.values import shape_of
from admodes.loops.operations import loop
from admodes.optimisation.optimised import Optimised

LARGE = 1 << 15
"""Bytes from which an input is read, and an output written, where the caller has it."""


class Plan:
    """How native code runs a program. groups: what runs, in order; leaves: where each input is put;
    outputs: the planned Value of each output; values: that of each row. foreign: there is a loop of
    which not all is native.

    Of a turn of a loop, leaves and dests say where its inputs are and its outputs are wanted."""

    def __init__(
        self,
        program: WengertList,
        leaves: list[Region] | None = None,
        dests: list[Region] | None = None,
    ) -> None:
        self.program = program
        self.foreign = False
        self.groups = Groups()
        self.positions = Positions()
        self.values: list[Value | None] = []
        self.leaves = leaves or [self._leaf(i, v) for i, v in enumerate(self._inputs())]
        self._due = program.due()
        self._decided = 0
        self._loose = Optimised.of(program).loose
        self.slices = Slices(program, self.groups, self._copied)
        given = iter(self.leaves)
        rows = {x.row: next(given) for x in program.inputs}
        rows |= {row: next(given) for row in program.captured}
        begins = cuts(program, LONGEST)
        for row, step in enumerate(program.steps):
            if row in begins:
                self.groups.cut()
            if step.op is None:
                place = rows[row]
                self.values.append(Value(place.kind, place.shape, place=place))
            else:
                self.values.append(self._row(row, step))
            self._guard(row)
        if dests is None:
            self.outputs = [self._output(i, y) for i, y in enumerate(program.outputs)]
        else:
            for y, dest in zip(program.outputs, dests, strict=True):
                self._put(y, dest)

    def _inputs(self) -> list[Any]:
        steps = self.program.steps
        return [steps[x.row].like for x in self.program.inputs] + [
            steps[row].like for row in self.program.captured
        ]

    def _leaf(self, i: int, value: Any) -> Region:
        place = new_place("d", shape_of(value))
        buffer = place.buffer
        buffer.home, buffer.number = ("leaf" if buffer.size >= LARGE else "arena"), i
        buffer.first, buffer.last = -1, FOREVER
        return place

    def _argument(self, a: Any) -> Value | None:
        """A value that native rows read; None for what they do not."""
        if isinstance(a, Ref):
            return self.values[a.row]
        whole = getattr(a, "dtype", TYPES["d"]).kind in "iu"
        kind = "d" if whole else kind_of(a)
        if kind is None:
            return None
        if shape_of(a) == ():
            return Value("d", (), number=float(a))
        array = np.ascontiguousarray(a, TYPES[kind])
        place = new_place(kind, array.shape)
        place.buffer.home, place.buffer.array = "constant", array
        return Value(kind, array.shape, place=place)

    def _row(self, row: int, step: Step) -> Value | None:
        if row in self.slices.placed:
            return None
        kind = kind_of(step.like)
        args = [self._argument(a) for a in self.slices.arguments(row, step)]
        found = None
        if kind is not None and all(a is not None for a in args):
            given = [a for a in args if a is not None]
            found = self.slices.made(row, step, given) or self._native(step, kind, given)
        return self._foreign(row, step, kind) if found is None else found

    def _native(self, step: Step, kind: str, args: list[Value]) -> Value | None:
        shape = step.shape
        name = step.op.name
        lowered = lowering(step.op, not shape)
        if lowered is not None:
            entry = EntryOperation(lowered, tuple(args), kind, shape)
            self.groups.put(entry)
            return Value(kind, shape, entry=entry)
        if step.op.custom:
            return None
        if step.op is loop:
            looped = turns.turns_of(step, args, self.groups, self._copied, Plan)
            self.foreign |= looped is None
            return looped
        if kind != "d" or any(a.kind != "d" for a in args):
            return self._moved(step, args)
        if step.op.entrywise and shape and isinstance(step.op.array, np.ufunc):
            ufunc = step.op.array
            return self._called(args, shape, lambda given: loops.entrywise(ufunc, given))
        if name == "matmul":
            found = paired(self.groups, args, shape) if self._loose else None
            if found is not None:
                return found
            return self._called(args, shape, lambda given: product(*given) or loops.product(*given))
        if name in ("inv", "solve"):
            return self._called(args, shape, solution)
        if isinstance(step.op.structure, Reduction):
            return self._reduced(step, args[0], shape)
        if name in JOINS:
            return self._joined(step, args)
        if step.op.structure is SCAN:
            return self._scanned(step, *args)
        return self._moved(step, args)

    def _moved(self, step: Step, args: list[Value]) -> Value | None:
        if len(args) != 1:
            return None
        (x,) = args
        if step.op.name == "broadcast_to" and x.is_number:
            return self._copied(x, new_place("d", step.shape))
        if x.is_number:
            return None
        place = self.groups.stored(x)
        found = view_of(place, step) or self.positions.moved(place, step)
        return None if found is None else Value(found.kind, found.shape, place=found)

    def _copied(self, x: Value, dest: Region) -> Value:
        """x stored at dest, by the entry that makes it where it can be."""
        if x.entry is not None and x.shape == dest.shape and x.kind == dest.kind:
            self.groups.into(x.entry, dest)
        else:
            entry = EntryOperation(ENTRIES["copy"], (x,), dest.kind, dest.shape, dests=[dest])
            self.groups.put(entry)
        return Value(dest.kind, dest.shape, place=dest)

    def _joined(self, step: Step, args: list[Value]) -> Value:
        """stack and concatenate: every part is stored in its place of the whole."""
        whole = new_place("d", step.shape)
        rank, axis = len(whole.shape), (step.params or {}).get("axis", 0)
        axis %= rank
        at = 0
        for a in args:
            n = a.shape[axis] if step.op.name == "concatenate" else 1
            shape = tuple(n if k == axis else m for k, m in enumerate(whole.shape))
            strides = whole.strides
            if step.op.name == "stack":
                shape = shape[:axis] + shape[axis + 1 :]
                strides = strides[:axis] + strides[axis + 1 :]
            offset = at * whole.strides[axis]
            self._copied(a, Region(whole.buffer, "d", shape, offset, strides))
            at += n
        return Value("d", whole.shape, place=whole)

    def _called(self, args: list[Value], shape: tuple[int, ...], make: Any) -> Value | None:
        out = new_place("d", shape)
        if any(a.is_number and a.shape == () for a in args):
            args = [self._copied(a, new_place("d", ())) if a.is_number else a for a in args]
        call = make([*map(self.groups.stored, args), out])
        if call is None:
            whole = [self._whole(a) for a in args]
            call = make([*whole, out])
        return None if call is None else self._appended(call, out)

    def _whole(self, x: Value) -> Region:
        """The place of x with its entries one after the other."""
        place = self.groups.stored(x)
        if place.is_whole:
            return place
        found = self._copied(x, new_place(x.kind, x.shape)).place
        assert found is not None
        return found

    def _appended(self, group: Group, out: Region) -> Value:
        at = self.groups.append(group)
        for place in places_of(group):
            place.buffer.read(at)
        out.buffer.written(at)
        return Value("d", out.shape, place=out)

    def _reduced(self, step: Step, x: Value, shape: tuple[int, ...]) -> Value | None:
        ufunc = step.op.structure.combine
        if ufunc not in STARTS or step.op.structure.averages or x.is_number:
            return None
        axes = step.op.structure.axes(x.shape, step.params)
        kept = tuple(n for k, n in enumerate(x.shape) if k not in axes)
        place = self.groups.stored(x)
        out = new_place("d", kept)
        call = loops.reduction(ufunc, place, out, axes)
        if call is None:
            place = self._whole(x)
            call = loops.reduction(ufunc, place, out, axes)
        if call is None:
            return None
        self._copied(Value("d", (), number=STARTS[ufunc]), out)
        made = self._appended(call, out)
        if kept == shape:
            return made
        whole = new_place("d", shape)
        return Value("d", shape, place=Region(out.buffer, "d", shape, 0, whole.strides))

    def _scanned(self, step: Step, x: Value) -> Value | None:
        if x.is_number or lowering_of(step) is None:
            return None
        out = new_place("d", step.shape)
        group = scan(step, self.groups.stored(x), out) or scan(step, self._whole(x), out)
        return None if group is None else self._appended(group, out)

    def _foreign(self, row: int, step: Step, kind: str | None) -> Value | None:
        out = None if kind is None else new_place(kind, step.shape)
        work = scattered(step, *self.program.likes(step)[:1])
        group = Foreign(step, row, self._read(step.args), out, work)
        at = self.groups.append(group)
        self._reads(group.args, at)
        if out is None:
            return None
        out.buffer.written(at)
        return Value(out.kind, out.shape, place=out)

    def _read(self, args: tuple) -> tuple:
        """Arguments of Python: values at a place, Refs to objects, constants."""
        return tuple(self._at_place(a) if isinstance(a, Ref) else a for a in args)

    def _at_place(self, a: Ref) -> Any:
        value = self.values[a.row]
        if value is None:
            return a
        place = self.groups.stored(value)
        return (
            value
            if place.positions is None
            else Value(value.kind, value.shape, place=self._whole(value))
        )

    def _reads(self, args: tuple, at: int) -> None:
        for a in args:
            if isinstance(a, Value):
                self.groups.read(a, at)

    def _guard(self, row: int) -> None:
        for guard in self._due.get(row, ()):
            found = self.values[guard.args[0].row] if _is_branch(guard) else None
            if found is not None and found.shape == ():
                entry = found.entry
                if entry is None or found.kind != "b" or entry.group < self._decided:
                    nothing = Value("d", (), number=0.0)
                    entry = EntryOperation(ENTRIES["not_equal"], (found, nothing), "b", ())
                    self.groups.put(entry)
                entry.expected, entry.number = guard.expected, guard.number
                self._decided = entry.group
                continue
            check = Check(guard, self._read(guard.args))
            self._reads(check.args, self.groups.append(check))
            # Guards are decided in their order: those that follow join no group from before.
            self.groups.cut()

    def _output(self, i: int, y: Any) -> Any:
        """Where the driver finds an output: a Value at a place, a Ref to an object, a constant."""
        if not isinstance(y, Ref):
            return y
        value = self.values[y.row]
        if value is None:
            return y
        if math.prod(value.shape) * 8 >= LARGE and value.kind == "d":
            return self._fresh(i, value)
        if value.shape == ():
            found = self._copied(value, new_place("d", ()))
            found.kind = value.kind
        else:
            found = self._at_place(y)
        assert found.place is not None
        found.place.buffer.last = FOREVER
        return found

    def _put(self, y: Any, dest: Region) -> None:
        """Store an output of a turn."""
        value = self._argument(y)
        if value is None:
            self.foreign = True
        else:
            turns.put_at(value, dest, self._copied)

    def _fresh(self, i: int, value: Value) -> Value:
        """A large output, which the groups write where the caller will have it."""
        place = self.groups.stored(value)
        own = place.buffer.home == "arena" and place.buffer.size == math.prod(place.shape) * 8
        if not own or not place.is_whole:
            place = new_place("d", value.shape)
            value = self._copied(value, place)
        place.buffer.home, place.buffer.number = "fresh", i
        return value


STARTS: dict[np.ufunc, float] = {
    np.add: float(np.add.reduce(np.array([-0.0]))),
    np.maximum: -math.inf,
    np.minimum: math.inf,
}
"""What a reduction by a ufunc starts with."""

JOINS = ("stack", "concatenate")


def kind_of(x: Any) -> str | None:
    """The kind of a row's value; None for what only Python rows hold."""
    if x.__class__ is float:
        return "d"
    dtype = getattr(x, "dtype", None) or (np.dtype(bool) if x.__class__ is bool else None)
    if x.__class__ is int:
        return "d"
    if dtype is None:
        return None
    return next((kind for kind in "db" if TYPES[kind] == dtype), None)


def _is_branch(guard: Guard) -> bool:
    return guard.decide is bool and isinstance(guard.args[0], Ref)
