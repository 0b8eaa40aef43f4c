"""Binomial schedules: how to reverse n steps with few snapshots and the fewest evaluations.

With s snapshots and at most r evaluations of each step, C(s + r, s) steps can be reversed and no
more.

A. Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse automatic
differentiation, Optimization Methods and Software 1 (1992); A. Griewank and A. Walther, Algorithm
799: revolve, ACM Transactions on Mathematical Software 26 (2000).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import comb
from operator import index
from typing import Any, NamedTuple

from admodes.errors import BadType, BadValue

MOST_STEPS = 10**30
MOST_LISTED = 1_000_000
"""The most steps of a schedule that is listed, action by action."""


class Action(NamedTuple):
    """One action of a schedule. kind "advance": evaluate the steps start … stop - 1; "store": put
    state start into snapshot slot; "restore": take state start from it; "reverse": evaluate step
    start once more, recording it, and sweep back through it."""

    kind: str
    start: int
    stop: int
    slot: int | None = None

    def __str__(self) -> str:
        if self.kind == "advance":
            return f"advance from {self.start} to {self.stop}"
        if self.kind == "reverse":
            return f"reverse step {self.start}"
        return f"{self.kind} state {self.start} {self._where()} snapshot {self.slot}"

    def _where(self) -> str:
        return "in" if self.kind == "store" else "from"


def checked(n: Any, snapshots: Any, who: str) -> tuple[int, int]:
    """The number of steps and of snapshots, by default default_snapshots(n)."""
    n = _integer(n, f"{who}: n={n!r}: the number of steps is an integer")
    if n < 0:
        raise BadValue(f"{who}: n={n}: the number of steps is not negative")
    if n > MOST_STEPS:
        raise BadValue(f"{who}: n has {len(str(n))} digits: at most 10^30 steps")
    if snapshots is None:
        return n, default_snapshots(n)
    snapshots = _integer(snapshots, f"{who}: snapshots={snapshots!r}: give an integer or None")
    if snapshots < 1:
        raise BadValue(f"{who}: snapshots={snapshots}: at least one, for the first state")
    return n, snapshots


def _integer(x: Any, message: str) -> int:
    if isinstance(x, bool) or not hasattr(x, "__index__"):
        raise BadType(message)
    return index(x)


def default_snapshots(n: int) -> int:
    """The number of binary digits of n: memory and repetitions then grow like log n.

    >>> from admodes.checkpointing.binomial import advances, default_snapshots
    >>> default_snapshots(1000), advances(1000, 10) / 1000
    (10, 3.636)
    """
    return max(n.bit_length(), 1)


def repetition(n: int, snapshots: int) -> int:
    """The most often that a step is evaluated without being recorded: the least r for which
    n <= C(snapshots + r, r).

    >>> from admodes.checkpointing.binomial import repetition
    >>> repetition(1, 3), repetition(4, 3), repetition(5, 3)
    (0, 1, 2)
    """
    low, high = -1, 0
    while comb(snapshots + high, high) < n:
        low, high = high, 2 * high + 1
    while high - low > 1:
        middle = (low + high) // 2
        enough = comb(snapshots + middle, middle) >= n
        low, high = (low, middle) if enough else (middle, high)
    return high


def advances(n: int, snapshots: int) -> int:
    """The least number of steps that are evaluated without being recorded, r n - C(s + r, r - 1).

    >>> from admodes.checkpointing.binomial import advances
    >>> advances(10, 3), advances(10, 1), advances(10, 9)
    (15, 45, 9)
    """
    r = repetition(n, snapshots)
    return r * n - comb(snapshots + r, r - 1) if r else 0


def split(n: int, snapshots: int) -> int:
    """How far to advance before the next snapshot, with n steps to reverse and so many snapshots,
    of which one holds the first state. Of the optimal distances it is the longest."""
    if snapshots == 1:
        return n - 1
    r = repetition(n, snapshots)
    # Both parts stay within r - 1 and r repetitions, in which the count is linear with slopes
    # that differ by one: the optimum.
    return min(comb(snapshots + r - 1, snapshots), n - comb(snapshots + r - 2, snapshots - 1))


def actions(n: int, snapshots: int) -> Iterator[Action]:
    """The actions that reverse n steps, beginning in state 0, one by one."""
    stored: list[int] = []
    low, high = 0, n
    while high > low:
        while high - low > 1:
            if not stored or stored[-1] != low:
                yield Action("store", low, low, len(stored))
                stored.append(low)
            middle = low + split(high - low, snapshots - len(stored) + 1)
            yield Action("advance", low, middle)
            low = middle
        yield Action("reverse", low, high)
        high = low
        if stored and stored[-1] == high:
            stored.pop()
        if stored:
            low = stored[-1]
            yield Action("restore", low, low, len(stored) - 1)


def schedule(n: int, snapshots: int | None = None) -> list[Action]:
    """The actions that reverse n steps, with the fewest evaluations that so many snapshots allow;
    the first state takes one of them. Raises ValueError for n < 0 and for no snapshot.

    >>> import admodes as ad
    >>> for action in ad.schedule(3, 2):
    ...     print(action)
    store state 0 in snapshot 0
    advance from 0 to 1
    store state 1 in snapshot 1
    advance from 1 to 2
    reverse step 2
    restore state 1 from snapshot 1
    reverse step 1
    restore state 0 from snapshot 0
    reverse step 0
    """
    return listed(*checked(n, snapshots, "schedule"))


def listed(n: int, snapshots: int) -> list[Action]:
    """All actions. Raises ValueError for more than MOST_LISTED steps."""
    if n > MOST_LISTED:
        raise BadValue(
            f"schedule: the actions of {n} steps are not listed, at most those of {MOST_LISTED}; "
            "ad.revolve(n) counts them"
        )
    return list(actions(n, snapshots))


def states(n: int, snapshots: int, state: Any, advance: Callable[[Any, int], Any]) -> Iterator:
    """(i, state i) for i = n - 1 … 0, by the schedule; advance(state, i) evaluates step i."""
    slots: dict[int | None, Any] = {}
    for action in actions(n, snapshots):
        if action.kind == "store":
            slots[action.slot] = state
        elif action.kind == "restore":
            state = slots[action.slot]
        elif action.kind == "advance":
            for i in range(action.start, action.stop):
                state = advance(state, i)
        else:
            yield action.start, state
