"""Groups in place of rows, where there are too many or where they are asked for: calls of
functions, rounds of loops, and what a list repeats, as the entries of an array.

Everything begins as groups. They are opened, level by level, as long as the picture stays small,
and one that is asked for is opened anyway. Of many rounds of a loop the first two and the last are
drawn, and those between as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from admodes.drawing.labels import printable
from admodes.drawing.units import FEWEST, ROUND, Tree, Unit, every
from admodes.errors import BadValue, choices

WAYS = ("function", "loop", "array", "none")
"""What groups may be asked for: calls, rounds of loops, what the list repeats, or none at all."""

MANY = 60
"""Groups are opened unless there are more units then; of more, what they repeat is looked for."""

FEW_ROUNDS = 6
"""The rounds of a loop that are all drawn."""

FIRST_ROUNDS = 2
"""Of more rounds, these and the last are drawn apart from the others."""

_KINDS = {None: ("call", "loop", ROUND), "function": ("call",), "loop": ("loop", ROUND)}


@dataclass(frozen=True)
class Rows:
    """The rows of a list as far as groups need them: what each computes; the part that it is in
    (see Tree), and these parts, where they are known; and which stand for themselves."""

    operations: Sequence[str]
    within: Sequence[int]
    parts: Sequence[tuple[int, str, str, int]]
    ends: frozenset[int]


def collapsed(rows: Rows, way: str | None = None, opened: Sequence[str | int] = ()) -> list[Unit]:
    """The units that are drawn. way: one of WAYS, or None for all that make the picture small;
    opened: groups by their names or ids (g7), or by a row in them, that are opened.

    >>> texts = ["input", *["sin", "add"] * 50]
    >>> units = collapsed(Rows(texts, [-1] * 101, [], frozenset((0, 100))))
    >>> [(unit.first, unit.last) for unit in units]
    [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 96), (97, 97), (98, 98), (99, 99), (100, 100)]
    """
    many = {None: MANY, "array": FEWEST}.get(way)
    tree = Tree(rows.parts, _KINDS.get(way, ()), many)
    for row, text in enumerate(rows.operations):
        ends = row in rows.ends
        tree.add(row, text, -1 if ends else rows.within[row], ends)
    return _Opening(tree.units(), opened).shown(way)


def check_way(way: str | None, around: object) -> None:
    """Refuse unknown ways, and groups where a part is drawn. Raises ValueError."""
    if way is not None and way not in WAYS:
        raise BadValue(f"collapse {printable(str(way))!r}: {choices(way, WAYS)}")
    if way not in (None, "none") and around is not None:
        raise BadValue(
            "collapse and around: what is near a row is drawn without groups; leave one of the "
            "two away"
        )


class _Opening:
    """Opens groups. asked: the names, ids and rows of those that are asked for."""

    def __init__(self, units: list[Unit], asked: Sequence[str | int]) -> None:
        self.units = units
        self.met: set[str | int] = set()
        self.asked = asked
        self.forced = every(units, self._is_asked) if asked else set()

    def shown(self, way: str | None) -> list[Unit]:
        """The units to draw."""
        units = self.units
        while self._is_alone(units):
            units = self._next(units, lambda unit: True)
        while True:
            wider = self._next(units, lambda unit: unit.kind == "loop" or way is None)
            if wider == units or (way != "loop" and len(wider) > MANY):
                break
            units = wider
        while (wider := self._next(units, lambda unit: False)) != units:
            units = wider
        self._check(units)
        return units

    def _is_alone(self, units: list[Unit]) -> bool:
        """Whether one group is all that there is besides inputs and outputs."""
        others = [unit for unit in units if not unit.ends]
        return len(others) == 1 and others[0].kind in ("call", "loop", ROUND)

    def _next(self, units: list[Unit], opens: Callable[[Unit], bool]) -> list[Unit]:
        """One level deeper: what is in the groups that are opened."""
        found: list[Unit] = []
        for unit in units:
            closed = unit.kind in ("rounds", "run") or not unit.is_group
            if id(unit) in self.forced or (not closed and opens(unit)):
                found += self._thinned(unit) if unit.kind in ("loop", "run") else unit.parts
            else:
                found.append(unit)
        return found

    def _thinned(self, loop: Unit) -> list[Unit]:
        """The rounds of a loop, where they are many with one group in place of those between."""
        rounds, kind = loop.parts, "run" if loop.kind == "run" else "rounds"
        n = len(rounds)
        if n <= FEW_ROUNDS:
            return rounds
        kept = {*range(FIRST_ROUNDS), n - 1}
        asked = {*self.asked}
        for k, unit in enumerate(rounds):
            if id(unit) in self.forced or (not unit.is_group and unit.first in asked):
                kept.add(k)
        found: list[Unit] = []
        start = 0
        for k in sorted(kept):
            found += self._between(rounds[start:k], start, kind)
            found.append(rounds[k])
            start = k + 1
        return found

    def _between(self, rounds: list[Unit], start: int, kind: str) -> list[Unit]:
        if len(rounds) < 2:
            return rounds
        name = f"rounds {start + 1} … {start + len(rounds)}" if kind == "rounds" else ""
        unit = Unit(rounds[0].first, rounds[-1].last, kind, name=name, parts=rounds)
        return rounds if self._is_asked(unit) else [unit]

    def _is_asked(self, unit: Unit) -> bool:
        names = (unit.name, f"g{unit.first}")
        held = range(0) if unit.kind == "rounds" else range(unit.first, unit.last + 1)
        met = {x for x in self.asked if x in names or x in held}
        self.met |= met
        return bool(met)

    def _check(self, units: list[Unit]) -> None:
        """Refuse to open what there is not."""
        for name in self.asked:
            if name not in self.met and not isinstance(name, int):
                groups = [unit.name or f"g{unit.first}" for unit in units if unit.is_group]
                known = choices(name, map(printable, groups), most=12)
                raise BadValue(f"open {printable(name)!r}: no such group; {known}")
