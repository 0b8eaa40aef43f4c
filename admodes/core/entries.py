"""Where an operation that moves entries (core.structure.Moves) takes them from and where it puts
them: the operation and the shapes of its arguments go in, numbers of entries come out. They are
worked out by running the operation on the numbers themselves.
"""

from __future__ import annotations

import math

import numpy as np

from admodes.core.op import Op
from admodes.core.values import Params, shape_of

Shape = tuple[int, ...]


def entry_numbers(shape: Shape, start: int = 0) -> np.ndarray:
    """The numbers of the entries of an array of this shape, in C order."""
    return np.arange(start, start + math.prod(shape), dtype=np.intp).reshape(shape)


def sources(op: Op, args: tuple, params: Params) -> np.ndarray:
    """For each entry of the result the number of the entry that is moved there, 0 where it is a
    zero. Entries are counted from 1, through all differentiable arguments, of which only the shape
    is read."""
    start, given = 1, list(args)
    for i, a in enumerate(args):
        if op.active(i):
            given[i] = entry_numbers(shape_of(a), start)
            start += given[i].size
    return np.asarray(op.array(*given, **(params or {}))).astype(np.intp, copy=False)


def placements(op: Op, args: tuple, params: Params, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Of an operation that puts entries into an array of zeros of this shape: the places, as
    numbers, and the numbers, from 0, of the entries that they get."""
    into = op.structure.into(entry_numbers(shape), params or {}, args[1:])
    places, entries = np.broadcast_arrays(into, entry_numbers(shape_of(args[0])))
    return places, entries


def meetings(op: Op, params: Params, shape: Shape, others: tuple = ()) -> int:
    """How many entries an operation that moves them adds to one that was put into the same place
    of the result, which has this shape; others are the arguments after the first."""
    into = op.structure.into
    if into is None:
        return 0
    blank = np.broadcast_to(np.intp(0), shape)
    if np.may_share_memory(into(blank, params or {}, others), blank):
        # Slices, of which NumPy makes a view, name no place twice.
        return 0
    places = into(entry_numbers(shape), params or {}, others)
    return places.size - np.count_nonzero(np.bincount(places.ravel(), minlength=1))
