"""Arrays of expressions and of mpmath numbers: NumPy's broadcasting and moving, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from admodes.core.op import Op
from admodes.core.values import shape_of


def fill(shape: tuple[int, ...], items: Iterator[Any]) -> Any:
    """The next of the items, or an array of a shape made from the next ones."""
    if shape == ():
        return next(items)
    made = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        made[index] = next(items)
    return made


def boxed(x: Any) -> np.ndarray:
    """x as an array, of shape () where it is one object."""
    if isinstance(x, np.ndarray):
        return x
    box = np.empty((), dtype=object)
    box[()] = x
    return box


def components(x: Any) -> list:
    """The entries of an array in order, or the one number."""
    return [x] if x.__class__ is float else list(boxed(x).flat)


def entrywise(function: Callable[[Any], Any], x: Any) -> Any:
    """function of a number, or of every entry of an array."""
    shape = shape_of(x)
    return function(x) if shape == () else fill(shape, map(function, np.asarray(x).flat))


def points(xs: Sequence[Any], shape: tuple[int, ...]) -> Iterator[tuple]:
    """The arguments of each component of a result, with NumPy's broadcasting to its shape."""
    spread = [np.broadcast_to(boxed(x), shape) for x in xs]
    return (tuple(x[index] for x in spread) for index in np.ndindex(shape))


def broadcast(function: Callable[..., Any], xs: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """function entry by entry, with NumPy's broadcasting of the arguments to shape."""
    if shape == () and not any(isinstance(x, np.ndarray) for x in xs):
        return function(*xs)
    return fill(shape, (function(*point) for point in points(xs, shape)))


def structural(op: Op, args: Sequence[Any], params: dict | None) -> Any:
    """A linear operation's own value function, on arrays of objects."""
    lifted = [boxed(a) if op.active(i) else np.asarray(a) for i, a in enumerate(args)]
    picked = op.array(*lifted, **(params or {}))
    result = np.asarray(picked, dtype=object)
    return result[()] if result.shape == () else result
