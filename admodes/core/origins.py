"""Where in the user's code the rows of a recording were computed: in which calls of functions, and
in which rounds of loops, found by walking up Python's stack at each row. The frame in which a row
is computed goes in; the tree of calls, loops and rounds, with the place of each row in it, comes
out. It is done only where a recording is asked for it, as it takes as long as the row itself.

No frame is kept, as that would keep what its variables refer to, and x += v changes an array in
place only where nothing else refers to it. A frame is the one of the row before where it runs the
same code, was called from the same place, and did not go back. A loop is where the code jumps back;
a round begins where its variables have changed, or where the code went back.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from types import CodeType, FrameType
from typing import Any, NamedTuple

from admodes.core.places import INSIDE

IN_EXPRESSIONS = ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>")
"""Loops that have a frame of their own in some versions of Python."""


ROUND = "round"
"""The kind of parts that are rounds of loops, which have no other name."""


Line = tuple[str, int]
"""A file and a line in it."""


class Part(NamedTuple):
    """A call, a loop, or a round of one. within: the part that it is in, by its position among all
    parts, -1 where it is in none; kind: "call", "loop" or "round"; number: of the call among those
    with this name, or of the round, from 1."""

    within: int
    kind: str
    name: str
    number: int


@dataclass
class Origins:
    """parts: what the rows of a list are in, each after what it is within itself; rows: the
    innermost part of each row, -1 where it is in none; lines: the file and the line in which each
    row was computed, None where no code of the user's did; taken: the rows of the recording of
    which ad.value gave the plain value, with the lines."""

    parts: list[Part] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[Line | None] = field(default_factory=list)
    taken: list[tuple[int, Line | None]] = field(default_factory=list)

    def of(self, rows: Sequence[int]) -> Origins:
        """Those of some of the rows."""
        lines = [self.lines[row] for row in rows]
        return Origins(self.parts, [self.rows[row] for row in rows], lines, self.taken)


@dataclass(frozen=True)
class _Loop:
    """A loop by the instructions from its first to its last. names: the variables that each round
    sets first, and nothing else in it does."""

    first: int
    last: int
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        names = [name for name in self.names if name.strip("_.")]
        return f"loop over {', '.join(names)}" if names else "loop"


@dataclass
class _Turn:
    """A loop that a frame is in. values: those of its variables in this round."""

    loop: _Loop
    part: int
    values: list[Any]
    number: int = 0
    round: int = -1


class Locator:
    """Notes the origins of rows. base: the frame above which nothing is the user's."""

    def __init__(self, base: FrameType) -> None:
        self.origins = Origins()
        self._base = base
        self._stack: list[_Activation] = []
        self._calls: Counter[str] = Counter()
        self._settled = 0

    def again(self, length: int) -> Locator:
        """A locator for a second run, which keeps the origins of the first rows."""
        made = Locator(self._base)
        made.origins.rows = self.origins.rows[:length]
        made.origins.lines = self.origins.lines[:length]
        return made

    def note(self, frame: FrameType | None) -> None:
        """Note the origin of the next row, which a frame enters."""
        frames = []
        while frame is not None and frame is not self._base:
            if not frame.f_code.co_filename.startswith(INSIDE):
                frames.append(frame)
            frame = frame.f_back
        place, at = -1, -1
        for depth, user in enumerate(reversed(frames)):
            site = (place, at)
            if depth == len(self._stack) or not self._stack[depth].is_of(user, site):
                self._stack[depth:] = [_Activation(user, site, self._entered(user, place))]
            place, at = self._stack[depth].advanced(user, self.origins.parts), user.f_lasti
        self.origins.rows.append(place)
        self.origins.lines.append(_line(frames[0]) if frames else None)

    def settle(self, origins: Origins, row: int) -> None:
        """What was noted since this was last called has the origin of a row of another list."""
        rows, lines = self.origins.rows, self.origins.lines
        count = len(rows) - self._settled
        rows[self._settled :] = [origins.rows[row]] * count
        lines[self._settled :] = [origins.lines[row]] * count
        self.origins.parts, self._settled = origins.parts, len(rows)

    def _entered(self, frame: FrameType, place: int) -> int:
        """The part of a call; a comprehension is none."""
        code = frame.f_code
        if code.co_name in IN_EXPRESSIONS:
            return place
        name = code.co_qualname.rpartition("<locals>.")[2].removesuffix(".__call__")
        if name == "<lambda>":
            name = f"lambda, line {code.co_firstlineno}"
        self._calls[name] += 1
        self.origins.parts.append(Part(place, "call", name, self._calls[name]))
        return len(self.origins.parts) - 1


def user_line(frame: FrameType | None) -> Line | None:
    """The file and the line of the user's code that called what runs in a frame."""
    while frame is not None and frame.f_code.co_filename.startswith(INSIDE):
        frame = frame.f_back
    return None if frame is None else _line(frame)


def _line(frame: FrameType) -> Line:
    return frame.f_code.co_filename, frame.f_lineno


