"""The rows of a list as a tree of what they are in: calls of functions, loops and their rounds, and
where nothing is known of that, what the list repeats.

A unit is a part of the list without a gap, so that no way leads back into a group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

LONGEST_ROUND = 64
"""The most units of the rounds that are looked for, first of short ones: of loops in loops the
inner ones are met before the outer ones are."""

FEWEST = 3
"""The fewest rounds that are a loop, where only what the list repeats tells of it."""

ROUND = "round"
"""The kind of units that are rounds of loops."""

MOST_WORDS = 3
"""Of a group of more units the first are named."""


@dataclass(eq=False, slots=True)
class Unit:
    """A row, or a group of the rows from first to last, with what it is made of. kind: "row",
    "call", "loop", "round", "rounds" (several of a loop) or "run" (of rows that are alike); text:
    the operation of a row, or the function that is called; name: of a group, where it has one; key:
    two units with the same compute the same. ends: whether it is an input or an output."""

    first: int
    last: int
    kind: str = "row"
    text: str = ""
    name: str = ""
    key: int = -1
    ends: bool = False
    parts: list[Unit] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        """Whether these are several rows."""
        return bool(self.parts)

    @property
    def size(self) -> str:
        """How many rows, or rounds, a group has."""
        rows = f"{self.last - self.first + 1} rows"
        rounds = self.repeats and any(part.is_group for part in self.parts)
        return f"{len(self.parts)} rounds, {rows}" if rounds else rows

    @property
    def content(self) -> str:
        """The operations of a group."""
        if not self.repeats:
            return self.listed
        alike = len({part.key for part in self.parts}) == 1
        return f"{len(self.parts)} × ({self.parts[0].listed})" if alike else "not all alike"

    @property
    def repeats(self) -> bool:
        """Whether its parts are rounds, or rows that are alike."""
        return self.kind in ("loop", "rounds", "run")

    @property
    def listed(self) -> str:
        """The operations that it is made of, or the first of them."""
        if not self.parts:
            return self.text
        texts = [part.text or part.kind for part in self.parts]
        return ", ".join([*texts[:MOST_WORDS], *(["…"] if len(texts) > MOST_WORDS else [])])


class Tree:
    """Builds the units of a list, one row after the other.

    parts: what rows are in, as (within, kind, name, number) each, within by position and -1 for
    none; kinds: of which of these there are groups; many: of more units side by side there are
    groups of what they repeat, None for never."""

    def __init__(
        self,
        parts: Sequence[tuple[int, str, str, int]],
        kinds: Sequence[str],
        many: int | None = None,
    ) -> None:
        self._parts, self._kinds, self._many = parts, kinds, many
        self._keys: dict[tuple, int] = {}
        self._root = Unit(0, -1, "all")
        self._open: list[tuple[int, Unit]] = [(-1, self._root)]
        self._depth = {-1: 0}

    def add(self, row: int, text: str, within: int, ends: bool) -> None:
        """Add a row that is in a part; an end of the list is in none."""
        path = []
        while within not in self._depth:
            path.append(within)
            within = self._parts[within][0]
        self._close(self._depth[within] + 1)
        for part in reversed(path):
            _, kind, name, number = self._parts[part]
            unit = Unit(row, row, kind, name, _called(kind, name, number))
            self._depth[part] = len(self._open)
            self._open.append((part, unit))
        self._open[-1][1].parts.append(Unit(row, row, text=text, key=self._key(text), ends=ends))

    def units(self) -> list[Unit]:
        """The outermost units."""
        self._close(1)
        return self._folded(self._root.parts)

    def _close(self, depth: int) -> None:
        """End the groups that are open beyond a depth. What is no group, or holds one unit, is that
        unit; a loop of one round is what it holds."""
        while len(self._open) > depth:
            part, unit = self._open.pop()
            del self._depth[part]
            outside = self._open[-1][1].parts
            if unit.kind not in self._kinds or self._parts[part][0] == -1:
                outside += unit.parts  # the outermost call is that of the function itself
            elif len(unit.parts) == 1:
                (only,) = unit.parts
                outside += only.parts if unit.kind == "loop" and only.kind == ROUND else [only]
            else:
                outside.append(self._group(unit))

    def _group(self, unit: Unit) -> Unit:
        unit.key = self._key((unit.kind, unit.text, *(part.key for part in unit.parts)))
        if unit.kind not in ("loop", "run"):
            unit.parts = self._folded(unit.parts)
        unit.first, unit.last = unit.parts[0].first, unit.parts[-1].last
        return unit

    def _key(self, content: object) -> int:
        return self._keys.setdefault((content,), len(self._keys))

    def _folded(self, units: list[Unit]) -> list[Unit]:
        """Units with a group for each loop that they repeat, where they are many."""
        while self._many is not None and len(units) > self._many:
            keys = [-1 - unit.first if unit.ends else unit.key for unit in units]
            lengths = (2**k for k in range(LONGEST_ROUND.bit_length()))
            runs = next(filter(None, (list(_runs(keys, longest)) for longest in lengths)), None)
            if not runs:
                break
            units = list(self._looped(units, runs))
        return units

    def _looped(self, units: list[Unit], runs: list[tuple[int, int, int]]) -> Iterator[Unit]:
        at = 0
        for start, length, times in runs:
            yield from units[at:start]
            at = start + length * times
            rounds = [units[k : k + length] for k in range(start, at, length)]
            parts = [
                body[0] if length == 1 else self._round(body, number)
                for number, body in enumerate(rounds, 1)
            ]
            kind = "loop" if parts[0].is_group else "run"
            yield self._group(Unit(0, 0, kind, parts=parts))
        yield from units[at:]

    def _round(self, body: list[Unit], number: int) -> Unit:
        return self._group(Unit(0, 0, ROUND, name=_called(ROUND, "", number), parts=body))


def _called(kind: str, name: str, number: int) -> str:
    """What a group is called."""
    if kind == ROUND:
        return f"round {number}"
    return name if kind == "loop" or number == 1 else f"{name} ({number})"


def _runs(keys: Sequence[int], longest: int) -> Iterator[tuple[int, int, int]]:
    """Where keys repeat: the start, the length of a round, and the number of rounds."""
    start = 0
    while start < len(keys):
        counted = ((length, _times(keys, start, length)) for length in range(1, longest + 1))
        length, times = next((run for run in counted if run[1] >= FEWEST), (1, 1))
        if times > 1:
            yield start, length, times
        start += length * times


def _times(keys: Sequence[int], start: int, length: int) -> int:
    """How often what stands at the start is repeated."""
    body = keys[start : start + length]
    at = start + length
    while len(body) == length and keys[at : at + length] == body:
        at += length
    return (at - start) // length


def every(units: Sequence[Unit], matches: Callable[[Unit], bool]) -> set[int]:
    """By their ids, the groups that match, and all groups around them."""
    met: set[int] = set()
    waiting: list[tuple[Unit, tuple | None]] = [(unit, None) for unit in units]
    while waiting:
        unit, around = waiting.pop()
        if not unit.is_group:
            continue
        chain: tuple | None = (unit, around)
        waiting += [(part, chain) for part in unit.parts]
        if matches(unit):
            while chain is not None and id(chain[0]) not in met:
                met.add(id(chain[0]))
                chain = chain[1]
    return met
