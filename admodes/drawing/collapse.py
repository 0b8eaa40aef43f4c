"""Groups of rows in place of rows, where there are too many: the rounds of a loop, or all of it,
and the entries of an array, told by what the list repeats.

A group is a part of the list without a gap, so that no way leads back into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ROUNDS = (1, 2, 4, 8, 16, 32, 64)
"""The most units of the rounds that are looked for, first of short ones: of loops in loops the
inner ones are drawn as one before the outer ones are."""

FEWEST = 3
"""The fewest rounds that are a loop."""

MOST_WORDS = 4
"""Of a round of more operations the first are named."""


@dataclass(frozen=True)
class Unit:
    """A row, or a group of the rows from first to last. text says what it computes; two rounds of a
    loop have the same."""

    first: int
    last: int
    text: str

    @property
    def is_group(self) -> bool:
        """Whether these are several rows."""
        return self.first < self.last


def collapsed(operations: Sequence[str], apart: set[int], most: int) -> list[Unit]:
    """The rows of a list by what they compute, as units of which there are at most so many, if
    repetitions allow that. apart: rows that stand for themselves.

    >>> [(u.first, u.last, u.text) for u in collapsed(["input", *["sin", "add"] * 50], {100}, 9)]
    [(0, 0, 'input'), (1, 98, '49 × (sin, add)'), (99, 99, 'sin'), (100, 100, 'add')]
    """
    units = [Unit(i, i, text) for i, text in enumerate(operations)]
    while len(units) > most:
        texts = [f"{u.text} {u.first}" if u.first in apart else u.text for u in units]
        runs = next(filter(None, (list(_runs(texts, longest)) for longest in ROUNDS)), [])
        rounds = list(_grouped(units, runs, whole=False))
        shorter = rounds if len(rounds) <= most else list(_grouped(units, runs, whole=True))
        if len(shorter) == len(units):
            break
        units = shorter
    return units


def _runs(texts: Sequence[str], longest: int) -> Iterator[tuple[int, int, int]]:
    """Where texts repeat: the start, the length of a round, and the number of rounds."""
    start = 0
    while start < len(texts):
        counted = ((length, _times(texts, start, length)) for length in range(1, longest + 1))
        length, times = next((run for run in counted if run[1] >= FEWEST), (1, 1))
        if times > 1:
            yield start, length, times
        start += length * times


def _times(texts: Sequence[str], start: int, length: int) -> int:
    """How often what stands at the start is repeated."""
    body = texts[start : start + length]
    at = start + length
    while len(body) == length and texts[at : at + length] == body:
        at += length
    return (at - start) // length


def _grouped(units: list[Unit], runs: list[tuple[int, int, int]], whole: bool) -> Iterator[Unit]:
    """The units with a group for each loop, or for each round of it."""
    at = 0
    for start, length, times in runs:
        yield from units[at:start]
        at = start + length * times
        body = _listed([unit.text for unit in units[start : start + length]])
        if whole:
            text = f"{times} × {body if length == 1 else f'({body})'}"
            yield Unit(units[start].first, units[at - 1].last, text)
            continue
        for first in range(start, at, length):
            yield Unit(units[first].first, units[first + length - 1].last, body)
    yield from units[at:]


def _listed(texts: list[str]) -> str:
    more = ["…"] if len(texts) > MOST_WORDS else []
    return ", ".join([*texts[:MOST_WORDS], *more])
