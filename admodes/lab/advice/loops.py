"""Rounds: the loop that a recorded list shows, and what checkpointing it costs: how many rounds
there are, what passes from one to the next, and how often rounds are evaluated again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from admodes.checkpointing.result import revolve
from admodes.core.costs import total
from admodes.core.record import Ref, WengertList
from admodes.programs.costs import cost
from admodes.programs.extent import bytes_of

LONGEST = 512
"""The most rows of a round that is looked for."""

ARGUMENTS = 4

FEWEST = 8
"""The fewest rounds for which checkpoints are worth a thought."""


@dataclass
class Rounds:
    """A loop: the operations of a round, the bytes of all values that a round
    makes (round_bytes) and of those that the next one reads (state_bytes); bytes: what is kept by
    checkpoints, with the rest of the list; again: how many rounds are evaluated once more."""

    operations: dict[str, int]
    round_bytes: int
    state_bytes: int
    bytes: int
    again: int


def rounds_of(program: WengertList) -> Rounds | None:
    """The loop that makes up at least half of a list; None where there is none.

    >>> from admodes.core.record import record
    >>> def f(x):
    ...     for _ in range(100):
    ...         x = x + 0.1 * x * x
    ...     return x
    >>> found = rounds_of(record(f, 0.5))
    >>> found.operations, found.state_bytes
    ({'additions': 1, 'multiplications': 2}, 8)
    """
    start, length, times = _longest(program)
    if times < FEWEST or 2 * length * times < len(program.steps):
        return None
    sizes = list(map(bytes_of, program.steps))
    steps = program.steps[start : start + length]
    middle = start + length * (times // 2)
    state = sum(sizes[row] for row in _read_later(program, start, middle))
    inside = sum(sizes[start : start + length])
    schedule = revolve(times)
    outside = sum(sizes) - inside * times
    return Rounds(
        total(cost(step, program) for step in steps if step.op is not None),
        inside,
        state,
        outside + schedule.states * state + inside,
        schedule.evaluations - times,
    )


def _longest(program: WengertList) -> tuple[int, int, int]:
    """The stretch with a period that covers most rows: its start, its period and how often."""
    kinds, args = _kinds(program), _arguments(program)
    distances = np.arange(len(kinds))[:, None] - args
    best = 0, 1, 0
    for period in range(1, min(LONGEST, len(kinds) // FEWEST) + 1):
        same = kinds[period:] == kinds[:-period]
        if 2 * same.sum() < len(same):
            continue
        # A round reads what the one before it has made, or what was there before the loop.
        alike = distances[period:] == distances[:-period]
        same &= (alike | (args[period:] == args[:-period])).all(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.view(np.int8), [0]])))
        starts, stops = edges[::2], edges[1::2]
        if not len(starts):
            continue
        k = int(np.argmax(stops - starts))
        times = int(stops[k] - starts[k]) // period + 1
        if times * period > best[1] * best[2] + period:
            best = int(starts[k]), period, times
    return best


def _kinds(program: WengertList) -> np.ndarray:
    """A number per row, the same for rows with one operation and shape."""
    numbers: dict[tuple, int] = {}
    kinds = [(step.op and step.op.name, step.shape) for step in program.steps]
    return np.array([numbers.setdefault(kind, len(numbers)) for kind in kinds], np.int64)


def _arguments(program: WengertList) -> np.ndarray:
    """The rows that each row reads, -1 where an argument is a constant; of rows that read many the
    first few."""
    found = np.full((len(program.steps), ARGUMENTS), -1)
    for i, step in enumerate(program.steps):
        rows = [a.row if a.__class__ is Ref else -1 for a in step.args[:ARGUMENTS]]
        found[i, : len(rows)] = rows
    return found


def _read_later(program: WengertList, start: int, cut: int) -> set[int]:
    """The rows of the loop before the cut that are read after it."""
    return {
        a.row
        for step in program.steps[cut:]
        for a in step.args
        if a.__class__ is Ref and start <= a.row < cut
    } | {y.row for y in program.outputs if y.__class__ is Ref and start <= y.row < cut}
