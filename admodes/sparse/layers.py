"""Layers: the few entries of the input that each entry of a value depends on, and the derivatives
with respect to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.space import dtype_of
from admodes.core.values import shape_of
from admodes.ops.arithmetic import add
from admodes.ops.comparisons import where
from admodes.ops.shaping import broadcast_to, concatenate

WIDEST = 32
"""An entry with more layers than this has no bands."""

REMEMBERED = 4096
"""Rules kept at most."""


class Unstructured(Exception):
    """A value depends on too many entries of the input, or in a way that is not known."""


class Layers:
    """The sources of the entries of an array: flat arrays of entry numbers of the input, -1 for
    none. full[k]: layer k has no -1. Compared by identity."""

    __slots__ = ("full", "shape", "sources")

    def __init__(self, shape: tuple[int, ...], sources: list[np.ndarray]) -> None:
        if len(sources) > WIDEST:
            raise Unstructured(f"{len(sources)} entries of the input for one of a value")
        self.shape = shape
        self.sources = sources
        self.full = [bool((s >= 0).all()) for s in sources]


class Sum(NamedTuple):
    """A coefficient that is still to be added up, which the matrix does as it is filled."""

    first: Any
    second: Any


class Joined(NamedTuple):
    """A coefficient that is still to be concatenated, of vectors of these lengths."""

    parts: list
    lengths: list[int]
    like: Any


def solid(c: Any) -> Any:
    """A coefficient as a number or array."""
    if c.__class__ is Sum:
        return add(c.first, c.second)
    if c.__class__ is Joined:
        parts = [filled(solid(p), (n,), None, c.like) for p, n in zip(c.parts, c.lengths)]
        return concatenate(parts)
    return c


Memory = dict[tuple, Any]
"""What was worked out about the sources."""


def remembered(memory: Memory, key: tuple, make: Callable[[], Any]) -> Any:
    found = memory.get(key)
    if found is None:
        if len(memory) >= REMEMBERED:
            memory.clear()
        found = memory[key] = make()
    return found


def filled(c: Any, shape: tuple[int, ...], mask: np.ndarray | None, like: Any) -> Any:
    """A coefficient as an array of the shape, 0 where the mask is."""
    if shape_of(c) != shape:
        c = broadcast_to(c, shape=shape)
        if not isinstance(c, Carrier):
            c = np.asarray(c, dtype_of(like))
    return c if mask is None else where(mask, c, 0.0)
