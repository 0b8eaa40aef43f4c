"""Notes of what a second derivative meets while it is calculated: kinks, and comparisons of equal
values, each with its line of the user's code. derivatives/crossings.py makes warnings of them.

Nothing is noted unless `watching()` is open; first derivatives never open it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from admodes.core.carrier import Carrier, innermost
from admodes.core.kinks import first_kink
from admodes.core.op import Op
from admodes.core.places import called, place_of_call
from admodes.core.values import Params

MOST = 8
"""So many different places are noted."""


class Watch:
    """How many watches are open, in all threads."""

    open = 0


class _Local(threading.local):
    met: dict[str, None] | None = None


_local = _Local()
_lock = threading.Lock()


@contextmanager
def watching() -> Iterator[dict[str, None]]:
    """What is met inside, in words and in order: kinks with values and lines."""
    before, _local.met = _local.met, {}
    with _lock:
        Watch.open += 1
    try:
        yield _local.met
    finally:
        _local.met = before
        with _lock:
            Watch.open -= 1


def look(op: Op, args: tuple, params: Params) -> None:
    """Note what an operation of a second derivative meets: its arguments are carriers."""
    met = _local.met
    if met is None or len(met) >= MOST or not any(isinstance(a, Carrier) for a in args):
        return
    if op.kinked:
        found = first_kink(op, args, params)
        text = found and f"{found.note}: {called(op, found.point)}"
    else:
        text = f"{op.name} of equal values" if _equal(args) else None
    if text:
        place = place_of_call()
        if not place.derives:
            met[text + place.text] = None


def _equal(args: tuple) -> bool:
    """Whether two arguments have an equal entry."""
    if len(args) != 2:
        return False
    a, b = map(innermost, args)
    try:
        return bool(np.any(np.equal(a, b)))
    except ValueError:
        # Samples along an axis of one of them only.
        return False
