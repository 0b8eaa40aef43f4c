"""What the turns of a loop pick from one array, each in its place, as one selection from it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from admodes.ops.indexing import explicit


def joined(arrays: list[np.ndarray]) -> np.ndarray | None:
    """The array whose entries along the first axis these arrays are, one after the other, without
    a copy; None where there is none.

    >>> import numpy as np
    >>> x = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> joined([x[2], x[1]]).tolist()
    [[4.0, 5.0], [2.0, 3.0]]
    """
    base = getattr(arrays[0], "base", None)
    if len(arrays) < 2 or not isinstance(base, np.ndarray) or not base.size:
        return None
    whole: np.ndarray = base
    if whole.ndim != arrays[0].ndim + 1:
        return None
    part, begin = whole[0], _address(whole)
    if part.shape != arrays[0].shape or part.dtype != arrays[0].dtype or not whole.strides[0]:
        return None
    numbers = []
    for a in arrays:
        if getattr(a, "base", None) is not whole:
            return None
        number, rest = divmod(_address(a) - begin, whole.strides[0])
        inside = not rest and 0 <= number < len(whole)
        if not inside or (a.shape, a.strides, a.dtype) != (part.shape, part.strides, part.dtype):
            return None
        numbers.append(number)
    steps = set(np.diff(numbers).tolist())
    if len(steps) != 1 or 0 in steps:
        return None
    (by,) = steps
    stop = numbers[-1] + (1 if by > 0 else -1)
    return whole[numbers[0] : None if stop < 0 else stop : by]


def _address(a: np.ndarray) -> int:
    return int(a.__array_interface__["data"][0])


class Selection(NamedTuple):
    """x[where], of shape `shape` where that is another, whose axis `axis` goes over the turns."""

    where: tuple
    shape: tuple[int, ...] | None
    axis: int


def selection(
    index: Any, steps: tuple[int, ...], turns: int, shape: tuple[int, ...]
) -> Selection | None:
    """What turns pick from an array of a shape, the first of them x[index]; steps: by how much each
    number in the index goes on from turn to turn. None where it is no one selection.

    >>> import numpy as np
    >>> x = np.arange(12.0).reshape(6, 2)
    >>> found = selection((1, 0), (2, 0), 3, x.shape)
    >>> found.where, x[found.where].tolist()
    ((slice(1, 6, 2), 0), [2.0, 6.0, 10.0])
    """
    left = list(steps)
    parts = explicit(index, len(shape))
    moving = [(k, part, by) for k, part in enumerate(parts) if any(by := _taken(part, left))]
    if len(moving) == 1 and not isinstance(moving[0][1], slice):
        k, part, (step,) = moving[0]
        last = part + step * (turns - 1)
        stop = last + (1 if step > 0 else -1)
        inside = stop >= 0 if part >= 0 else stop < 0
        picked: Any = slice(part, stop if inside else None, step)
        return Selection((*parts[:k], picked, *parts[k + 1 :]), None, _axes(parts[:k]))
    if len(moving) == 1 and all(p is None or isinstance(p, slice) for p in parts):
        k, part, by = moving[0]
        return _windows(parts, k, set(by), turns, shape)
    if all(not (p is None or isinstance(p, slice)) for p in parts):
        left = list(steps)
        ways = [p + _taken(p, left)[0] * np.arange(turns) for p in parts]
        return Selection(tuple(ways), None, 0)
    return None


def _taken(part: Any, steps: list[int]) -> tuple[int, ...]:
    """The steps of the numbers in a part of an index, which are taken from those that are left."""
    if part is None:
        return ()
    held = [part.start, part.stop] if isinstance(part, slice) else [part]
    return tuple(steps.pop(0) for x in held if x is not None)


def _axes(parts: tuple) -> int:
    """The axes of what a basic index picks."""
    return sum(part is None or isinstance(part, slice) for part in parts)


def _windows(
    parts: tuple, k: int, by: set[int], turns: int, shape: tuple[int, ...]
) -> Selection | None:
    """The slices that part k of an index goes through."""
    axis = sum(part is not None for part in parts[:k])
    part, length = parts[k], shape[axis]
    if len(by) != 1 or part.start is None or part.stop is None:
        return None
    (step,) = by
    first = range(*part.indices(length))
    last = range(
        *slice(part.start + step * (turns - 1), part.stop + step * (turns - 1), part.step).indices(
            length
        )
    )
    if len(last) != len(first) or not first or last[0] - first[0] != step * (turns - 1):
        return None
    at = _axes(parts[:k])
    if step == len(first) and first.step == 1:
        chosen = (*parts[:k], slice(first[0], last[-1] + 1), *parts[k + 1 :])
        kept = np.empty(shape, np.bool_)[chosen].shape
        return Selection(chosen, (*kept[:at], turns, step, *kept[at + 1 :]), at)
    places = first[0] + step * np.arange(turns)[:, None] + np.array(first) - first[0]
    return Selection((*parts[:k], places, *parts[k + 1 :]), None, at)
