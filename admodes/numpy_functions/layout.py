"""NumPy's functions for the layout of arrays (reshape, swapaxes, expand_dims and others) on traced
values, as compositions of the shaping operations."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from admodes.core.carrier import FUNCTIONS, Carrier, implements, innermost
from admodes.core.space import zeros
from admodes.core.values import shape_of
from admodes.errors import BadType, BadValue
from admodes.ops.indexing import plain_index
from admodes.ops.options import no_out, prepared, refuse
from admodes.ops.shaping import (
    array,
    broadcast_to,
    concatenate,
    full_shape,
    matrix_transpose,
    rank_of,
    reshape,
    stack,
    transpose,
)


def size_of(x: Any) -> int:
    return math.prod(shape_of(x))


def flat(x: Any) -> Any:
    """All entries of x in one axis."""
    return reshape(x, shape=(size_of(x),))


def _by_columns(a: Any, order: str | None, who: str) -> bool:
    """Whether the entries are read with the first index changing fastest, order="F"."""
    if order in (None, "C", "F"):
        return order == "F"
    x = innermost(a)
    if order in ("A", "K") and (not isinstance(x, np.ndarray) or x.flags.c_contiguous):
        return False
    raise BadType(
        f"{who} of a traced value with order={order!r} would follow its place in memory: give "
        "order='C' or order='F'"
    )


@implements(np.reshape)
def _reshape(a: Any, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    shape = full_shape(plain_index(shape), size_of(a))
    if not _by_columns(a, order, "np.reshape"):
        return reshape(a, shape=shape)
    return _transpose(reshape(_transpose(a), shape=shape[::-1]))


@implements(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return flat(_transpose(a) if _by_columns(a, order, "np.ravel") else a)


@implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    rank = rank_of(a)
    order = range(rank)[::-1] if axes is None else [i % rank for i in axes]
    return transpose(a, axes=tuple(order)) if rank else a


if hasattr(np, "matrix_transpose"):
    implements(np.matrix_transpose, np.linalg.matrix_transpose)(matrix_transpose)
    FUNCTIONS[np.permute_dims] = _transpose


@implements(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(rank_of(a)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(a, axes=tuple(order))


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """np.moveaxis."""
    sources, targets = (
        [int(k) % rank_of(a) for k in np.atleast_1d(np.asarray(given, int))]
        for given in (source, destination)
    )
    order = [i for i in range(rank_of(a)) if i not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return transpose(a, axes=tuple(order))


@implements(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    rank = rank_of(a)
    axis, start = axis % rank, start + rank if start < 0 else start
    return moveaxis(a, axis, start - 1 if start > axis else start)


@implements(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = rank_of(a) + len(axes)
    places = {i % rank for i in axes}
    lengths = iter(shape_of(a))
    return reshape(a, shape=tuple(1 if i in places else next(lengths) for i in range(rank)))


@implements(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    return reshape(a, shape=np.squeeze(np.empty(shape_of(a)), axis).shape)


@implements(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return broadcast_to(array, shape=full_shape(shape, 0))


@implements(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple:
    shape = np.broadcast_shapes(*map(shape_of, args))
    return tuple(broadcast_to(array(a), shape=shape) for a in args)


def _at_least(function: Any) -> None:
    @implements(function)
    def handler(*arys: Any) -> Any:
        given = [array(a) for a in arys]
        shapes = (function(np.empty(shape_of(a))).shape for a in given)
        made = tuple(reshape(a, shape=s) for a, s in zip(given, shapes, strict=True))
        return made[0] if len(made) == 1 else made


for _function in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    _at_least(_function)


def _parts_of(arrays: Any, options: dict, who: str) -> list:
    """The arrays to be joined, in the precision that dtype= asks for where casting= allows it."""
    no_out(options.pop("out", None), who)
    kind, casting = options.pop("dtype", None), options.pop("casting", "same_kind")
    refuse(options, who)
    parts = [prepared(a, {"dtype": kind}, who)[0] for a in arrays]
    if kind is not None and not all(np.can_cast(array(a).dtype, kind, casting) for a in arrays):
        raise BadType(f"{who}: casting={casting!r} does not allow dtype={np.dtype(kind)}")
    return parts


@implements(np.stack)
def _stack(arrays: Any, axis: int = 0, **options: Any) -> Any:
    return stack(_parts_of(arrays, options, "np.stack"), axis)


if hasattr(np, "unstack"):

    @implements(np.unstack)
    def _unstack(x: Any, /, *, axis: int = 0) -> tuple:
        axis %= rank_of(x)
        return tuple(x[(*(slice(None),) * axis, k)] for k in range(shape_of(x)[axis]))


@implements(np.concatenate)
def _concatenate(arrays: Any, axis: int | None = 0, out: Any = None, **options: Any) -> Any:
    options["out"] = out
    return concatenate(_parts_of(arrays, options, "np.concatenate"), axis)


@implements(np.hstack)
def _hstack(tup: Any, **options: Any) -> Any:
    parts = [FUNCTIONS[np.atleast_1d](a) for a in _parts_of(tup, options, "np.hstack")]
    return concatenate(parts, 0 if rank_of(parts[0]) == 1 else 1)


@implements(np.vstack)
def _vstack(tup: Any, **options: Any) -> Any:
    parts = _parts_of(tup, options, "np.vstack")
    return concatenate([FUNCTIONS[np.atleast_2d](a) for a in parts], 0)


@implements(np.dstack)
def _dstack(tup: Any) -> Any:
    return concatenate([FUNCTIONS[np.atleast_3d](a) for a in tup], 2)


@implements(np.column_stack)
def _column_stack(tup: Any) -> Any:
    parts = [array(a) for a in tup]
    columns = [p if rank_of(p) > 1 else reshape(p, shape=(size_of(p), 1)) for p in parts]
    return concatenate(columns, 1)


@implements(np.block)
def _block(arrays: Any) -> Any:
    def depth(parts: Any) -> int:
        return 1 + max(map(depth, parts), default=0) if isinstance(parts, list) else 0

    def leaves(parts: Any) -> list:
        return [leaf for p in parts for leaf in leaves(p)] if isinstance(parts, list) else [parts]

    levels = depth(arrays)
    rank = max(levels, *(rank_of(array(leaf)) for leaf in leaves(arrays)))

    def joined(parts: Any, level: int) -> Any:
        if not isinstance(parts, list):
            part = array(parts)
            return reshape(part, shape=(1,) * (rank - rank_of(part)) + shape_of(part))
        return concatenate([joined(p, level + 1) for p in parts], axis=rank - levels + level)

    return joined(arrays, 0)


@implements(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return concatenate([arr, values], axis)


@implements(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    arr = flat(arr) if axis is None else arr
    axis = 0 if axis is None else axis % rank_of(arr)
    if isinstance(arr, np.ndarray) and arr.dtype.kind not in "fc":
        raise BadType(
            f"np.insert into an array of {arr.dtype} would round the traced values: write "
            "np.insert(arr.astype(float), …)"
        )
    at, values = plain_index(obj), array(values)
    if np.ndim(at) == 0:
        lined = (1,) * (rank_of(arr) - rank_of(values)) + shape_of(values)
        values = moveaxis(reshape(values, shape=lined), 0, axis)
        at = [at] * shape_of(values)[axis]
    kept = np.insert(np.arange(shape_of(arr)[axis]), at, -1)
    count = int(np.sum(kept < 0))
    where = (slice(None),) * axis
    shape = list(shape_of(arr))
    shape[axis] = count
    spread = broadcast_to(values, shape=tuple(shape))
    order = np.where(kept < 0, shape_of(arr)[axis] + np.cumsum(kept < 0) - 1, kept)
    return concatenate([arr, spread], axis)[(*where, order)]


def _split_points(sections: Any, n: int, even: bool) -> list[int]:
    sections = plain_index(sections)
    if np.iterable(sections):
        return [0, *(slice(0, int(i)).indices(n)[1] for i in sections), n]
    if even and n % sections:
        raise BadValue(f"np.split: {n} entries cannot be split into {sections} equal parts")
    return [0, *np.cumsum([n // sections + (k < n % sections) for k in range(sections)]).tolist()]


def _parts(ary: Any, sections: Any, axis: int, even: bool) -> list:
    axis %= rank_of(ary)
    points = _split_points(sections, shape_of(ary)[axis], even)
    before = (slice(None),) * axis
    return [ary[(*before, slice(a, b))] for a, b in itertools.pairwise(points)]


@implements(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list:
    return _parts(ary, indices_or_sections, axis, even=True)


@implements(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list:
    return _parts(ary, indices_or_sections, axis, even=False)


@implements(np.hsplit)
def _hsplit(ary: Any, indices_or_sections: Any) -> list:
    return _split(ary, indices_or_sections, 0 if rank_of(ary) == 1 else 1)


@implements(np.vsplit)
def _vsplit(ary: Any, indices_or_sections: Any) -> list:
    return _split(ary, indices_or_sections, 0)


@implements(np.dsplit)
def _dsplit(ary: Any, indices_or_sections: Any) -> list:
    return _split(ary, indices_or_sections, 2)


@implements(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: Any = "xy") -> tuple:
    shapes = [
        g.shape for g in np.meshgrid(*[_blank(x) for x in xi], sparse=True, indexing=indexing)
    ]
    grids = tuple(reshape(array(x), shape=s) for x, s in zip(xi, shapes, strict=True))
    if not sparse:
        grids = _broadcast_arrays(*grids)
    return tuple(g.clone() if isinstance(g, Carrier) else g for g in grids) if copy else grids


def _blank(x: Any) -> Any:
    return np.empty(shape_of(x))


@implements(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return a.clone()


@implements(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return shape_of(a)


@implements(np.ndim)
def _ndim(a: Any) -> int:
    return rank_of(a)


@implements(np.size)
def _size(a: Any, axis: int | None = None) -> int:
    return size_of(a) if axis is None else shape_of(a)[axis]


def _filled_like(function: Any, fill: Any) -> None:
    @implements(function)
    def handler(a: Any, dtype: Any = None, **options: Any) -> Any:
        return fill(options.get("shape") or shape_of(a), dtype or _dtype(a))


_filled_like(np.zeros_like, np.zeros)
_filled_like(np.empty_like, np.zeros)
_filled_like(np.ones_like, np.ones)


@implements(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    shape = options.get("shape") or shape_of(a)
    if isinstance(fill_value, Carrier):
        return broadcast_to(fill_value, shape=shape).clone()
    return np.full(shape, fill_value, dtype or _dtype(a))


def _dtype(a: Any) -> Any:
    return zeros((1,), a).dtype if not isinstance(a, Carrier) else a.dtype


@implements(np.result_type)
def _result_type(*given: Any) -> Any:
    return np.result_type(*(g.dtype if isinstance(g, Carrier) else g for g in given))


@implements(np.iscomplexobj)
def _iscomplexobj(x: Any) -> bool:
    return x.dtype.kind == "c"


@implements(np.isrealobj)
def _isrealobj(x: Any) -> bool:
    return x.dtype.kind != "c"
