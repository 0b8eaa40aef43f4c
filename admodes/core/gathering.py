"""Cotangents of single entries of a large array that are carriers: they are gathered and added up
together, since a sum of arrays for each would cost as much as the array has entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.entries import entry_numbers
from admodes.core.space import as_real, space
from admodes.core.values import Cotangent, shape_of

MANY = 16
"""Fewer contributions are added one by one; and so are those of more than 1/MANY of the entries."""


class Gathered:
    """The adjoint of an array x so far: what is known as a whole (None for nothing) and cotangents
    of entries that op picked, with the index of each."""

    __slots__ = ("op", "parts", "whole", "x")

    def __init__(self, op: Any, x: Any, whole: Cotangent | None) -> None:
        self.op = op
        self.x = x
        self.whole = whole
        self.parts: list[tuple[Any, Any]] = []

    def total(self) -> Cotangent:
        """The sum."""
        shapes = {shape_of(w) for w, _ in self.parts}
        parts = self.parts if len(self.parts) < MANY or len(shapes) > 1 else [self._together()]
        total = self.whole
        for w, index in parts:
            term = as_real(self.op.vjp(0, w, None, (self.x,), {"index": index}), self.x)
            total = term if total is None else space.add(total, term)
        return total

    def _together(self) -> tuple[Any, tuple]:
        shape = shape_of(self.x)
        numbers = entry_numbers(shape)
        places = np.stack([numbers[index] for _, index in self.parts])
        return space.stack(*(w for w, _ in self.parts), axis=0), np.unravel_index(places, shape)


def gathered(adjoints: dict, key: int, x: Any, op: Any, w: Cotangent, index: Any) -> bool:
    """Gather a contribution to the adjoint of x; False where it has too many entries for that."""
    if MANY * math.prod(shape_of(w)) > math.prod(shape_of(x)):
        return False
    old = adjoints.get(key)
    if old.__class__ is not Gathered:
        old = adjoints[key] = Gathered(op, x, old)
    old.parts.append((w, index))
    return True
