"""Where a recorded list repeats: the stretches of which every turn does what the turn before did,
with arguments that go on as they did from that one to the one before it."""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush

import numpy as np

from admodes.loops.table import NOTHING, ROW, Table
from admodes.loops.turns import BACK, FEWEST_TURNS, Stretch, Turns, opened, turns_of

SAVED = 12
"""Rows that a loop has to save at least: it needs a few rows itself."""

GRAMS = (6, 24, 96, 384, 1536, 6144)
"""Lengths of the runs of entries whose recurrence tells likely periods."""

NEAR = 256
"""Arguments that are farther back are all alike, where likely periods are looked for."""

REACH = 8
"""Sums of so many distances that follow one another are periods too."""

LIKELY = 12
"""So many likely periods are tried."""

CUTS = 4
"""So many places for the beginning of a turn are tried, in the first turn and in the second."""


def repeated(table: Table) -> list[Turns]:
    """The loops in a list, in order. Of loops in loops these are the outer."""
    free = np.ones(len(table), bool)
    found: list[Turns] = []
    # The longest first. Until the runs of a period are looked for, they may be as long as the list.
    waiting = [(p - len(table), p, NOTHING, NOTHING) for p in likely_periods(table)]
    heapify(waiting)
    while waiting:
        _, period, begin, end = heappop(waiting)
        if begin == NOTHING:
            if _enough(*_longest(free, 0, len(table)), period):
                for run in _runs(table, period):
                    heappush(waiting, (run[0] + period - run[1], period, *run))
            continue
        begin, end = _longest(free, begin, end)
        turns = _placed(table, begin, end, period, free) if _enough(begin, end, period) else None
        if turns is not None:
            free[turns.stretch.start : turns.stretch.stop] = False
            found.append(turns)
    return sorted(found, key=lambda turns: turns.stretch)


def likely_periods(table: Table) -> list[int]:
    """Distances at which runs of entries recur, and sums of a few that follow one another."""
    mass: Counter[int] = Counter()
    for numbers in (_near(table), table.what):
        hashes, length = mixed(numbers), 1
        for wanted in GRAMS:
            if len(numbers) < 2 * wanted:
                break
            hashes, length = longer(hashes, length, wanted)
            order = np.argsort(hashes, kind="stable")
            together = hashes[order[1:]] == hashes[order[:-1]]
            gaps = np.diff(order)
            sums, whole = gaps, together
            for reach in range(1, REACH + 1):
                if reach > 1:
                    sums = sums[:-1] + gaps[reach - 1 :]
                    whole = whole[:-1] & together[reach - 1 :]
                # Runs that recur stand in order, so that these are distances within the list.
                often = np.bincount(sums[whole])
                found = np.flatnonzero(often)
                masses = often[found] * found
                mass.update(dict(zip(found.tolist(), masses.tolist(), strict=True)))
    fitting = [p for p in mass if p * FEWEST_TURNS <= len(table)]
    best = sorted(fitting, key=lambda p: (-mass[p], p))[:LIKELY]
    return sorted(p for p in fitting if any(q % p == 0 for q in best))


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Hashes of numbers, as those of runs of one entry."""
    with np.errstate(over="ignore"):
        return (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)


def _near(table: Table) -> np.ndarray:
    """A number for each entry, which tells also how far back its arguments are."""
    back = np.minimum(table.owners - table.arguments, NEAR)
    back = np.where(table.kinds == ROW, back, 0)
    at = np.arange(len(back)) - table.first[table.owners]
    with np.errstate(over="ignore"):
        parts = mixed(back) * (2 * at.astype(np.uint64) + np.uint64(3))
        parts ^= parts >> np.uint64(29)
        sums = np.zeros(len(table), np.uint64)
        np.add.at(sums, table.owners, parts)
        return sums + mixed(table.exactly)


def longer(hashes: np.ndarray, length: int, wanted: int) -> tuple[np.ndarray, int]:
    """Of hashes of runs of one length those of runs of at least another."""
    with np.errstate(over="ignore"):
        while length < wanted:
            mixed = hashes ^ (hashes >> np.uint64(31))
            hashes = mixed[:-length] * np.uint64(0xBF58476D1CE4E5B9) + mixed[length:]
            length *= 2
    return hashes, length


def _runs(table: Table, period: int) -> list[tuple[int, int]]:
    """The longest stretches of a period, from an entry to another, wherever in them a turn begins:
    entries that are exactly alike in three turns at least, whose arguments go on by the same number
    of entries from turn to turn."""
    n = len(table)
    if n < 3 * period:
        return []
    owners, arguments = table.owners, table.arguments
    same = np.zeros(n, bool)
    same[period:] = table.exactly[period:] == table.exactly[:-period]
    at = np.flatnonzero(same[owners])
    step = np.zeros(len(owners), np.int64)
    step[at] = arguments[at] - arguments[_before(table, at, period)]
    regular = np.zeros(n, bool)
    regular[2 * period :] = same[2 * period :] & same[period:-period]
    at = np.flatnonzero(regular[owners])
    regular[owners[at[step[at] != step[_before(table, at, period)]]]] = False
    found = ((begin - 2 * period, end) for begin, end in _true(regular))
    return [(begin, end) for begin, end in found if _enough(begin, end, period)]


def _enough(begin: int, end: int, period: int) -> bool:
    """Whether a stretch may be a loop that is worth it."""
    return end - begin >= max((FEWEST_TURNS - 1) * period, SAVED)


def _true(marks: np.ndarray) -> list[tuple[int, int]]:
    """Where marks are set, from one entry to another."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.view(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _longest(free: np.ndarray, begin: int, end: int) -> tuple[int, int]:
    """The longest part of a stretch that is free."""
    parts = _true(free[begin:end])
    first, last = max(parts, key=lambda part: part[1] - part[0], default=(0, 0))
    return begin + first, begin + last


