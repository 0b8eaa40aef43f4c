"""The LLVM IR of a group (rows of a program that run together, see groups.py): operations on
numbers as one straight line, operations on the entries of arrays as loops.

A function takes the address of the arena (the memory of all rows) and its cells: for each buffer
that it touches, the distance from that address, in bytes. Groups that do the same have the same
text, which is compiled once, and differ in their cells. What occurs once may have its distances in
the text (`fixed`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from admodes.compilation.llvm.groups import EntryOperation, Fused, Value
from admodes.compilation.llvm.loops import collapsed
from admodes.compilation.llvm.lowerings import literal
from admodes.compilation.llvm.places import ITEM, Buffer, Positions, Region

PLAIN = frozenset((0.0, 1.0, -1.0))
"""Numbers that are part of the text; others are in cells, so that steps of a loop are alike."""

MEMORY = {"d": "double", "b": "i8", "i": "i64"}
REGISTER = {"d": "double", "b": "i1", "i": "i64"}


class Cell(NamedTuple):
    """Where a function finds one of its operands: as a distance from the address of the arena, to a
    byte of a buffer (buffer, offset), or, where buffer is None, to a constant number."""

    buffer: Buffer | None
    offset: int = 0
    number: float = 0.0


class Slot(NamedTuple):
    """An operand in the text of a function: the name of its pointer, the kind of its entries, and
    by how many bytes the pointer moves along each axis of the loop."""

    name: str
    kind: str
    strides: tuple[int, ...]


class Emitted(NamedTuple):
    """A function as text of LLVM IR, in which NAME stands for its name, and its cells in order."""

    text: str
    cells: list[Cell]


def emitted_of(places: Sequence[Region], names: str, body: Iterable[str]) -> Emitted:
    """The function of lines that know each place by the letter of its pointer: those of an inner
    function, of which it is known that what it writes is not what it reads."""
    given = ", ".join(f"ptr noalias %{name}" for name in names)
    lines = [f"define internal i64 @NAME.inner({given}) {{", *body, "}"]
    lines.append("define i64 @NAME(ptr %base, ptr %cells) {")
    for k, name in enumerate(names):
        lines.append(f"%{name}c = getelementptr i64, ptr %cells, i64 {k}")
        lines.append(f"%{name}d = load i64, ptr %{name}c")
        lines.append(f"%{name} = getelementptr i8, ptr %base, i64 %{name}d")
    passed = ", ".join(f"ptr %{name}" for name in names)
    lines += [f"%failed = call i64 @NAME.inner({passed})", "ret i64 %failed\n}"]
    return Emitted("\n".join(lines), [Cell(p.buffer, p.offset) for p in places])


def emit(group: Fused, positions: Positions, fixed: bool = False) -> Emitted:
    """The function of a group. fixed: distances within the arena, and numbers, are part of it."""
    return Function(group, positions, fixed).made()


class Function:
    """The text of a group while it is written, line by line."""

    def __init__(self, group: Fused, positions: Positions, fixed: bool) -> None:
        self.group, self.positions, self.fixed = group, positions, fixed
        self.rank = len(group.shape)
        self.cells: list[Cell] = []
        self.head: list[str] = []
        self.slots: dict[object, Slot] = {}
        self.lines: list[str] = []
        self.loaded: dict[object, str] = {}
        self.names: dict[int, tuple[str, str]] = {}

    def made(self) -> Emitted:
        for entry in self.group.entries:
            self._entry(entry)
        if self.rank:
            return Emitted("\n".join(self._loops()), self.cells)
        verdict = self._verdict()
        head = "define i64 @NAME(ptr %base, ptr %cells) {"
        return Emitted("\n".join([head, *self.lines, f"ret i64 {verdict}", "}"]), self.cells)

    def _verdict(self) -> str:
        """The position, from 1, of the first guard that fails; 0 where all hold."""
        first = "0"
        guards = self.group.guards
        for k in range(len(guards), 0, -1):
            name, _ = self.names[id(guards[k - 1])]
            self.lines.append(f"%failed{k} = select i1 {name}f, i64 {k}, i64 {first}")
            first = f"%failed{k}"
        return first

    def _slot(self, key: object, cell: Cell, kind: str, strides: tuple[int, ...]) -> Slot:
        if key in self.slots:
            return self.slots[key]
        k = len(self.slots)
        slot = self.slots[key] = Slot(f"%p{k}", kind, strides)
        buffer = cell.buffer
        # Pointers of a straight line are made where they are first used.
        lines = self.head if self.rank else self.lines
        if self.fixed and buffer is not None and buffer.home == "arena":
            distance = str(buffer.offset + cell.offset)
        else:
            at = len(self.cells)
            self.cells.append(cell)
            lines.append(f"%a{k} = getelementptr i64, ptr %cells, i64 {at}")
            lines.append(f"%c{k} = load i64, ptr %a{k}")
            distance = f"%c{k}"
        lines.append(f"{slot.name} = getelementptr i8, ptr %base, i64 {distance}")
        return slot

    def _place(self, place: Region) -> Slot:
        strides = place.spread(self.rank)
        key = place.buffer, place.offset, strides, place.kind
        return self._slot(key, Cell(place.buffer, place.offset), place.kind, strides)

    def _gathered(self, place: Region) -> tuple[Slot, Slot, bool]:
        assert place.positions is not None
        held = self.positions.buffer(place.positions)
        index = Region(held, "i", place.shape, 0, place.positions.strides)
        source = self._slot((place.buffer, "all"), Cell(place.buffer), "-", (0,) * self.rank)
        return source, self._place(index), bool((place.positions < 0).any())

    def _operand(self, a: Value) -> tuple[str, str]:
        """The register that holds a value, and its kind."""
        if a.entry is not None and id(a.entry) in self.names:
            return self.names[id(a.entry)]
        if a.place is not None:
            return self._load(a.place), a.kind
        if a.number in PLAIN or self.fixed or a.number != a.number:
            return literal(a.number), "d"
        slot = self._slot(literal(a.number), Cell(None, 0, a.number), "d", (0,) * self.rank)
        return self._read(slot), "d"

    def _load(self, place: Region) -> str:
        if place.positions is None:
            slot = self._place(place)
            return self._read(slot)
        key = place.buffer, id(place.positions)
        if key not in self.loaded:
            source, index, fills = self._gathered(place)
            at, k = self._read(index), len(self.loaded)
            name = self.loaded[key] = f"%g{k}"
            if fills:
                self.lines.append(f"{name}n = icmp slt i64 {at}, 0")
                self.lines.append(f"{name}i = select i1 {name}n, i64 0, i64 {at}")
                at = f"{name}i"
            read = f"{name}v" if fills else name
            self.lines.append(f"{name}p = getelementptr i8, ptr {source.name}, i64 {at}")
            self._fetch(read, f"{name}p", place.kind)
            if fills:
                none = "false" if place.kind == "b" else literal(0.0)
                kind = REGISTER[place.kind]
                self.lines.append(f"{name} = select i1 {name}n, {kind} {none}, {kind} {read}")
        return self.loaded[key]

    def _read(self, slot: Slot) -> str:
        if slot.name not in self.loaded:
            name = self.loaded[slot.name] = f"%l{slot.name[2:]}"
            self._fetch(name, slot.name, slot.kind)
        return self.loaded[slot.name]

    def _fetch(self, name: str, address: str, kind: str) -> None:
        if kind == "b":
            self.lines.append(f"{name}m = load i8, ptr {address}")
            self.lines.append(f"{name} = icmp ne i8 {name}m, 0")
        else:
            self.lines.append(f"{name} = load {MEMORY[kind]}, ptr {address}, align 8")

    def _entry(self, entry: EntryOperation) -> None:
        y = f"v{len(self.names)}"
        takes, result = entry.lowering.takes, entry.kind
        args = []
        for k, a in enumerate(entry.args):
            name, kind = self._operand(a)
            wanted = takes[k] if k < len(takes) else result
            args.append(name if kind == wanted else self._converted(name, wanted))
        self.lines.append(entry.lowering.text.format(*args, y=y, t=REGISTER[result]))
        gives = entry.lowering.gives or result
        self.names[id(entry)] = f"%{y}", gives
        for place in entry.dests:
            self._store(f"%{y}", gives, place)
        if entry.expected is not None:
            self.lines.append(f"%{y}f = xor i1 %{y}, {'true' if entry.expected else 'false'}")

    def _converted(self, name: str, wanted: str) -> str:
        made = f"%k{len(self.lines)}"
        if wanted == "d":
            self.lines.append(f"{made} = uitofp i1 {name} to double")
        else:
            self.lines.append(f"{made} = fcmp une double {name}, {literal(0.0)}")
        return made

    def _store(self, name: str, kind: str, place: Region) -> None:
        if kind != place.kind:
            name = self._converted(name, place.kind)
        address = self._place(place).name
        if place.kind == "b":
            self.lines.append(f"%m{len(self.lines)} = zext i1 {name} to i8")
            self.lines.append(f"store i8 %m{len(self.lines) - 1}, ptr {address}")
        else:
            self.lines.append(f"store double {name}, ptr {address}, align 8")

    def _loops(self) -> list[str]:
        """The pointers are arguments of an inner function, of which it is known that what it
        writes is not what it reads."""
        slots = list(self.slots.values())
        dims, joined = collapsed(self.group.shape, [s.strides for s in slots])
        moves = {s.name: [step[k] for step in joined] for k, s in enumerate(slots)}
        given = ", ".join(f"ptr noalias {s.name}" for s in slots)
        passed = ", ".join(f"ptr {s.name}" for s in slots)
        nest = _nest(dims, moves, self.lines)
        return [
            f"define internal void @NAME.loop({given}) {{",
            *nest,
            "}",
            "define i64 @NAME(ptr %base, ptr %cells) {",
            *self.head,
            f"call void @NAME.loop({passed})",
            "ret i64 0",
            "}",
        ]


def _nest(dims: list[int], moves: dict[str, list[int]], body: list[str]) -> list[str]:
    """Loops over dims around the body, in which every pointer has moved to the entry."""
    if not dims:
        return [*body, "ret void"]
    lines: list[str] = []
    pointers = {name: name for name in moves}
    for level in range(len(dims)):
        before = f"h{level - 1}" if level else "start"
        lines += [f"br label %h{level}", f"h{level}:"]
        lines.append(f"%i{level} = phi i64 [ 0, %{before} ], [ %n{level}, %t{level} ]")
        for name, steps in moves.items():
            step = steps[level]
            if step:
                moved = f"{name}.{level}"
                at = f"%i{level}"
                if step != ITEM["d"]:
                    lines.append(f"{moved}o = mul nsw i64 {at}, {step}")
                    lines.append(f"{moved} = getelementptr i8, ptr {pointers[name]}, i64 {moved}o")
                else:
                    lines.append(f"{moved} = getelementptr double, ptr {pointers[name]}, i64 {at}")
                pointers[name] = moved
    lines += [_moved(line, pointers) for line in body]
    for level in reversed(range(len(dims))):
        lines += [f"br label %t{level}", f"t{level}:"]
        lines.append(f"%n{level} = add nuw nsw i64 %i{level}, 1")
        lines.append(f"%e{level} = icmp eq i64 %n{level}, {dims[level]}")
        after = f"t{level - 1}x" if level else "done"
        lines.append(f"br i1 %e{level}, label %{after}, label %h{level}")
        lines.append(f"{after}:")
    return ["start:", *lines, "ret void"]


def _moved(line: str, pointers: dict[str, str]) -> str:
    head, mark, rest = line.partition("ptr %p")
    if not mark:
        return line
    digits = len(rest) - len(rest.lstrip("0123456789"))
    name = f"%p{rest[:digits]}"
    return f"{head}ptr {pointers[name]}{rest[digits:]}"


def is_empty(group: Fused) -> bool:
    """Whether there are no entries to make."""
    return math.prod(group.shape) == 0
