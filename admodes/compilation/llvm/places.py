"""Where the entries of a row's value lie in memory: in a buffer, at regular strides or at a list of
positions.

How an operation that only moves entries changes this is seen by running its own NumPy kernel: on an
array at a made-up address, which is never read, where the result is a view; otherwise on an array
that holds the numbers of the entries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from admodes.core.entries import meetings, sources
from admodes.core.record import Step
from admodes.core.structure import Moves
from admodes.programs.keys import param_key

ITEM = {"d": 8, "b": 1, "i": 8}
"""Bytes of a number, a truth value, a position."""

TYPES = {"d": np.dtype(float), "b": np.dtype(bool), "i": np.dtype(np.int64)}

FOREVER = 1 << 60


@dataclass(frozen=True, eq=False)
class Moving:
    """Where a turn of a loop sees memory: in the first turn at the offset in a buffer, then step
    bytes farther from turn to turn; or, if there is another buffer, in that every other turn."""

    buffer: Buffer
    offset: int
    step: int
    other: Buffer | None = None


@dataclass(eq=False)
class Buffer:
    """Memory of some bytes. home: "arena" (planned by liveness), "leaf" or "fresh" (the caller's
    input or output of that number, found at each run), "constant" (an array that is kept), "turn"
    (what a turn of a loop sees of others, as moving says).
    Groups from `first` on write it, none after `writer`; `last` is the last one that uses it."""

    size: int
    home: str = "arena"
    number: int = -1
    array: np.ndarray | None = None
    moving: Moving | None = None
    first: int = FOREVER
    writer: int = -1
    last: int = -1
    offset: int = -1

    def written(self, group: int) -> None:
        self.first = min(self.first, group)
        self.writer = max(self.writer, group)
        self.last = max(self.last, group)

    def read(self, group: int) -> None:
        self.last = max(self.last, group)


@dataclass(eq=False)
class Region:
    """Entries of a kind and shape in a buffer, at offset and strides in bytes; or, where positions
    are given, at these offsets, a negative one standing for a zero."""

    buffer: Buffer
    kind: str
    shape: tuple[int, ...]
    offset: int = 0
    strides: tuple[int, ...] = ()
    positions: np.ndarray | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the entries lie one after the other."""
        return self.positions is None and self.strides == packed(self.shape, ITEM[self.kind])

    def spread(self, rank: int) -> tuple[int, ...]:
        """The strides where the shape is broadcast to this many axes."""
        own = tuple(0 if n == 1 else s for n, s in zip(self.shape, self.strides, strict=True))
        return (0,) * (rank - len(own)) + own

    def lead(self, rank: int, own: int) -> tuple[int, ...]:
        """The strides of all but the last `own` axes, broadcast to this many axes."""
        count = len(self.shape) - own
        led = Region(self.buffer, self.kind, self.shape[:count], 0, self.strides[:count])
        return led.spread(rank)


def packed(shape: tuple[int, ...], item: int) -> tuple[int, ...]:
    """The strides of entries in C order."""
    strides = []
    for n in reversed(shape):
        strides.append(item)
        item *= max(n, 1)
    return tuple(reversed(strides))


def new_place(kind: str, shape: tuple[int, ...]) -> Region:
    """Entries in a buffer of their own."""
    item = ITEM[kind]
    return Region(Buffer(math.prod(shape) * item), kind, shape, 0, packed(shape, item))


class _Made:
    """An array interface at an address that is never read."""

    def __init__(self, place: Region) -> None:
        self.__array_interface__ = {
            "data": (ADDRESS + place.offset, False),
            "shape": place.shape,
            "strides": place.strides,
            "typestr": TYPES[place.kind].str,
            "version": 3,
        }


ADDRESS = 1 << 44


def view_of(place: Region, step: Step) -> Region | None:
    """The result of a step that NumPy gives as a view, None where it copies."""
    op, name, params = step.op, step.op.name, step.params or {}
    moves = op.structure.__class__ is Moves
    if place.positions is not None or not moves or not op.shows(params):
        return None
    if name == "reshape" and not (place.is_whole and place.shape):
        return _reshaped(place, step.shape)
    if not place.shape and name not in ("getitem", "broadcast_to"):
        # There is nothing to turn, and np.flip would read the entry.
        return place
    if name == "getitem":
        return indexed(place, params["index"])
    made = np.asarray(_Made(place))
    if name == "broadcast_to":
        return _seen(place, np.broadcast_to(made, params["shape"]))
    return _seen(place, step.op.array(made, **params))


def indexed(place: Region, index: Any) -> Region:
    """The entries that a basic index picks."""
    parts = index if isinstance(index, tuple) else (index,)
    # With ... a single entry is a view as well.
    parts = parts if any(p is Ellipsis for p in parts) else (*parts, ...)
    return _seen(place, np.asarray(_Made(place))[parts])


def _seen(place: Region, found: np.ndarray) -> Region:
    offset = found.__array_interface__["data"][0] - ADDRESS
    return Region(place.buffer, place.kind, found.shape, offset, found.strides)


def _reshaped(place: Region, shape: tuple[int, ...]) -> Region | None:
    """Axes of length 1 come and go without a copy."""
    if [n for n in place.shape if n != 1] != [n for n in shape if n != 1]:
        return None
    own = (s for n, s in zip(place.shape, place.strides, strict=True) if n != 1)
    strides = tuple(0 if n == 1 else next(own) for n in shape)
    return Region(place.buffer, place.kind, shape, place.offset, strides)


@dataclass
class Positions:
    """Lists of positions, each kept once, with the constant buffer that holds it."""

    known: dict[Any, np.ndarray | None] = field(default_factory=dict)
    kept: dict[bytes, np.ndarray] = field(default_factory=dict)
    buffers: dict[int, Buffer] = field(default_factory=dict)

    def moved(self, place: Region, step: Step) -> Region | None:
        """The result of a step that puts entries into other places; None where it adds some up."""
        if step.op.structure.__class__ is not Moves or step.op.custom:
            return None
        seen = place.strides if place.positions is None else id(place.positions)
        key = step.op.name, param_key(step.params), place.shape, place.offset, seen
        if key not in self.known:
            self.known[key] = self._interned(_positions(place, step))
        found = self.known[key]
        if found is None:
            return None
        return Region(place.buffer, place.kind, found.shape, positions=found)

    def buffer(self, positions: np.ndarray) -> Buffer:
        """The constant that holds a list of positions."""
        if id(positions) not in self.buffers:
            size = positions.nbytes
            self.buffers[id(positions)] = Buffer(size, "constant", array=positions)
        return self.buffers[id(positions)]

    def _interned(self, positions: np.ndarray | None) -> np.ndarray | None:
        if positions is None:
            return None
        key = positions.tobytes() + repr(positions.shape).encode()
        return self.kept.setdefault(key, positions)


def _positions(place: Region, step: Step) -> np.ndarray | None:
    if meetings(step.op, step.params, step.shape):
        return None
    origin = sources(step.op, (np.broadcast_to(0.0, place.shape),), step.params)
    if place.positions is not None:
        own = place.positions.ravel()
    else:
        own = np.full(place.shape, place.offset, np.int64)
        for axis, (n, stride) in enumerate(zip(place.shape, place.strides, strict=True)):
            along = [1] * len(place.shape)
            along[axis] = n
            own += (np.arange(n) * stride).reshape(along)
        own = own.ravel()
    return np.ascontiguousarray(np.append(own, -1)[origin - 1]).reshape(origin.shape)
