"""Verdicts: the numbers of a document, each with the quantity that it is about, go in; which are
right, rounded, wrong, or follow from an earlier mistake comes out, under one rounding.

A number is right if the rounding makes it of the right number, or, where rounded numbers are
carried through the rows, of what these give. It follows if it is what mistaken numbers before it
give.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from admodes.auditing.derivation import Derivation
from admodes.auditing.quantity import Quantity
from admodes.auditing.rounding import LOOSE, Rounding
from admodes.auditing.slots import Slot

Verdict = Literal["right", "rounded", "wrong", "follows"]


@dataclass(frozen=True)
class Ruling:
    """A number with its verdict. source: for one that follows, the mistaken number that it goes
    back to."""

    slot: Slot
    quantity: Quantity
    verdict: Verdict
    source: Slot | None = None


class Judgement:
    """The verdicts on the numbers of a document under roundings, one for each table. slots: what
    each number is about, in the order of the document."""

    def __init__(
        self,
        derivation: Derivation,
        slots: Mapping[Slot, Quantity],
        roundings: Mapping[int, Rounding],
    ) -> None:
        self.derivation, self.slots, self.roundings = derivation, slots, roundings
        self.written: dict[Quantity, list[Slot]] = defaultdict(list)
        for slot, q in slots.items():
            self.written[q].append(slot)
        self.kinds = {(q.kind, q.direction) for q in self.written}
        self.sweeps: dict[Slot, str] = {}  # the kind of number above each that can be no other
        columns: dict[tuple[int, int], str] = {}
        for slot, q in slots.items():
            self.sweeps[slot] = columns.get((slot.table, slot.column), "")
            if not derivation.same_numbers(q):
                columns[slot.table, slot.column] = q.kind
        self.table_sweeps: dict[int, int] = {}
        self.judged: dict[Slot, Ruling] = {}
        self.unwritten: dict[tuple[Quantity, Rounding, int], float] = {}
        self.origins: dict[Quantity, Slot | None] = {}
        self.far_origins: dict[Quantity, Slot | None] = {}
        self.opens: dict[Quantity, float] = {}
        self.sounds: dict[tuple[Quantity, Rounding, int], float] = {}

    def verdicts(self) -> Iterator[Ruling]:
        """The verdicts on all numbers, each found when it is asked for."""
        return map(self.judge, self.slots)

    def judge(self, slot: Slot) -> Ruling:
        """The verdict on one number."""
        known = self.judged.get(slot)
        if known is None:
            known = self.judged[slot] = self._judge(slot, self.slots[slot])
        return known

    def _judge(self, slot: Slot, q: Quantity) -> Ruling:
        rounding = self.roundings[slot.table]
        right = self.derivation.right[q]
        same = [q] if q.kind == "entry" else [q, *self.derivation.same_numbers(q)]
        same = [one for one in same if one.kind == self.sweeps[slot]] or same
        if not any(self._is_right(slot, one, right, rounding) for one in same):
            tries = (by(slot, one) for by in (self._copied, self._followed) for one in same)
            source = next((s for s in tries if s is not None), None)
            if source is None:
                return Ruling(slot, q, "wrong")
            if not rounding.fits(right, slot.number, self.scale(q)):  # else the mistake is not seen
                return Ruling(slot, q, "follows", source)
        exact = abs(slot.number.value - right) <= LOOSE * max(abs(right), self.scale(q))
        exact = exact or slot.number.value == right or slot.number.exact
        exact = exact or (math.isnan(right) and math.isnan(slot.number.value))
        return Ruling(slot, q, "right" if exact else "rounded")

    def scale(self, q: Quantity) -> float:
        """The size of what a number is computed from."""
        right = self.derivation.right
        sizes = [abs(right[n]) for n in self.derivation.needs(q) if _single(right[n])]
        return max((x for x in sizes if math.isfinite(x)), default=0.0)

    def _is_right(self, slot: Slot, q: Quantity, right: float, rounding: Rounding) -> bool:
        written, scale = slot.number, self.scale(q)
        if rounding.carry != "carried" and rounding.fits(right, written, scale):
            return True
        if rounding.carry == "end":
            return False
        ways = self.derivation.ways(q)
        if not ways or not any(ways):
            return rounding.fits(right, written, scale)
        if q.kind == "entry":
            if self._copies(slot, [way[0] for way in ways if len(way) == 1]):
                return True
            return self._sweep_of(slot.table, rounding) in self._fitting(slot, q, rounding)
        return next(self._fitting(slot, q, rounding), None) is not None

    def _fitting(self, slot: Slot, q: Quantity, rounding: Rounding) -> Iterator[int]:
        """The ways to a number that give what is written."""
        scale = self.scale(q)
        for hidden in hidden_ways(rounding):
            for way in range(len(self.derivation.ways(q))):
                number = self._carried(slot, q, way, rounding, hidden)
                if rounding.fits(number, slot.number, scale):
                    yield way

    def _sweep_of(self, table: int, rounding: Rounding) -> int:
        """By which way most entries of a table are right: all of a Jacobian come from one kind of
        sweep."""
        if table not in self.table_sweeps:
            entries = [s for s, q in self.slots.items() if s.table == table and q.kind == "entry"]
            found = [set(self._fitting(s, self.slots[s], rounding)) for s in entries]
            self.table_sweeps[table] = max(
                (0, 1), key=lambda way: sum(way in ways for ways in found)
            )
        return self.table_sweeps[table]

    def _copies(self, slot: Slot, sources: Sequence[Quantity]) -> bool:
        """Whether one of the numbers that stand for the same is written so, and is right."""
        places = [place for source in sources for place in self.written.get(source, ())]
        return any(
            self._alike(slot, place) and self.judge(place).verdict in ("right", "rounded")
            for place in places
        )

    def _carried(self, slot: Slot, q: Quantity, way: int, rounding: Rounding, hidden: int) -> float:
        """A number computed from those that are written, and from right ones where they are
        mistaken. hidden: by which way those are computed that are not written."""

        def number(need: Quantity) -> Any:
            right = self.derivation.right[need]
            return self.sound(need, slot, rounding, hidden) if _single(right) else right

        return _float(self.derivation.recompute(q, number, way))

    def places(self, q: Quantity, slot: Slot) -> list[Slot]:
        """Where a number that another slot may go on from is written, in the same table first."""
        places = [other for other in self.written.get(q, ()) if other is not slot]
        places.sort(key=lambda other: other.table != slot.table)
        return places

    def mistaken(self, q: Quantity, slot: Slot) -> Slot | None:
        """The first place where a number is written and is wrong or follows."""
        places = self.places(q, slot)
        return next((p for p in places if self.judge(p).verdict in ("wrong", "follows")), None)

    def place(self, q: Quantity, slot: Slot) -> Slot | None:
        """Where the number is written that another slot goes on from: a mistaken one if any is."""
        return self.mistaken(q, slot) or next(iter(self.places(q, slot)), None)

    def sound(self, q: Quantity, slot: Slot, rounding: Rounding, hidden: int) -> float:
        """The number of the document, without its mistakes: a place where it is not mistaken, or
        what a person who made none would go on with."""
        full = self._is_full(q, rounding)
        places = [] if full else self.places(q, slot)
        for place in reversed(places) if hidden & 1 else places:  # 1/3, or 0.333 beside it
            if self.judge(place).verdict in ("right", "rounded"):
                return place.number.value
        if not full and self.origin(q, slot) is None:
            return self.number(q, slot, rounding, hidden)
        if (q, rounding, hidden) not in self.sounds:
            value = self.derivation.right[q]
            if self.derivation.needs(q):
                value = self._carried(slot, q, self._hidden_way(q, hidden), rounding, hidden)
            rounded = value if full else rounding.rounded(value, even=bool(hidden & 2))
            self.sounds[q, rounding, hidden] = rounded
        return self.sounds[q, rounding, hidden]

    def _hidden_way(self, q: Quantity, hidden: int) -> int:
        """From what a number that is not written was computed."""
        return min(hidden & 1, len(self.derivation.ways(q)) - 1) if q.kind == "partial" else 0

    def _is_full(self, q: Quantity, rounding: Rounding) -> bool:
        """Whether rows go on with the partial at full precision, however it is written."""
        return q.kind == "partial" and rounding.carry != "end" and not rounding.partials

    def number(self, q: Quantity, slot: Slot, rounding: Rounding, hidden: int = 0) -> float:
        """The number of the document: as written, or as it follows from what is written, by the
        way `hidden`."""
        place = self.place(q, slot)
        full = self._is_full(q, rounding)
        if place is not None and not (full and self.judge(place).verdict != "wrong"):
            return place.number.value
        known = self.unwritten.get((q, rounding, hidden))
        if known is not None:
            return known
        right = self.derivation.right[q]
        if not _single(right):
            return right  # type: ignore[no-any-return]
        value = right
        if self.derivation.needs(q):
            value = _float(
                self.derivation.recompute(
                    q,
                    lambda need: self._before_hidden(need, slot, rounding, hidden),
                    self._hidden_way(q, hidden),
                )
            )
        hidden_row = rounding.carry == "carried" and (q.kind, q.direction) not in self.kinds
        if (rounding.carry != "end" and rounding.partials and _between(q)) or (
            hidden_row and not _between(q) and self.derivation.needs(q)
        ):
            value = rounding.rounded(value, even=bool(hidden & 2))
        self.unwritten[q, rounding, hidden] = value
        return value

    def _before_hidden(self, q: Quantity, slot: Slot, rounding: Rounding, hidden: int) -> Any:
        """What a number that is not written comes from: rounded at the end, only mistaken ones are
        as they are written."""
        if rounding.carry == "end" and self.origin(q, slot) is None:
            return self.derivation.right[q]
        return self.number(q, slot, rounding, hidden)

    def origin(self, q: Quantity, slot: Slot) -> Slot | None:
        """The mistaken number that a number goes back to as the document has it, if any."""
        place = self.mistaken(q, slot)
        if place is not None:
            return self.judge(place).source or place
        if self.places(q, slot):
            return None
        if q not in self.origins:
            self.origins[q] = None
            needs = self.derivation.ways(q)[0] if self.derivation.needs(q) else ()
            sources = [self.origin(need, slot) for need in needs]
            self.origins[q] = next((s for s in sources if s is not None), None)
        return self.origins[q]

    def _far_origin(self, q: Quantity, slot: Slot) -> Slot | None:
        """The mistaken number that a number goes back to, also through right ones."""
        known, waiting = self.far_origins, [q]
        while waiting:
            u = waiting[-1]
            place = self.mistaken(u, slot) if u not in known else None
            needs = self.derivation.ways(u)[0] if self.derivation.needs(u) else ()
            before = [need for need in needs if need not in known]
            if place is not None:
                known[u] = self.judge(place).source or place
            elif before and u not in known:
                waiting += before
                continue
            else:
                known.setdefault(u, next((s for n in needs if (s := known[n]) is not None), None))
            waiting.pop()
        return known[q]

    def _copied(self, slot: Slot, q: Quantity) -> Slot | None:
        """The source of a number that repeats one which stands before it and is mistaken."""
        for other in self.written.get(q, ()):
            if (other.table, other.row, other.column) >= (slot.table, slot.row, slot.column):
                return None
            judged = self.judge(other)
            mistaken = judged.verdict in ("wrong", "follows")
            if mistaken and self._alike(slot, other):
                return judged.source or other
        return None

    def _alike(self, slot: Slot, other: Slot) -> bool:
        coarse = other if 0 < other.number.decimals <= slot.number.decimals else slot
        step = self.roundings[coarse.table].step(other.number.value, coarse.number)
        return abs(slot.number.value - other.number.value) <= 0.51 * step

    def _followed(self, slot: Slot, q: Quantity) -> Slot | None:
        """The source of a number that mistaken ones give, all that it needs or one of them."""
        rounding = self.roundings[slot.table]
        hidden = hidden_ways(rounding)
        for way, needs in enumerate(self.derivation.ways(q)):
            sources = {n: s for n in needs if (s := self.origin(n, slot)) is not None}
            trials = [tuple(sources)]
            if len(sources) > 1:
                trials += [(need,) for need in sources]
                trials.append(tuple(need for need in sources if need.kind != "partial"))
            if rounding.carry != "carried":  # a mistake may be too small to show on the way
                far = {n: s for n in needs if (s := self._far_origin(n, slot)) is not None}
                if len(far) > len(sources):
                    trials.append(tuple(far))
                    sources = far
            for trial in trials:
                if any(trial and self._gives(slot, q, way, trial, rounding, h) for h in hidden):
                    return self._main(slot, q, way, {n: sources[n] for n in trial}, rounding)
        return None

    def _gives(
        self,
        slot: Slot,
        q: Quantity,
        way: int,
        mistaken: Sequence[Quantity],
        rounding: Rounding,
        hidden: int,
    ) -> bool:
        """Whether a number is what those that are mistaken give. Where a person goes on with more
        digits than are written, it is known to within half a unit of theirs, or a whole one where
        they were cut."""
        right = self.derivation.right

        def number(need: Quantity) -> Any:
            if need in mistaken:
                return self.number(need, slot, rounding, hidden)
            if rounding.carry == "carried" and _single(right[need]):
                return self.sound(need, slot, rounding, hidden)
            return right[need]

        value = _float(self.derivation.recompute(q, number, way))
        width = 0.0
        if rounding.carry != "carried":
            for need in self.derivation.ways(q)[way]:
                if not _single(right[need]):
                    continue
                moved = _moved(need, number, self._open(need, slot, rounding))
                width += abs(_float(self.derivation.recompute(q, moved, way)) - value)
        scale = max(self.scale(q), abs(value))
        return rounding.fits(value, slot.number, scale, width if math.isfinite(width) else 0.0)

    def _open(self, q: Quantity, slot: Slot, rounding: Rounding) -> float:
        """By how much the number of the document may differ from the one with which a person goes
        on: what its digits leave open, or where it is not written, those that it comes from."""
        place, needs = self.place(q, slot), self.derivation.ways(q)[0]
        if not needs:
            return 0.0  # an input or a seed
        if place is not None or self.origin(q, slot) is None:
            number = self.number(q, slot, rounding)
            step = rounding.step(number, None if place is None else place.number)
            return math.copysign(step, number) if rounding.cuts else 0.5 * step
        if q not in self.opens:
            self.opens[q] = 0.0
            value = self.number(q, slot, rounding)
            for need in needs:
                if _single(self.derivation.right[need]):
                    moved = _moved(
                        need,
                        lambda n: self.number(n, slot, rounding),
                        self._open(need, slot, rounding),
                    )
                    self.opens[q] += abs(_float(self.derivation.recompute(q, moved)) - value)
        return self.opens[q]

    def _main(
        self,
        slot: Slot,
        q: Quantity,
        way: int,
        sources: Mapping[Quantity, Slot],
        rounding: Rounding,
    ) -> Slot:
        """The source that changes a number most."""
        right = self.derivation.right

        def effect(need: Quantity) -> float:
            changed = self.derivation.recompute(
                q, lambda n: self.number(n, slot, rounding) if n == need else right[n], way
            )
            return abs(_float(changed) - right[q])

        return (
            sources[max(sources, key=effect)] if len(sources) > 1 else next(iter(sources.values()))
        )


def _moved(need: Quantity, number: Callable[[Quantity], Any], by: float) -> Callable:
    """The numbers where one is larger by so much."""
    return lambda q: number(q) + by if q == need else number(q)


def hidden_ways(rounding: Rounding) -> range:
    """The ways in which numbers that are not written may have been computed: partials from the
    result of their row or from its arguments, ties away from zero or to the even digit."""
    return range(1 if rounding.carry == "end" else 4)


def _between(q: Quantity) -> bool:
    """Whether a number stands between the rows: a partial, or one of several contributions."""
    return q.kind == "partial" or q.argument is not None


def _single(x: Any) -> bool:
    return isinstance(x, (int, float))


def _float(x: Any) -> float:
    try:
        return float(x)
    except (TypeError, ValueError, OverflowError):
        return math.nan
