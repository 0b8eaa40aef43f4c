"""What every argument of a repeated stretch is in its turns: what the turn itself or one before it
computes, the same row in all turns, rows or constants of which each turn has its own, or a place in
an array that goes on from turn to turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from admodes.core.program import Step
from admodes.core.values import FLOAT as FLOAT64
from admodes.loops.stacks import selection
from admodes.loops.table import INDEX, ROW, Table
from admodes.programs.keys import constant_key

FEWEST_TURNS = 4
"""Turns below which a stretch is left alone."""

BACK = 4
"""Values are carried over so many turns at most."""


class Stretch(NamedTuple):
    """turns turns of `period` entries each, from the entry start on. early: the first turn reads
    something else where later ones read what the turn before computed."""

    start: int
    period: int
    turns: int
    early: bool = False

    @property
    def stop(self) -> int:
        return self.start + self.period * self.turns

    @property
    def saved(self) -> int:
        return self.period * (self.turns - 1)

    def later(self) -> Stretch:
        """The stretch without its first turn."""
        return Stretch(self.start + self.period, self.period, self.turns - 1)


@dataclass(frozen=True)
class Inside:
    """What the turn itself computes, in the entry of this number."""

    offset: int


@dataclass(frozen=True)
class Carried:
    """What the entry of this number computes, so many turns before."""

    offset: int
    back: int


@dataclass(frozen=True)
class Same:
    """An entry before the loop."""

    entry: int


@dataclass(frozen=True)
class Rows:
    """An entry before the loop that moves by so many from turn to turn."""

    entry: int
    step: int


@dataclass(frozen=True)
class Picked:
    """The entry of this number picks from an array that all turns read, in another place each: the
    numbers in its index go on by these steps."""

    offset: int
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Constants:
    """A constant for each turn: the argument of this number of that entry."""

    offset: int
    number: int


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant that is the same in all turns."""

    value: Any


class Unfit(Exception):
    """A stretch is no loop; later: it may be one without its first turn."""

    def __init__(self, later: bool = False) -> None:
        self.later = later


@dataclass
class Turns:
    """A stretch that is a loop. arguments: of each entry of a turn; instead: for the entries that
    turns get rather than compute, what these are; first: for each carried value that which the
    first turn reads, an entry or a constant."""

    stretch: Stretch
    arguments: list[list[Any]] = field(default_factory=list)
    instead: dict[int, Any] = field(default_factory=dict)
    first: dict[Carried, Any] = field(default_factory=dict)


def turns_of(table: Table, stretch: Stretch) -> Turns | None:
    """The stretch as a loop, if need be without its first turns; None where it is none."""
    for _ in range(BACK):
        if stretch.turns < FEWEST_TURNS:
            return None
        try:
            return _Reading(table, stretch).turns()
        except Unfit as error:
            if not error.later:
                return None
            stretch = stretch.later()
    return None


