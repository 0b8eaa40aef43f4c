"""The last step before native code runs: gives every buffer of a plan its place in the arena,
compiles every group, and writes the words of the segments that driver.py executes."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from admodes.compilation.llvm.driver import (
    HEADER,
    OPERANDS,
    TURN_CELLS,
    call_cells,
    driver,
    turn_cells,
)
from admodes.compilation.llvm.emission import Cell, Emitted, emit, is_empty
from admodes.compilation.llvm.groups import (
    Check,
    Foreign,
    Fused,
    Group,
    Pair,
    Product,
    Scan,
    Solution,
    Turns,
    Value,
    used_buffers,
)
from admodes.compilation.llvm.jit import MachineCode, compiled
from admodes.compilation.llvm.loops import LoopCall
from admodes.compilation.llvm.pairs import emit_pair
from admodes.compilation.llvm.places import FOREVER, Buffer, Positions
from admodes.compilation.llvm.planning import Plan
from admodes.compilation.llvm.products import emit_product
from admodes.compilation.llvm.scans import emit_scan
from admodes.compilation.llvm.solving import emit_solution
from admodes.compilation.llvm.turn_emission import emit_turns

UNDECIDED = -1
"""In the place of the number of a guard: the run is left to the exact program."""

LINE = 64
"""Bytes of a cache line, to which arrays are aligned."""


@dataclass
class Segment:
    """Functions that run one after the other without Python, as a list of words (64-bit numbers)
    that the driver reads: addresses of functions and their cells. outside: operands that lie
    outside of the arena, as (index of the word, buffer, offset), filled in when the arena is known.
    guards: by the word at which a record begins, the numbers of its guards, or UNDECIDED.

    Of a turn of a loop, moves are words that change from turn to turn: by how many bytes, and
    whether back and forth. turns: the words where the records of loops have their cells, and the
    segments of their turns."""

    words: list[int] = field(default_factory=lambda: [0] * HEADER)
    outside: list[tuple[int, Buffer, int]] = field(default_factory=list)
    guards: dict[int, list[int | None]] = field(default_factory=dict)
    moves: list[tuple[int, int, bool]] = field(default_factory=list)
    turns: list[tuple[int, Segment]] = field(default_factory=list)


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
        for group in plan.groups.all:
            if isinstance(group, Turns):
                # What a turn uses is free again only after the loop.
                self._free.clear()
                self._plan(used_buffers(group.plan.groups))
        self._free.clear()

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
        self.parts: list[Segment | Foreign | Check] = []
        every = flattened(plan)
        made = {id(g.group): e for g, (e, _) in zip(every, emitted(every), strict=True)}
        self.lines = compiled_all({g: e for g, e in made.items() if e is not None}, every)
        self.made = made
        self.codes = [*dict.fromkeys(self.lines.values())]
        for group in plan.groups.all:
            if isinstance(group, (Foreign, Check)):
                self.parts.append(group)
            elif not is_nothing(group):
                self._native(self._segment(), group)

    def _native(self, segment: Segment, group: Group) -> None:
        if isinstance(group, LoopCall):
            self._call(segment, group)
            return
        made = self.made.get(id(group))
        if made is not None:
            guards = _numbers_of(group)
            self._record(segment, self.lines[id(group)].address, made.cells, guards)
        elif isinstance(group, Turns):
            self._turns(segment, group)

    def _turns(self, segment: Segment, loop: Turns) -> None:
        inner = Segment()
        for group in loop.groups:
            if not is_nothing(group):
                self._native(inner, group)
        solves = any(isinstance(group, Solution) for group in loop.groups)
        segment.guards[len(segment.words)] = [UNDECIDED if solves else None]
        segment.words += (driver().turns, TURN_CELLS)
        segment.turns.append((len(segment.words), inner))
        segment.words += turn_cells(loop.n, len(inner.words), len(inner.moves))

    def _segment(self) -> Segment:
        if not self.parts or not isinstance(self.parts[-1], Segment):
            self.parts.append(Segment())
        found = self.parts[-1]
        assert isinstance(found, Segment)
        return found

    def _record(
        self, segment: Segment, address: int, cells: list[Cell], guards: list[int | None]
    ) -> None:
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
        elif cell.buffer.moving is not None:
            moving = cell.buffer.moving
            offset = moving.offset + cell.offset
            self._distance(segment, at, Cell(moving.buffer, offset))
            if moving.other is not None:
                segment.moves.append((at, moving.other.offset - moving.buffer.offset, True))
            elif moving.step:
                segment.moves.append((at, moving.step, False))
        elif cell.buffer.home == "arena":
            segment.words[at] = cell.buffer.offset + cell.offset
        else:
            segment.outside.append((at, cell.buffer, cell.offset))

    def _call(self, segment: Segment, call: LoopCall) -> None:
        cells = call_cells(call)
        segment.words += (driver().call, len(cells))
        start = len(segment.words)
        segment.words += cells
        for k, place in enumerate(call.operands):
            self._distance(segment, start + OPERANDS + k, Cell(place.buffer, place.offset))


def _numbers_of(group: Group) -> list[int | None]:
    """The numbers of the guards of a group; a guard of a turn has no number of its own."""
    if isinstance(group, Fused):
        return [e.number for e in group.guards]
    return [UNDECIDED if isinstance(group, Solution) else None]


class Planned(NamedTuple):
    """A group with the positions of its plan; whether it is of a turn, whose distances change."""

    group: Any
    positions: Positions
    moves: bool


def flattened(plan: Plan) -> list[Planned]:
    """The groups of a plan, and those of the turns of its loops."""
    found = []
    for group in plan.groups.all:
        if isinstance(group, Turns) and group.entries is None:
            found += [Planned(g, group.plan.positions, True) for g in group.groups]
        else:
            found.append(Planned(group, plan.positions, False))
    return [g for g in found if not is_nothing(g.group)]


def is_nothing(group: Any) -> bool:
    """Whether a group has no entries to make."""
    return isinstance(group, Fused) and is_empty(group)


def emitted(groups: list[Planned]) -> list[tuple[Emitted | None, bool]]:
    """The functions of the groups, and whether each is a loop. Straight lines that occur once have
    their distances in the text."""
    found = [_emitted(g) for g in groups]
    often = Counter(e.text for e in found if e is not None)
    made: list[tuple[Emitted | None, bool]] = []
    for (group, positions, moves), e in zip(groups, found, strict=True):
        loop = _is_loop(group)
        if e is not None and not loop and not moves and often[e.text] == 1:
            e = emit(group, positions, fixed=True)
        made.append((e, loop))
    return made


def _emitted(planned: Planned) -> Emitted | None:
    group = planned.group
    if isinstance(group, Fused):
        return emit(group, planned.positions)
    emitter = EMITTERS.get(group.__class__)
    return None if emitter is None else emitter(group)


def _is_loop(group: Any) -> bool:
    """Whether the function of a group is a loop, which passes of LLVM make better."""
    return group.__class__ in EMITTERS or (isinstance(group, Fused) and bool(group.shape))


EMITTERS: dict[type, Callable[[Any], Emitted]] = {
    Turns: emit_turns,
    Scan: emit_scan,
    Pair: emit_pair,
    Product: emit_product,
    Solution: emit_solution,
}
"""What writes the function of a group that is a loop, by its class."""


def compiled_all(made: dict[int, Emitted], groups: list[Planned]) -> dict[int, MachineCode]:
    """The code of each group by its id, loops and straight lines by themselves."""
    found: dict[int, MachineCode] = {}
    shaped = {id(g.group): _is_loop(g.group) for g in groups}
    for loops in (False, True):
        rows = [k for k in made if shaped[k] == loops]
        texts = list(dict.fromkeys(made[k].text for k in rows))
        codes = dict(zip(texts, compiled(texts, loops), strict=True)) if texts else {}
        found |= {k: codes[made[k].text] for k in rows}
    return found