def _before(table: Table, at: np.ndarray, period: int) -> np.ndarray:
    """Where the arguments at these places stand a period before."""
    owners, first = table.owners, table.first
    return at - first[owners[at]] + first[owners[at] - period]


def _placed(table: Table, begin: int, end: int, period: int, free: np.ndarray) -> Turns | None:
    """A stretch as a loop whose turns begin where fewest values go on from one to the next. The
    turn before is one more where it only begins with other values."""
    crossing = _crossing(table, begin + period, period)
    earliest = max(begin - period + 1, 0)
    other = table.what[earliest:begin] != table.what[earliest + period : begin + period]
    earliest += int(np.flatnonzero(other)[-1:].sum()) + bool(other.any())
    starts = np.arange(earliest, min(begin + period, end - FEWEST_TURNS * period + period + 1))
    counts = crossing[(starts - begin) % period]
    order = np.lexsort((starts, counts))
    early = starts[order] < begin
    order = np.concatenate([order[early][:CUTS], order[~early][:CUTS]])
    order = order[np.argsort(counts[order], kind="stable")]
    best: Turns | None = None
    least = len(table)
    for k in order.tolist():
        if counts[k] > least:
            break
        start = int(starts[k])
        regular = start if start >= begin else start + period
        later = Stretch(regular, period, (end - regular) // period)
        longer = opened(table, later) if free[max(regular - period, 0) : begin].all() else None
        stretch = longer or (later if start >= begin else None)
        found = None if stretch is None else turns_of(table, stretch)
        if found is not None and (best is None or found.stretch.turns > best.stretch.turns):
            best, least = found, int(counts[k])
    return best


def _crossing(table: Table, begin: int, period: int) -> np.ndarray:
    """For turns that begin so many entries after begin: how many values one turn leaves for the
    next. begin: an entry of the second turn at the earliest."""
    first, last = table.first[begin], table.first[begin + period]
    arguments, owners = table.arguments[first:last], table.owners[first:last]
    steps = arguments - table.arguments[_before(table, np.arange(first, last), period)]
    own = (table.kinds[first:last] == ROW) & (steps == period)
    back = owners - arguments
    own &= back <= BACK * period
    # How far each value is carried: to its last reader.
    reach = np.zeros(period, np.int64)
    np.maximum.at(reach, (arguments[own] - begin) % period, back[own])
    change = np.zeros(2 * period + 1, np.int64)
    np.add.at(change, np.arange(period) + 1, 1)
    np.add.at(change, np.arange(period) + 1 + reach % period, -1)
    partly = np.cumsum(change)[: 2 * period]
    return partly[:period] + partly[period:] + int((reach // period).sum())