class _Activation:
    """A frame of the user's. site: the place and the instruction from which it was called; part:
    that of its call."""

    def __init__(self, frame: FrameType, site: tuple[int, int], part: int) -> None:
        self.code, self.site, self.part = frame.f_code, site, part
        self.known = id(frame)
        self.loops, self.operators = _loops(frame.f_code)
        self.at = -1
        self.turns: list[_Turn] = []

    def is_of(self, frame: FrameType, site: tuple[int, int]) -> bool:
        """Whether a frame is this one, as far as can be told."""
        same = (self.code, self.site, self.known) == (frame.f_code, site, id(frame))
        at = frame.f_lasti
        return same and (
            at >= self.at or any(x.first <= at < self.at <= x.last for x in self.loops)
        )

    def advanced(self, frame: FrameType, parts: list[Part]) -> int:
        """The innermost part of a row that the frame computes now."""
        at = frame.f_lasti
        around = [loop for loop in self.loops if loop.first <= at <= loop.last]
        if not around:
            self.at, self.turns = at, []
            return self.part
        values = _values(frame, around)
        pairs = zip(self.turns, around, strict=False)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0].loop is pair[1], pairs))
        del self.turns[kept:]
        turned = self._turned(at, values)
        del self.turns[turned + 1 :]
        if turned < len(self.turns):
            self._next(turned, values, parts)
        for loop in around[len(self.turns) :]:
            outside = self.turns[-1].round if self.turns else self.part
            parts.append(Part(outside, "loop", loop.text, 1))
            self.turns.append(_Turn(loop, len(parts) - 1, []))
            self._next(len(self.turns) - 1, values, parts)
        self.at = at
        return self.turns[-1].round

    def _turned(self, at: int, values: list[list[Any]]) -> int:
        """The outermost loop that has gone on to another round; their number where none has."""
        for k, (turn, held) in enumerate(zip(self.turns, values, strict=False)):
            if any(a is not b for a, b in zip(turn.values, held, strict=True)):
                return k
        again = at < self.at or (at == self.at and at in self.operators)
        inner = len(self.turns) - 1
        # Of one instruction in a loop with variables, these alone tell whether it runs again.
        told = inner >= 0 and self.turns[inner].values and at == self.at
        return inner if again and inner >= 0 and not told else len(self.turns)

    def _next(self, k: int, values: list[list[Any]], parts: list[Part]) -> None:
        """Begin the next round of a loop."""
        turn = self.turns[k]
        turn.number += 1
        turn.values = values[k]
        parts.append(Part(turn.part, ROUND, ROUND, turn.number))
        turn.round = len(parts) - 1


def _values(frame: FrameType, loops: list[_Loop]) -> list[list[Any]]:
    """What the variables of some loops of a frame are now.

    Before Python 3.13 a frame keeps the copy of its variables that it is asked for. The copy is
    emptied, as it refers to what they are, unless the user's code has it too, from locals(), or the
    frame is traced, as by a debugger: Python sets the variables from the copy after each event.
    """
    copy = frame.f_locals
    values = [[copy.get(name) for name in loop.names] for loop in loops]
    is_copy = copy.__class__ is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if is_copy and frame.f_trace is None and sys.getrefcount(copy) <= _references():
        copy.clear()
    return values


@lru_cache(maxsize=1)
def _references() -> int:
    """The references to the copy of its variables that a frame keeps, where only the frame and a
    function that reads it have it."""
    copy = sys._getframe().f_locals
    return sys.getrefcount(copy)


@lru_cache(maxsize=1024)
def _loops(code: CodeType) -> tuple[list[_Loop], frozenset[int]]:
    """The loops of some code, each before those in it; and which instructions are operators, each
    of which computes one row."""
    instructions = list(dis.get_instructions(code))
    ends: dict[int, int] = {}
    for x in instructions:
        if "JUMP_BACKWARD" in x.opname and x.opname != "JUMP_BACKWARD_NO_INTERRUPT":
            ends[x.argval] = max(x.offset, ends.get(x.argval, 0))
    loops = []
    for first, last in sorted(ends.items(), key=lambda pair: (pair[0], -pair[1])):
        body = [x for x in instructions if first <= x.offset <= last]
        loops.append(_Loop(first, last, _variables(body)))
    operators = (x.offset for x in instructions if x.opname.startswith(("BINARY_OP", "UNARY")))
    return loops, frozenset(operators)


def _variables(body: list[dis.Instruction]) -> tuple[str, ...]:
    """The variables of a for loop that no other instruction of its body sets."""
    if not body or body[0].opname != "FOR_ITER":
        return ()
    sets = takewhile(lambda x: x.opname.startswith(("STORE_", "UNPACK_", "CACHE")), body[1:])
    names = [name for x in sets for name in _stored(x)]
    times = Counter(name for x in body for name in _stored(x))
    return tuple(name for name in dict.fromkeys(names) if times[name] == 1)


def _stored(x: dis.Instruction) -> list[str]:
    """The variables that an instruction sets."""
    if not x.opname.startswith(("STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL")):
        return []
    names = x.argval if isinstance(x.argval, tuple) else (x.argval,)
    return [*names[: 1 if "LOAD" in x.opname else None]]