class _Reading:
    """The arguments of a stretch as a matrix with one line for each turn."""

    def __init__(self, table: Table, stretch: Stretch) -> None:
        self.table = table
        self.stretch = stretch
        start, period, turns, _ = stretch
        self.model = start + period
        begin, end = table.first[start], table.first[stretch.stop]
        self.matrix = table.arguments[begin:end].reshape(turns, -1)
        self.kinds = table.kinds[begin:end].reshape(turns, -1)
        self.steps = self.matrix[2] - self.matrix[1]
        self.found = Turns(stretch)

    def turns(self) -> Turns:
        table, found = self.table, self.found
        first = table.first[self.model : self.model + self.stretch.period + 1]
        for offset, (begin, end) in enumerate(pairwise((first - first[0]).tolist())):
            entry = table.entries[self.model + offset]
            index = [c for c in range(begin, end) if self.kinds[1, c] == INDEX]
            if any(self.steps[c] for c in index):
                found.instead[offset] = Picked(offset, tuple(int(self.steps[c]) for c in index))
            if offset in found.instead and not numeric(entry):
                raise Unfit
            args = [self.argument(offset, j, begin + j) for j in range(len(entry.args))]
            if offset in found.instead and not all(self.picks(offset, a) for a in args):
                raise Unfit
            found.arguments.append(args)
        turn = table.entries[self.model : self.model + self.stretch.period]
        if not any(isinstance(x, Step) and x.op is not None and x.op.calculates for x in turn):
            # Entries are moved only.
            raise Unfit
        self.begin()
        return found

    def argument(self, offset: int, number: int, column: int) -> Any:
        """What an argument of an entry is, which stands in a column of the matrix."""
        if self.kinds[1, column] != ROW:
            return self.constant(offset, number)
        start, period, turns, _ = self.stretch
        before, one, last = (int(self.matrix[t, column]) for t in (0, 1, turns - 1))
        step = int(self.steps[column])
        if step == period and last >= start:
            back, at = divmod(one - self.model, period)
            if back < -BACK:
                raise Unfit
            if back == 0:
                return Inside(at)
            carried = Carried(at, -back)
            args = self.table.entries[start + offset].args
            begun: Any = Same(before) if self.kinds[0, column] == ROW else Constant(args[number])
            if _told(self.found.first.setdefault(carried, begun)) != _told(begun):
                raise Unfit(later=True)
            return carried
        if step == 0 and one >= start:
            raise Unfit(later=True)
        if max(before, last) >= start:
            raise Unfit(later=before >= start)
        if not numeric(self.table.entries[one]):
            raise Unfit
        return Rows(before, step) if step else Same(before)

    def picks(self, offset: int, a: Any) -> bool:
        """Whether what the turns pick from this argument is one selection from it."""
        if a.__class__ is not Same:
            return False
        start, _, turns, _ = self.stretch
        index, steps = (
            self.table.entries[start + offset].params["index"],
            self.found.instead[offset].steps,
        )
        return selection(index, steps, turns, self.table.entries[a.entry].shape) is not None

    def constant(self, offset: int, number: int) -> Any:
        """A constant, or one for each turn."""
        start, period = self.stretch[:2]
        entries = self.table.entries[start + offset : self.stretch.stop : period]
        values = [entry.args[number] for entry in entries]
        value = values[0]
        if isinstance(value, float):
            bits = np.array(values).view(np.int64)
            if (bits == bits[0]).all():
                return Constant(value)
            if value.__class__ is float or _takes_floats(entries[0]):
                return Constants(offset, number)
            raise Unfit
        if all(x is value for x in values):
            return Constant(value)
        if value.__class__ is int:
            if len(set(values)) == 1:
                return Constant(value)
            if isinstance(entries[0], Step) and entries[0].op.calculates:
                return Constants(offset, number)
            raise Unfit
        if value.__class__ is np.ndarray and value.dtype == FLOAT64:
            if value.shape != values[1].shape:
                raise Unfit(later=True)
            return Constant(value) if same_bits(values) else Constants(offset, number)
        if constant_key(value) != constant_key(values[1]):
            raise Unfit(later=True)
        return Constant(value)

    def begin(self) -> None:
        """Complete what the first turn reads of turns before it."""
        first, (start, period, _, _) = self.found.first, self.stretch
        for offset in {carried.offset for carried in first}:
            model = self.table.entries[self.model + offset]
            if not numeric(model):
                raise Unfit
            deepest = max(c.back for c in first if c.offset == offset)
            for back in range(1, deepest + 1):
                regular = Same(start - back * period + offset)
                value = first.setdefault(Carried(offset, back), regular)
                if deepest > 1 and value is not regular and value != regular:
                    raise Unfit(later=True)
                if not self.fits(value, model):
                    raise Unfit(later=True)

    def fits(self, value: Same | Constant, model: Step) -> bool:
        """Whether the first turn may read this where later ones read a result like this one."""
        if isinstance(value, Same):
            return value.entry >= 0 and alike(self.table.entries[value.entry], model)
        x = value.value
        if model.like.__class__ is float:
            return x.__class__ is float or x.__class__ is int
        return x.__class__ is np.ndarray and x.dtype.kind in "fiu" and x.shape == model.shape


def _takes_floats(entry: Any) -> bool:
    """Whether a float in the place of a number of NumPy does not change a bit of the result."""
    if not isinstance(entry, Step):
        return False
    return entry.like.__class__ is np.ndarray or entry.op.numerics.same_bits


def _told(x: Same | Constant) -> Any:
    return x if isinstance(x, Same) else constant_key(x.value)


def numeric(entry: Any) -> bool:
    """Whether what an entry computes may be carried from turn to turn."""
    if not isinstance(entry, Step):
        return False
    kind = entry.like.__class__
    if kind is np.ndarray:
        return entry.like.dtype == FLOAT64 or entry.like.dtype == np.bool_
    return kind is float or kind is bool


def alike(a: Any, b: Any) -> bool:
    """Whether two rows have results of one shape and dtype."""
    return (
        isinstance(a, Step)
        and isinstance(b, Step)
        and a.like.__class__ is b.like.__class__
        and a.shape == b.shape
        and a.dtype == b.dtype
    )


def same_bits(arrays: list[np.ndarray]) -> bool:
    """Whether arrays of one shape and dtype are equal to the last bit."""
    first = np.ascontiguousarray(arrays[0]).view(np.int64)
    return all(
        a is arrays[0] or np.array_equal(np.ascontiguousarray(a).view(np.int64), first)
        for a in arrays[1:]
    )


def opened(table: Table, stretch: Stretch) -> Stretch | None:
    """The stretch with the turn before its first one, where that does the same with other
    arguments in the place of what a turn before it has left; None where it does not."""
    start, period, turns, early = stretch
    begin = start - period
    if begin < 0 or (table.what[begin:start] != table.what[start : start + period]).any():
        return None
    first = table.first
    a, b, c = (slice(first[k], first[k + period]) for k in (begin, start, start + period))
    if a.stop - a.start != b.stop - b.start:
        return None
    kinds, arguments = table.kinds, table.arguments
    steps = arguments[c] - arguments[b]
    other = (kinds[a] != kinds[b]) | (arguments[a] != arguments[b] - steps)
    left = (kinds[b] == ROW) & (steps == period) & (begin <= arguments[b]) & (arguments[b] < start)
    before = (kinds[a] != ROW) | (arguments[a] < begin)
    if (other & ~(left & before & (kinds[a] != INDEX))).any():
        return None
    # Where all kinds of arguments are alike, so must be the constants that tell what is done.
    alike = table.exactly[begin:start] == table.exactly[start : start + period]
    alike[np.unique(table.owners[a][other]) - begin] = True
    return Stretch(begin, period, turns + 1, early or bool(other.any())) if alike.all() else None
