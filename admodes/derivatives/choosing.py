"""The choice of a mode: what each takes goes in, the one that takes least and why come out. The
automatic mode of ad.jacobian and the adviser choose here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Candidate(NamedTuple):
    """A way of computing a derivative. cost: what is compared, in one unit for all; operations:
    what decides where costs are alike; figures: what it takes, in words."""

    route: str
    cost: float
    operations: float = 0
    figures: str = ""


class Choice(NamedTuple):
    """A way of computing a derivative, and why."""

    route: str
    reason: str


def chosen(candidates: Sequence[Candidate], alike: float = 1.0) -> Candidate:
    """The candidate of least cost. Of those that cost at most alike times as much, the one with the
    fewest operations; the first of several such.

    >>> slow, fast = Candidate("forward", 8.0, 480), Candidate("reverse", 8.5, 30)
    >>> chosen([slow, fast]).route, chosen([slow, fast], alike=1.1).route
    ('forward', 'reverse')
    """
    least = min(c.cost for c in candidates)
    return min((c for c in candidates if c.cost <= alike * least), key=lambda c: c.operations)


adviser: Callable[..., str]
"""(f, args, kwargs, argnums, of) -> why which route to take. The adviser compares routes of rooms
that come later than this one, so admodes sets it when it is imported."""


def explained(
    f: Callable, args: tuple, kwargs: dict, argnums: int | tuple[int, ...], of: str, own: str
) -> str:
    """own, what the call takes, and which route the adviser would take for compiled calls."""
    reason = adviser(f, args, kwargs, argnums, of)  # noqa: F821 (admodes sets it)
    return f"{own}. For compiled calls ad.advise says: {reason}"
