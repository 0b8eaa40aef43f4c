"""Whether an index takes every entry of an array in order, so that indexing with it changes
nothing.
"""

from __future__ import annotations

from typing import Any

from admodes.ops.indexing import is_basic


def covers(index: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index takes every entry of an array in order."""
    parts = index if isinstance(index, tuple) else (index,)
    if not is_basic(index):
        return False
    used = sum(p is not None and p is not Ellipsis for p in parts)
    lengths = list(shape)
    if Ellipsis in parts:
        k = parts.index(Ellipsis)
        parts = (*parts[:k], *(slice(None),) * (len(shape) - used), *parts[k + 1 :])
    sizes = iter(lengths)
    for p in parts:
        if p is None:
            continue
        n = next(sizes)
        if isinstance(p, slice):
            if p.indices(n) != (0, n, 1):
                return False
        elif n != 1:
            return False
    return True
