"""The last step before native code runs: gives every buffer of a plan its place in the arena,
compiles every group, and writes the words of the segments that driver.py executes."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from admodes.compilation.llvm.driver import HEADER, OPERANDS, call_cells, driver
from admodes.compilation.llvm.emission import Cell, Emitted, emit, is_empty
from admodes.compilation.llvm.groups import Check, Foreign, Fused, Value, used_buffers
from admodes.compilation.llvm.jit import MachineCode, compiled
from admodes.compilation.llvm.loops import LoopCall
from admodes.compilation.llvm.places import FOREVER, Buffer
from admodes.compilation.llvm.planning import Plan

LINE = 64
"""Bytes of a cache line, to which arrays are aligned."""


@dataclass
class Segment:
    """Functions that run one after the other without Python, as a list of words (64-bit numbers)
    that the driver reads: addresses of functions and their cells. outside: operands that lie
    outside of the arena, as (index of the word, buffer, offset), filled in when the arena is known.
    guards: by the word at which a record begins, the numbers of its guards."""

    words: list[int] = field(default_factory=lambda: [0] * HEADER)
    outside: list[tuple[int, Buffer, int]] = field(default_factory=list)
    guards: dict[int, list[int | None]] = field(default_factory=dict)


class ArenaLayout:
    """Where things lie in the arena: the offsets of the buffers, in which those that are not used
    at the same time share memory, and numbers, the offset of each constant. size: in bytes."""

    def __init__(self, plan: Plan) -> None:
        self.size = 0
        self.numbers: dict[float, int] = {}
        self._free: dict[int, list[int]] = defaultdict(list)
        outputs = [y.place for y in plan.outputs if isinstance(y, Value) and y.place]
        ends = [*plan.leaves, *outputs]
        # Numbers first, so that one call takes them in and one gives them out.
        for place in sorted(ends, key=lambda p: p.shape != ()):
            buffer = place.buffer
            if buffer.home == "arena" and buffer.offset < 0 and buffer.last == FOREVER:
                buffer.offset = self._more(buffer.size)
        self._plan(used_buffers(plan.groups))

    def number(self, x: float) -> int:
        """The offset of a number in the pool."""
        if x not in self.numbers:
            self.numbers[x] = self._more(8)
        return self.numbers[x]

    def _plan(self, buffers: list[Buffer]) -> None:
        """Memory is used again by buffers of the same size, from the group after the last that
        uses it: what a group writes is never what it reads."""
        ending: list[tuple[int, int, int]] = []
        waiting = (b for b in buffers if b.home == "arena" and b.offset < 0)
        for buffer in sorted(waiting, key=lambda b: b.first):
            while ending and ending[0][0] < buffer.first:
                _, size, offset = heapq.heappop(ending)
                self._free[size].append(offset)
            size = _rounded(buffer.size)
            buffer.offset = self._free[size].pop() if self._free[size] else self._more(size)
            heapq.heappush(ending, (buffer.last, size, buffer.offset))

    def _more(self, size: int) -> int:
        step = 8 if size <= 8 else LINE
        at = -(-self.size // step) * step
        self.size = at + size
        return at


def _rounded(size: int) -> int:
    return 8 if size <= 8 else -(-size // LINE) * LINE


class Built:
    """A plan that is ready to run. parts: segments of native code, and between them what Python
    runs, Foreign rows and Checks; layout: where things lie; codes: the compiled functions, which
    are kept alive."""

    def __init__(self, plan: Plan) -> None:
        self.layout = ArenaLayout(plan)
        self.codes: list[MachineCode] = []
        self.parts: list[Segment | Foreign | Check] = []
        groups = [g for g in plan.groups.all if not (isinstance(g, Fused) and is_empty(g))]
        made = {k: e for k, (e, _) in enumerate(emitted(plan, groups)) if e is not None}
        lines = compiled_all(made, groups)
        self.codes = [*dict.fromkeys(lines.values())]
        for k, group in enumerate(groups):
            if isinstance(group, Fused):
                self._record(lines[k].address, made[k].cells, [e.number for e in group.guards])
            elif isinstance(group, LoopCall):
                self._call(group)
            else:
                self.parts.append(group)

    def _segment(self) -> Segment:
        if not self.parts or not isinstance(self.parts[-1], Segment):
            self.parts.append(Segment())
        found = self.parts[-1]
        assert isinstance(found, Segment)
        return found

    def _record(self, address: int, cells: list[Cell], guards: list[int | None]) -> None:
        segment = self._segment()
        if guards:
            segment.guards[len(segment.words)] = guards
        segment.words += (address, len(cells))
        for cell in cells:
            self._distance(segment, len(segment.words), cell)

    def _distance(self, segment: Segment, at: int, cell: Cell) -> None:
        """Put a distance at a word, which may be one behind the last."""
        segment.words[at : at + 1] = [0]
        if cell.buffer is None:
            segment.words[at] = self.layout.number(cell.number)
        elif cell.buffer.home == "arena":
            segment.words[at] = cell.buffer.offset + cell.offset
        else:
            segment.outside.append((at, cell.buffer, cell.offset))

    def _call(self, call: LoopCall) -> None:
        segment = self._segment()
        cells = call_cells(call)
        segment.words += (driver().call, len(cells))
        start = len(segment.words)
        segment.words += cells
        for k, place in enumerate(call.operands):
            self._distance(segment, start + OPERANDS + k, Cell(place.buffer, place.offset))


def emitted(plan: Plan, groups: list[Any]) -> list[tuple[Emitted | None, bool]]:
    """The functions of the groups, and whether each is a loop. Straight lines that occur once have
    their distances in the text."""
    found: list[Emitted | None] = [
        emit(g, plan.positions) if isinstance(g, Fused) else None for g in groups
    ]
    often = Counter(e.text for e in found if e is not None)
    made: list[tuple[Emitted | None, bool]] = []
    for group, e in zip(groups, found, strict=True):
        loop = isinstance(group, Fused) and bool(group.shape)
        if e is not None and not loop and often[e.text] == 1:
            e = emit(group, plan.positions, fixed=True)
        made.append((e, loop))
    return made


def compiled_all(made: dict[int, Emitted], groups: list[Any]) -> dict[int, MachineCode]:
    """The code of each group, loops and straight lines by themselves."""
    found: dict[int, MachineCode] = {}
    for loops in (False, True):
        rows = [k for k in made if bool(groups[k].shape) == loops]
        texts = list(dict.fromkeys(made[k].text for k in rows))
        codes = dict(zip(texts, compiled(texts, loops), strict=True)) if texts else {}
        found |= {k: codes[made[k].text] for k in rows}
    return found
