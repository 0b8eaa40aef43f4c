"""The LLVM IR of a loop whose turns are operations on numbers alone: one function, in which the
state is in registers.
"""

from __future__ import annotations

from admodes.compilation.llvm.emission import Cell, Emitted, Function, Slot
from admodes.compilation.llvm.groups import Fused, Turns
from admodes.compilation.llvm.places import Buffer, Region


def emit_turns(loop: Turns) -> Emitted:
    """The function of a loop on numbers; its cells are places as the first turn sees them."""
    return _TurnsFunction(loop).made()


class _TurnsFunction(Function):
    """olds, nexts: for each leaf of the state its number, by the buffer that it is in before the
    first turn, and by the other one; news: the registers of the next leaves. top: the lines of a
    turn in which pointers move to its entries. same: what is not written in the loop, and is read
    before it."""

    def __init__(self, loop: Turns) -> None:
        super().__init__(Fused((), loop.entries or []), loop.plan.positions, True)
        self.loop = loop
        self.olds = {one.buffer: j for j, (one, _) in enumerate(loop.states)}
        self.nexts = {other.buffer: j for j, (_, other) in enumerate(loop.states)}
        self.news: dict[int, str] = {}
        self.top: list[str] = []
        self.same: set[str] = set()

    def made(self) -> Emitted:
        for j, pair in enumerate(self.loop.states):
            self._pointer(f"%si{j}p", f"s{j}", Cell(pair[0].buffer))
            self._pointer(f"%sf{j}p", f"f{j}", Cell(pair[self.loop.n % 2].buffer))
            self.head.append(f"%si{j} = load double, ptr %si{j}p, align 8")
        for entry in self.group.entries:
            self._entry(entry)
        verdict = self._verdict()
        states = range(len(self.loop.states))
        lines = [
            "define i64 @NAME(ptr %base, ptr %cells) {",
            "start:",
            *self.head,
            *("br label %turn", "turn:", "%i = phi i64 [ 0, %start ], [ %n, %next ]"),
            *(f"%s{j} = phi double [ %si{j}, %start ], [ {self.news[j]}, %next ]" for j in states),
            *self.top,
            *self.lines,
            f"%stop = icmp ne i64 {verdict}, 0",
            *("br i1 %stop, label %missed, label %next", "next:", "%n = add nuw nsw i64 %i, 1"),
            f"%over = icmp eq i64 %n, {self.loop.n}",
            *("br i1 %over, label %done, label %turn", "missed:", "ret i64 1", "done:"),
            *(f"store double {self.news[j]}, ptr %sf{j}p, align 8" for j in states),
            *("ret i64 0", "}"),
        ]
        return Emitted("\n".join(lines), self.cells)

    def _slot(self, key: object, cell: Cell, kind: str, strides: tuple[int, ...]) -> Slot:
        if key in self.slots:
            return self.slots[key]
        k = len(self.slots)
        slot = self.slots[key] = Slot(f"%p{k}", kind, strides)
        moving = cell.buffer.moving if cell.buffer is not None else None
        if moving is not None:
            cell = Cell(moving.buffer, moving.offset + cell.offset)
        if moving is not None and moving.step:
            self._pointer(f"%p{k}b", f"{k}", cell)
            self.top.append(f"%p{k}o = mul nsw i64 %i, {moving.step}")
            self.top.append(f"%p{k} = getelementptr i8, ptr %p{k}b, i64 %p{k}o")
        else:
            self._pointer(slot.name, f"{k}", cell)
            if moving is not None:
                self.same.add(slot.name)
        return slot

    def _pointer(self, name: str, tag: str, cell: Cell) -> None:
        """The lines before the first turn that find a place."""
        self.head.append(f"%a{tag} = getelementptr i64, ptr %cells, i64 {len(self.cells)}")
        self.head.append(f"%c{tag} = load i64, ptr %a{tag}")
        self.head.append(f"{name} = getelementptr i8, ptr %base, i64 %c{tag}")
        self.cells.append(cell)

    def _leaf(self, buffer: Buffer, among: dict[Buffer, int]) -> int | None:
        """Which leaf of the state a turn sees in a buffer."""
        moving = buffer.moving
        return among.get(moving.buffer) if moving is not None and moving.other else None

    def _load(self, place: Region) -> str:
        leaf = self._leaf(place.buffer, self.olds)
        return super()._load(place) if leaf is None else f"%s{leaf}"

    def _read(self, slot: Slot) -> str:
        if slot.name in self.loaded or slot.name not in self.same:
            return super()._read(slot)
        lines, self.lines = self.lines, self.head
        name = super()._read(slot)
        self.lines = lines
        return name

    def _store(self, name: str, kind: str, place: Region) -> None:
        leaf = self._leaf(place.buffer, self.nexts)
        if leaf is None:
            super()._store(name, kind, place)
        else:
            self.news[leaf] = name if kind == "d" else self._converted(name, "d")
