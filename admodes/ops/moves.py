"""The declarations of the NumPy functions that only move entries: flip, roll, tile, repeat, pad,
diag, take and others.

What such a function does to any array is known from what it does to the numbers of the entries, so
one builder serves all: the transpose puts every entry back where it came from.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier, implements
from admodes.core.entries import sources
from admodes.core.forms import Example
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.pytree import flatten
from admodes.core.refusal import HOW_TO_ADD
from admodes.core.space import zeros
from admodes.core.structure import MOVES, Moves
from admodes.core.values import shape_of
from admodes.errors import BadType
from admodes.ops.indexing import getitem, place, plain_index, scatter_cost
from admodes.ops.shaping import concatenate, reshape


def mover(
    function: Callable[..., Any],
    doc: str = "",
    view: bool = False,
    transpose: Callable[..., Any] | None = None,
) -> Op:
    """Declare a NumPy function of one array that moves, repeats or drops entries, or fills with
    zeros; view: NumPy's result shares the memory of the array; transpose: where there is a quicker
    one than to put back every entry by itself."""

    def put_back(w: Any, y: Any, x: Any, **params: Any) -> Any:
        shape = shape_of(x)
        origin = sources(op, (x,), params).ravel()
        flat = place(reshape(w, shape=(origin.size,)), index=origin, shape=(math.prod(shape) + 1,))
        return reshape(flat[1:], shape=shape)

    def batch(args: tuple, mapped: tuple, **params: Any) -> Any:
        n, *rest = shape_of(args[0])
        origin = sources(op, (np.empty(rest),), params)
        rows = reshape(args[0], shape=(n, math.prod(rest)))
        rows = concatenate([zeros((n, 1), rows), rows], axis=1)
        return getitem(rows, index=(slice(None), origin))

    name = function.__name__
    op = linear(
        name,
        function,
        transpose or put_back,
        batch=batch,
        doc=doc or f"np.{name}: the same entries in other places.",
        kind="moves",
        structure=MOVES,
        views=(lambda params: True) if view else None,
    )
    return op


@cache
def _parameters(function: Callable) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _enter(
    function: Callable, view: bool = False, transpose: Callable[..., Any] | None = None
) -> Op:
    """Make a NumPy function, whose first parameter is the array, the operation on carriers."""
    op = mover(function, view=view, transpose=transpose)

    @implements(function)
    def handler(*args: Any, **kwargs: Any) -> Any:
        names = _parameters(function)
        params = dict(zip(names, args, strict=False)) | kwargs
        array = params.pop(names[0])
        for name, given in params.items():
            if isinstance(given, Carrier):
                raise BadType(f"np.{function.__name__}: {name} must be a plain value")
        return op(array, **params)

    return op


for _view in (np.flip, np.fliplr, np.flipud, np.rot90):
    _enter(_view, view=True)
diagonals = _enter(np.diagonal, view=True)


def _overlap(w: Any, sizes: tuple, axes: tuple, shape: tuple) -> Any:
    """Slices for each place in a window."""
    y = np.zeros(shape, w.dtype)
    for offsets in np.ndindex(*sizes):
        starts = [0] * len(shape)
        for axis, start in zip(axes, offsets, strict=True):
            starts[axis] += start
        part = tuple(slice(start, start + n) for start, n in zip(starts, w.shape, strict=False))
        y[part] += w[(Ellipsis, *offsets)]
    return y


def _windows_back(
    w: Any, y: Any, x: Any, window_shape: Any, axis: Any = None, **options: Any
) -> Any:
    shape = shape_of(x)
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis)
    sizes = tuple(map(int, np.atleast_1d(window_shape)))
    return overlap(w, sizes=sizes, axes=tuple(int(k) % len(shape) for k in axes), shape=shape)


windows = _enter(np.lib.stride_tricks.sliding_window_view, view=True, transpose=_windows_back)
overlap: Op = linear(
    "overlap",
    _overlap,
    lambda w, y, x, sizes, axes, shape: windows(w, window_shape=sizes, axis=axes),
    batch=lambda args, mapped, sizes, axes, shape: overlap(
        args[0],
        sizes=sizes,
        axes=tuple(k + 1 for k in axes),
        shape=(len(args[0]), *shape),
    ),
    cost=scatter_cost(lambda: overlap),
    example=Example(((3, 2),), {"sizes": (2,), "axes": (0,), "shape": (4,)}),
    doc="The transpose of sliding_window_view: windows are added up where they lie.",
    kind="moves",
    structure=Moves(
        # A copy, since a view would say that no place is named twice.
        into=lambda places, params, others: np.lib.stride_tricks.sliding_window_view(
            places, params["sizes"], params["axes"]
        ).copy(),
        keeps=True,
    ),
)
for _function in (
    np.roll,
    np.tile,
    np.repeat,
    np.diagflat,
    np.tril,
    np.triu,
    np.take,
    np.delete,
    np.resize,
):
    _enter(_function)
padded = mover(np.pad)
_matrix = mover(np.diag)


@implements(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    return _matrix(v, k=k) if len(shape_of(v)) == 1 else FUNCTIONS[np.diagonal](v, k)


@implements(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise BadType(f"np.pad with mode={mode!r} has no derivative in admodes: {HOW_TO_ADD}")
    filled = options.pop("constant_values", 0)
    if any(isinstance(x, Carrier) for x in flatten(filled)[0]):
        raise BadType(
            "np.pad takes plain constant_values=: write np.concatenate with the traced ones"
        )
    y = padded(array, pad_width=pad_width, mode=mode, **options)
    if mode != "constant" or not np.any(filled):
        return y
    return y + np.pad(np.zeros(shape_of(array), array.dtype), pad_width, constant_values=filled)


@implements(np.compress)
def _compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    kept = np.flatnonzero(plain_index(condition))
    return FUNCTIONS[np.take](a, kept, axis=axis)


@implements(np.extract)
def _extract(condition: Any, arr: Any) -> Any:
    return reshape(arr, shape=(-1,))[np.flatnonzero(plain_index(condition))]
