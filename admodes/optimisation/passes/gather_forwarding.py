"""Gather forwarding: a program goes in, and one comes out in which chains of operations that only
move entries are one selection of entries each: np.roll and its transpose (numbers placed into
zeros, cut and reshaped again) become x[positions].

What an operation of the kind does to an array is read off what it does to the numbers of the
entries. Views are left as they are, since they cost nothing.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from admodes.core.entries import meetings, sources
from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Moves
from admodes.core.values import shape_of
from admodes.ops.indexing import is_basic
from admodes.programs.keys import param_key
from admodes.programs.rewriting import Copy

LARGEST = 2**17
"""Arrays of more entries are left alone, since the positions would need as much memory."""


class GatherSource(NamedTuple):
    """The row of the copy that entries come from, and the position of each there; -1 for zeros."""

    row: int
    positions: np.ndarray


def forward_gathers(program: WengertList) -> WengertList:
    """The program in which expensive movements are selections."""
    worth = any(moves(s) and costly(s) for s in program.steps)
    return Gathers(program).followed() if worth else program


class Gathers(Copy):
    """The copy of a program in which chains of movements are selections. origins: for rows of the
    copy that only move entries, from which row these come, and which they are; known: the
    positions that an operation has been found to move entries from, by what it is."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.origins: dict[int, GatherSource] = {}
        self.known: dict[Any, np.ndarray] = {}

    def followed(self) -> WengertList:
        for step in self.old.steps:
            args = self.moved(step.args)
            origin = self._origin(step, args)
            worth = origin is not None and (costly(step) or self._undoes_place(args))
            made = self._selected(step, origin) if worth else None  # type: ignore[arg-type]
            made = self.keep(step, args) if made is None else made
            if origin is not None and isinstance(made, Ref):
                self.origins.setdefault(made.row, origin)
            self.new.append(made)
        return self.finished()

    def _undoes_place(self, args: tuple) -> bool:
        """Whether the argument was placed entry by entry, which showing part of it may undo."""
        made = self.step(args[0])
        return made is not None and made.op.name == "place" and costly(made)

    def _origin(self, step: Step, args: tuple) -> GatherSource | None:
        if not moves(step) or len(args) != 1 or not isinstance(args[0], Ref) or not step.shape:
            return None
        source, shape = args[0].row, shape_of(self.value(args[0]))
        if not shape or max(math.prod(shape), step.size) > LARGEST:
            return None
        positions = self._positions(step, shape)
        if positions is None:
            return None
        before = self.origins.get(source)
        if before is None:
            return GatherSource(source, positions)
        padded = np.append(before.positions, -1)
        return GatherSource(before.row, padded[positions])

    def _positions(self, step: Step, shape: tuple[int, ...]) -> np.ndarray | None:
        params = step.params or {}
        key = step.op, shape, param_key(params)
        if key not in self.known:
            if meetings(step.op, params, step.shape):
                return None
            self.known[key] = sources(step.op, (np.broadcast_to(0.0, shape),), params).ravel() - 1
        return self.known[key]

    def _selected(self, step: Step, origin: GatherSource) -> Any:
        """The row as a selection of entries; None where some are zeros."""
        row, positions = origin
        if positions.size == 0 or positions.min() < 0:
            return None
        source, shape = Ref(row), self.steps[row].shape
        whole = positions.size == math.prod(shape)
        if not (whole and np.array_equal(positions, np.arange(positions.size))):
            flat = source if len(shape) == 1 else self._flat(source, shape)
            source = self.emit(REGISTRY["getitem"], flat, index=positions)
            shape = positions.shape
        wanted = step.shape
        if shape != wanted:
            source = self.emit(REGISTRY["reshape"], source, shape=wanted)
        self.origins[source.row] = origin
        return source

    def _flat(self, source: Ref, shape: tuple[int, ...]) -> Ref:
        return self.emit(REGISTRY["reshape"], source, shape=(math.prod(shape),))


def moves(step: Step) -> bool:
    """Whether an operation only moves entries."""
    return step.op is not None and step.op.structure.__class__ is Moves and not step.op.custom


def costly(step: Step) -> bool:
    """Whether an operation does more than show entries in another shape."""
    if step.op.shows(step.params):
        return False
    if step.op.name == "getitem":
        return False
    return step.op.name != "place" or not is_basic((step.params or {})["index"])
