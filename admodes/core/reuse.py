"""Memory that may be used again: x[index] = v writes into the array of x itself where nothing else
can still read it, so that filling a buffer entry by entry costs as much as there are entries.

Whether anything else reads an array is told by the references to it, as NumPy tells that for the
temporaries of an expression: a view of it, a node of the tape or a row of a recording that keeps it
are references too.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numpy import empty, ndarray

from admodes.core.carrier import Carrier

SMALL = 512
"""Arrays of fewer entries are copied, which takes less time than to ask."""


class _Spare(threading.local):
    arrays: tuple[ndarray, ...] = ()


_SPARE = _Spare()


class _Holder:
    __slots__ = ("primal",)

    def __init__(self) -> None:
        self.primal = empty(1)


def _references(x: Any, name: str) -> int:
    """How many references there are to what x holds under a name."""
    return sys.getrefcount(getattr(x, name))


_ONE = _references(_Holder(), "primal")


def spare_arrays(x: Any) -> tuple[ndarray, ...]:
    """The arrays in a carrier to which nothing else refers."""
    found: tuple[ndarray, ...] = ()
    for name in x.content:
        if name not in ("primal", "tangent") or _references(x, name) > _ONE:
            continue
        inner = getattr(x, name)
        if isinstance(inner, Carrier):
            found += spare_arrays(inner)
        elif inner.__class__ is ndarray and inner.base is None and inner.size >= SMALL:
            found += (inner,)
    return found


@contextmanager
def spare(arrays: tuple[ndarray, ...]) -> Iterator[None]:
    """Inside, in this thread, an operation may write its result into the memory of one of these,
    if it is its argument."""
    before, _SPARE.arrays = _SPARE.arrays, arrays
    try:
        yield
    finally:
        _SPARE.arrays = before


def is_spare(x: Any) -> bool:
    """Whether an operation may write into the memory of x."""
    return any(x is a for a in _SPARE.arrays)
