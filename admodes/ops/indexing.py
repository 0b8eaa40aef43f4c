"""The declarations of indexing and of its transpose, which puts entries back where they came from
and adds those that meet; and the NumPy functions that pick entries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import (
    SAMPLES_DIFFER,
    Carrier,
    implements,
    innermost,
    settled,
)
from admodes.core.entries import meetings
from admodes.core.forms import Example
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.structure import MOVES, Moves
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue, LostDerivative
from admodes.ops.shaping import reshape, spread, transpose


def is_basic(index: Any) -> bool:
    """Whether an index picks each entry at most once: integers, slices, ... and None."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None
        or p is Ellipsis
        or (isinstance(p, (slice, int, np.integer)) and not isinstance(p, (bool, np.bool_)))
        for p in parts
    )


FEW = 64
"""So many entries are added as they are."""


def picked_rows(index: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Of an index of arrays of integers, one for each of the first axes: which rows it picks, as
    numbers from 0, a row being what the other axes of an array of this shape hold. None for others.
    """
    parts = index if isinstance(index, tuple) else (index,)
    arrays = all(isinstance(p, np.ndarray) and p.dtype.kind in "iu" for p in parts)
    lead = shape[: len(parts)]
    if not arrays or not parts or 0 in lead:
        return None
    return np.ravel_multi_index(np.broadcast_arrays(*parts), lead, mode="wrap")


def picked_entries(index: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """The numbers of the entries that such an index picks."""
    rows = picked_rows(index, shape)
    width = math.prod(shape[len(index) if isinstance(index, tuple) else 1 :])
    if rows is None or width == 1:
        return rows
    return (rows[..., None] * width + np.arange(width)).ravel()


def _add_at(buffer: Any, w: Any, index: Any) -> None:
    if is_basic(index):
        buffer[index] += w
        return
    # Along one vector of places NumPy adds ten times as fast as along several or whole rows.
    entries = None
    if np.size(w) > FEW and buffer.flags.c_contiguous:
        entries = picked_entries(index, buffer.shape)
    if entries is None or entries.size != np.size(w):
        np.add.at(buffer, index, w)
    else:
        np.add.at(buffer.reshape(-1), entries.ravel(), w.ravel())


def _place(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, getattr(x, "dtype", float))
    if is_basic(index):
        out[index] = x[()] if isinstance(x, np.ndarray) else x
    else:
        _add_at(out, x, index)
    return out


def scatter_cost(op: Callable[[], Op]) -> Callable[..., dict[str, int]]:
    """The cost of an operation that adds entries into zeros."""

    def cost(args: tuple, y: Any, **params: Any) -> dict[str, int]:
        shape = params["shape"]
        return {"moves": math.prod(shape), "additions": meetings(op(), params, shape, args[1:])}

    return cost


def explicit(index: Any, rank: int) -> tuple:
    """An index as a tuple with one entry per axis, without ..., so that axes can follow it."""
    parts = index if isinstance(index, tuple) else (index,)
    used = sum(_axes_used(p) for p in parts)
    fill = (slice(None),) * (rank - used)
    dots = [k for k, p in enumerate(parts) if p is Ellipsis]
    if not dots:
        return (*parts, *fill)
    return (*parts[: dots[0]], *fill, *parts[dots[0] + 1 :])


def _axes_used(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    array = np.asarray(part) if isinstance(part, (list, np.ndarray, bool, np.bool_)) else None
    return array.ndim if array is not None and array.dtype.kind == "b" else 1


def last_first(x: Any) -> Any:
    rank = len(shape_of(x))
    return transpose(x, axes=(rank - 1, *range(rank - 1)))


def first_last(x: Any) -> Any:
    rank = len(shape_of(x))
    return transpose(x, axes=(*range(1, rank), 0))


def _getitem_batch(args: tuple, mapped: tuple, index: Any) -> Any:
    (x,) = args
    parts = index if isinstance(index, tuple) else (index,)
    if is_basic(index):
        return getitem(x, index=(slice(None), *parts))
    picked = explicit(index, len(shape_of(x)) - 1)
    return last_first(getitem(first_last(x), index=picked))


def _place_batch(args: tuple, mapped: tuple, index: Any, shape: tuple) -> Any:
    (x,) = args
    n = shape_of(x)[0]
    parts = index if isinstance(index, tuple) else (index,)
    if is_basic(index):
        return place(x, index=(slice(None), *parts), shape=(n, *shape))
    placed = place(first_last(x), index=explicit(index, len(shape)), shape=(*shape, n))
    return last_first(placed)


def _pick(x: Any, index: Any) -> Any:
    x = x if isinstance(x, np.ndarray) else np.float64(x)
    return x[index]


getitem: Op = linear(
    "getitem",
    _pick,
    lambda w, y, x, index: place(w, index=index, shape=shape_of(x)),
    batch=_getitem_batch,
    accumulate=_add_at,
    views=lambda params: is_basic(params["index"]) if params else False,
    text="{0}[{index}]",
    latex="{0}[{index}]",
    role="pick",
    doc="x[index]: integers, slices, ... and None, lists and arrays of integers, masks.",
    kind="moves",
    structure=MOVES,
)
place: Op = linear(
    "place",
    _place,
    lambda w, y, x, index, shape: getitem(w, index=index),
    batch=_place_batch,
    example=Example(((4,),), {"index": np.array([0, 0, 0, 1]), "shape": (2,)}),
    cost=scatter_cost(lambda: place),
    doc="The transpose of indexing: x at index in an array of zeros.",
    kind="moves",
    structure=Moves(into=lambda places, params, others: places[params["index"]], keeps=True),
)


def along_axis_index(indices: Any, axis: int) -> tuple:
    """Indices along an axis as an index of all axes."""
    if indices.ndim == 1:
        return (indices,)
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[axis] = indices
    return tuple(grid)


def _pick_along(x: Any, indices: Any, axis: int) -> Any:
    x, indices = np.asarray(x), np.asarray(indices)
    if indices.ndim == x.ndim > 1 and 0 < indices.size == indices.shape[axis]:
        # The same positions in each line: whole rows.
        return x.take(indices.ravel().astype(np.intp, copy=False), axis)
    return x[along_axis_index(lined_up(indices, x.shape, axis), axis)]


def lined_up(indices: Any, shape: tuple, axis: int) -> Any:
    """indices (whole numbers, which may be calculated and so be floats) broadcast against shape,
    axis apart."""
    indices = np.asarray(indices).astype(np.intp, copy=False)
    if indices.ndim == len(shape) == 1:
        return indices
    wanted = [*shape]
    wanted[axis] = indices.shape[axis]
    return np.broadcast_to(indices, np.broadcast_shapes(tuple(wanted), indices.shape))


def _add_along(w: Any, indices: Any, axis: int, shape: tuple) -> Any:
    indices = lined_up(indices, shape, axis)
    out = np.zeros(shape, w.dtype)
    if indices.size == 1:
        out[along_axis_index(indices, axis)] += w
    else:
        _add_at(out, w, along_axis_index(indices, axis))
    return out


def _places_along(places: np.ndarray, params: dict, others: tuple) -> np.ndarray:
    axis = params["axis"]
    indices = lined_up(others[0], places.shape, axis)
    return places[along_axis_index(indices, axis)]  # type: ignore[no-any-return]


def _along_batch(args: tuple, mapped: tuple, axis: int, shape: tuple | None = None) -> Any:
    x, indices = spread(args, mapped)
    if shape is None:
        return take_along_axis(x, indices, axis=axis + 1)
    return add_along_axis(x, indices, axis=axis + 1, shape=(shape_of(x)[0], *shape))


take_along_axis: Op = linear(
    "take_along_axis",
    _pick_along,
    lambda w, y, x, indices, axis: add_along_axis(w, indices, axis=axis, shape=shape_of(x)),
    lambda w, y, x, indices, axis: None,
    arity=2,
    differentiable=(True, False),
    batch=_along_batch,
    doc="np.take_along_axis: entries picked by an array of indices along an axis.",
    kind="moves",
    structure=Moves(along_axis=True),
)
add_along_axis: Op = linear(
    "add_along_axis",
    _add_along,
    lambda w, y, x, indices, axis, shape: take_along_axis(w, indices, axis=axis),
    lambda w, y, x, indices, axis, shape: None,
    arity=2,
    differentiable=(True, False),
    batch=_along_batch,
    cost=scatter_cost(lambda: add_along_axis),
    example=Example(((4,), (4,)), {"axis": 0, "shape": (2,)}),
    doc="The transpose of take_along_axis: entries added at indices along an axis into zeros.",
    kind="moves",
    structure=Moves(into=_places_along, along_axis=True, keeps=True),
)


@implements(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        arr, axis = reshape(arr, shape=(-1,)), 0
    rank = len(shape_of(arr))
    indices = indices if isinstance(indices, Carrier) else np.asarray(indices)
    if len(shape_of(indices)) != rank:
        raise BadValue(f"take_along_axis: indices of shape {shape_of(indices)} for {rank} axes")
    if not isinstance(indices, Carrier) and indices.dtype.kind not in "iu":
        raise BadType(f"take_along_axis takes whole numbers as indices, got dtype {indices.dtype}")
    return take_along_axis(arr, indices, axis=axis % rank)


def plain_index(index: Any) -> Any:
    """An index as plain values: masks and positions that were traced have no derivative."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    if isinstance(index, list):
        return [plain_index(i) for i in index]
    if isinstance(index, Carrier):
        if index.dtype.kind == "f":
            raise LostDerivative(
                "a traced value cannot be an index: use int(ad.value(x)) or a condition"
            )
        if np.shape(innermost(index)) != index.shape:
            raise BadType(SAMPLES_DIFFER)
        return settled(np.asarray, index)
    return np.asarray(index) if isinstance(index, np.ndarray) else index


setattr(Carrier, "__getitem__", lambda self, i: getitem(self, index=plain_index(i)))  # noqa: B010
