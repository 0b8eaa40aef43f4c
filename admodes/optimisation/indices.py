"""What an index takes of an array: every entry in order, so that indexing with it changes nothing,
or all along each axis but one.
"""

from __future__ import annotations

from typing import Any

from admodes.ops.indexing import is_basic


def covers(index: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index takes every entry of an array in order."""
    return is_basic(index) and not _cut(index, shape)


def along_one_axis(index: Any, shape: tuple[int, ...]) -> tuple[int, slice | int] | None:
    """(axis, positions on it) where an index takes all entries along the other axes."""
    cut = _cut(index, shape) if is_basic(index) else []
    return cut[0] if len(cut) == 1 else None


def _cut(index: Any, shape: tuple[int, ...]) -> list[tuple[int, slice | int]]:
    """The axes of which an index takes other than all entries in order, with what it takes."""
    parts = index if isinstance(index, tuple) else (index,)
    used = sum(p is not None and p is not Ellipsis for p in parts)
    if Ellipsis in parts:
        k = parts.index(Ellipsis)
        parts = (*parts[:k], *(slice(None),) * (len(shape) - used), *parts[k + 1 :])
    found: list[tuple[int, slice | int]] = []
    for axis, p in enumerate(p for p in parts if p is not None):
        n = shape[axis]
        whole = p.indices(n) == (0, n, 1) if isinstance(p, slice) else n == 1
        if not whole:
            found.append((axis, p))
    return found
