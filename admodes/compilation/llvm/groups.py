"""Rows of a program gathered into groups that run one after the other: entries of arrays of one
shape in one loop, calls of NumPy's own loops, and rows that only Python can run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from admodes.compilation.llvm.loops import LoopCall
from admodes.compilation.llvm.lowerings import Lowering
from admodes.compilation.llvm.places import Buffer, Region, new_place
from admodes.core.record import Guard, Step

LONGEST = 400
"""Rows of numbers in a group."""

WIDEST = 40
"""Rows of entries in a group: more of them do not fit into the registers."""


@dataclass(eq=False)
class Value:
    """What has been planned for a row. Its entries are made in a loop (entry) or lie in memory
    (place); a constant is a number; none of these is an object that only rows run by Python read.
    kind: "d" for floats, "b" for truth values, "i" for positions."""

    kind: str
    shape: tuple[int, ...]
    entry: EntryOperation | None = None
    place: Region | None = None
    number: float = 0.0

    @property
    def is_number(self) -> bool:
        return self.entry is None and self.place is None


@dataclass(eq=False)
class EntryOperation:
    """One operation in a loop over entries: its instructions (lowering), its arguments, which have
    this shape or are broadcast to it, the number of the group that runs it, and the places, dests,
    into which the result is stored. expected: for a guard the truth value that it has to give, and
    its number."""

    lowering: Lowering
    args: tuple[Value, ...]
    kind: str
    shape: tuple[int, ...]
    group: int = -1
    dests: list[Region] = field(default_factory=list)
    expected: bool | None = None
    number: int | None = None


@dataclass(eq=False)
class Fused:
    """A group: operations on arrays of one shape, all in one loop over the entries."""

    shape: tuple[int, ...]
    entries: list[EntryOperation] = field(default_factory=list)

    @property
    def guards(self) -> list[EntryOperation]:
        """The entries that are guards, in the order in which the function decided."""
        found = [e for e in self.entries if e.expected is not None]
        return sorted(found, key=lambda e: -1 if e.number is None else e.number)


@dataclass(eq=False)
class Scan:
    """A group that accumulates along an axis. places: what it reads, and what it writes; length:
    entries in a line along the axis; lines: how many there are; along, moves: the distances of both
    places from entry to entry of a line, and from line to line, in bytes."""

    lowering: Lowering
    places: tuple[Region, Region]
    length: int
    lines: int
    along: tuple[int, ...]
    moves: tuple[int, ...]


class Sides(NamedTuple):
    """Strides in bytes of a place with matrices: from matrix to matrix of a stack, along the
    first axis of a matrix and along the second."""

    stack: int
    first: int
    second: int

    @property
    def turned(self) -> Sides:
        """Those of the transposed matrices."""
        return Sides(self.stack, self.second, self.first)


@dataclass(eq=False)
class Product:
    """A group that multiplies small matrices. places: both factors and the result; lengths: how
    many products there are, rows of the first factor, terms of an entry, columns of the second;
    sides: the strides of the places."""

    places: tuple[Region, Region, Region]
    lengths: tuple[int, int, int, int]
    sides: tuple[Sides, Sides, Sides]


@dataclass(eq=False)
class Solution:
    """A group that inverts small matrices, or solves systems with them. places: the matrices, right
    sides where they are given, results; lengths: how many systems there are, rows, columns of the
    result; sides: the strides of the places."""

    places: tuple[Region, ...]
    lengths: tuple[int, int, int]
    sides: tuple[Sides, ...]


@dataclass(eq=False)
class Pair:
    """A group that makes A x and Aᵀ w. shape: of A; row: bytes from one row of A to the next;
    places: of A, x, w, A x and Aᵀ w."""

    shape: tuple[int, int]
    row: int
    places: tuple[Region, ...]


@dataclass(eq=False)
class Foreign:
    """A group of one row that Python runs, by its operation's own kernel on arrays, or by another
    function of the arguments; out is where the result is copied for native code to read, None where
    only Python reads it."""

    step: Step
    row: int
    args: tuple[Any, ...]
    out: Region | None
    work: Callable[..., Any] | None = None


@dataclass(eq=False)
class Check:
    """A group that is one guard, decided in Python; args are the values that it asks about."""

    guard: Guard
    args: tuple[Any, ...]


@dataclass(eq=False)
class Turns:
    """A group that is a loop. plan: that of a turn; n: how many there are; places: what it reads
    and writes outside; states: for each leaf of the state the two places that it alternates
    between, of which the first has it before the first turn."""

    plan: Any
    n: int
    places: list[Region]
    states: list[tuple[Region, Region]]

    @property
    def groups(self) -> list[Any]:
        """The groups of a turn."""
        return list(self.plan.groups.all)

    @property
    def entries(self) -> list[EntryOperation] | None:
        """The operations of a turn, where all are on numbers, as is the state; None where not."""
        if any(not isinstance(g, Fused) or g.shape for g in self.groups):
            return None
        if any(one.shape for one, _ in self.states):
            return None
        return [entry for group in self.groups for entry in group.entries]


Group = Fused | Scan | Product | Solution | Pair | LoopCall | Turns | Foreign | Check

STRAIGHT = (Fused, Scan, Product, Solution, Pair, LoopCall)
"""Groups that native code runs, loops apart."""


class Groups:
    """The groups in their order. A row joins the last group of its shape unless it has to wait for
    a later one."""

    def __init__(self) -> None:
        self.all: list[Group] = []
        self.latest: dict[tuple[int, ...], int] = {}
        self.floor = 0

    def cut(self) -> None:
        """Rows from here on join no group from before."""
        self.floor = len(self.all)

    def append(self, group: Group) -> int:
        self.all.append(group)
        return len(self.all) - 1

    def put(self, entry: EntryOperation) -> None:
        """Give an entry its group."""
        shape = entry.shape
        due = self.floor
        for a in entry.args:
            if a.entry is not None:
                due = max(due, a.entry.group + (a.shape != shape))
            elif a.place is not None:
                due = max(due, a.place.buffer.writer + 1)
        for place in entry.dests:
            due = max(due, place.buffer.writer + 1)
        at = self.latest.get(shape, -1)
        if at < due or len(self._fused(at).entries) >= (WIDEST if shape else LONGEST):
            at = self.latest[shape] = self.append(Fused(shape))
        self._fused(at).entries.append(entry)
        entry.group = at
        for a in entry.args:
            self.read(a, at)
        for place in entry.dests:
            place.buffer.written(at)

    def read(self, a: Value, group: int) -> None:
        """Note that a group reads a value, which is stored where another one makes it."""
        if a.entry is not None and a.entry.group != group:
            self.stored(a)
        if a.place is not None:
            a.place.buffer.read(group)

    def stored(self, a: Value) -> Region:
        """The place of a value that an entry makes or that is somewhere."""
        if a.place is None:
            assert a.entry is not None
            a.place = new_place(a.kind, a.shape)
            self.into(a.entry, a.place)
        return a.place

    def into(self, entry: EntryOperation, place: Region) -> None:
        """Store the result of an entry at one more place, which no group before it writes."""
        entry.dests.append(place)
        place.buffer.written(entry.group)

    def _fused(self, at: int) -> Fused:
        found = self.all[at]
        assert isinstance(found, Fused)
        return found


def used_buffers(groups: Groups) -> list[Buffer]:
    """Every buffer that is written or read."""
    found: dict[Buffer, None] = {}
    for group in groups.all:
        for place in places_of(group):
            found[place.buffer] = None
    return list(found)


def places_of(group: Any) -> list[Region]:
    if isinstance(group, (Turns, Scan, Product, Solution, Pair)):
        return [*group.places]
    if isinstance(group, LoopCall):
        return list(group.operands)
    if isinstance(group, Fused):
        read = (a.place for e in group.entries for a in e.args if a.place is not None)
        return [*read, *(place for e in group.entries for place in e.dests)]
    places = [a.place for a in group.args if isinstance(a, Value) and a.place is not None]
    return [*places, *([group.out] if isinstance(group, Foreign) and group.out else [])]
