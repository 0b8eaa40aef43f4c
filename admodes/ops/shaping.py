"""The declarations of operations that give an array another shape or join arrays, each with its
transpose."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.forms import Example
from admodes.core.linear import linear
from admodes.core.op import REGISTRY, Op
from admodes.core.space import dtype_of, is_complex, sum_to
from admodes.core.structure import ENTRYWISE, KEEPS, STRETCHED, reduction, stretched_axes
from admodes.core.truth import is_whole
from admodes.core.values import numeric, shape_of
from admodes.errors import BadValue

SMALL = 4096
"""Up to so many entries a copy is cheaper than NumPy's view of repeated entries."""


def _stretched(x: Any, shape: tuple[int, ...]) -> Any:
    if math.prod(shape) > SMALL:
        return np.broadcast_to(x, shape)
    out = np.empty(shape, getattr(x, "dtype", float))
    out[...] = x
    return out


def _broadcast_batch(args: tuple, mapped: tuple, shape: tuple) -> Any:
    (x,) = args
    n, *rest = shape_of(x)
    lined_up = reshape(x, shape=(n, *(1,) * (len(shape) - len(rest)), *rest))
    return broadcast_to(lined_up, shape=(n, *shape))


def _unbroadcast_batch(args: tuple, mapped: tuple, shape: tuple) -> Any:
    (x,) = args
    n, *rest = shape_of(x)
    summed = unbroadcast(x, shape=(n, *(1,) * (len(rest) - len(shape)), *shape))
    return reshape(summed, shape=(n, *shape))


broadcast_to: Op = linear(
    "broadcast_to",
    _stretched,
    lambda w, y, x, shape: unbroadcast(w, shape=shape_of(x)),
    batch=_broadcast_batch,
    doc="An array stretched to a shape by NumPy's broadcasting rules.",
    role="broadcast",
    views=lambda params: True,
    kind="moves",
    structure=STRETCHED,
)
unbroadcast: Op = linear(
    "unbroadcast",
    sum_to,
    lambda w, y, x, shape: broadcast_to(w, shape=shape_of(x)),
    batch=_unbroadcast_batch,
    role="unbroadcast",
    structure=reduction(lambda shape, params: stretched_axes(shape, params["shape"])),
    kind="additions",
    example=Example(((4,),), {"shape": ()}),
    doc="The transpose of broadcasting: the sum over every axis that broadcasting stretched.",
)


def _reshape_batch(args: tuple, mapped: tuple, shape: tuple) -> Any:
    (x,) = args
    n, *rest = shape_of(x)
    return reshape(x, shape=(n, *full_shape(shape, math.prod(rest))))


reshape: Op = linear(
    "reshape",
    lambda x, shape: np.asarray(x).reshape(shape),
    lambda w, y, x, shape: reshape(w, shape=shape_of(x)),
    batch=_reshape_batch,
    cost=lambda args, y, shape: {},
    example=Example(((4,),), {"shape": (2, 2)}),
    doc="The same entries in another shape.",
    role="reshape",
    views=lambda params: True,
    kind="moves",
    structure=KEEPS,
)


def full_shape(shape: Any, size: int) -> tuple[int, ...]:
    """A shape of size entries with -1 replaced."""
    given = tuple(map(int, shape)) if isinstance(shape, (tuple, list)) else (int(shape),)
    if -1 not in given:
        return given
    known = math.prod(n for n in given if n != -1)
    return tuple(size // known if n == -1 and known else n for n in given)


def _inverse_order(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


transpose: Op = linear(
    "transpose",
    lambda x, axes: x.transpose(axes),
    lambda w, y, x, axes: transpose(w, axes=_inverse_order(axes)),
    batch=lambda args, mapped, axes: transpose(args[0], axes=(0, *(a + 1 for a in axes))),
    cost=lambda args, y, axes: {},
    text="{0}ᵀ",
    latex=r"{{0}}^{\top}",
    example=Example(((2, 3),), {"axes": (1, 0)}),
    doc="The axes of an array in another order.",
    role="transpose",
    views=lambda params: True,
    kind="moves",
    structure=KEEPS,
)


def constant(x: Any, like: Any) -> Any:
    """A real constant in the precision of like, so that float32 stays float32."""
    return np.asarray(x, np.finfo(dtype_of(like)).dtype)[()]


def _as_before(w: Any, dtype: np.dtype) -> Any:
    w = REGISTRY["real"](w) if dtype.kind == "f" and is_complex(w) else w
    return astype(w, dtype=dtype)


astype: Op = linear(
    "astype",
    lambda x, dtype: np.asarray(x).astype(dtype),
    lambda w, y, x, dtype: _as_before(w, dtype_of(x)),
    doc="The same entries in another precision.",
    role="cast",
    kind="moves",
    commutes=True,
    structure=ENTRYWISE,
    conjugates=True,
)


def _unstack(wanted: Sequence[int], w: Any, y: Any, args: tuple, axis: int = 0) -> Iterator[Any]:
    before = (slice(None),) * (axis % len(shape_of(w)))
    return (w[(*before, i)] for i in wanted)


def spread(args: tuple, mapped: tuple[bool, ...]) -> list:
    """All arguments with the leading axis of a batch."""
    n = shape_of(args[mapped.index(True)])[0]
    return [
        a if own else broadcast_to(a, shape=(n, *shape_of(a)))
        for a, own in zip(args, mapped, strict=True)
    ]


def _stack_batch(args: tuple, mapped: tuple, axis: int = 0) -> Any:
    return _stack(*spread(args, mapped), axis=axis + 1 if axis >= 0 else axis)


_stack: Op = linear(
    "stack",
    lambda *xs, axis=0: np.stack([np.asarray(x) for x in xs], axis, dtype=np.result_type(*xs)),
    _unstack,
    arity=None,
    batch=_stack_batch,
    text="[{*}]",
    latex="[{*}]",
    doc="Values of one shape along a new axis.",
    role="stack",
    kind="moves",
    structure=KEEPS,
)


def _segments(wanted: Sequence[int], w: Any, y: Any, args: tuple, axis: int) -> Iterator[Any]:
    before = (slice(None),) * axis
    ends = list(accumulate(shape_of(a)[axis] for a in args[: wanted[-1] + 1]))
    return (w[(*before, slice(ends[i] - shape_of(args[i])[axis], ends[i]))] for i in wanted)


_concatenate: Op = linear(
    "concatenate",
    lambda *xs, axis: np.concatenate(xs, axis),
    _segments,
    arity=None,
    batch=lambda args, mapped, axis: _concatenate(*spread(args, mapped), axis=axis + 1),
    text="[{*}]",
    latex="[{*}]",
    doc="Arrays joined along an axis that they have.",
    kind="moves",
    structure=KEEPS,
)


def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    """np.concatenate: arrays joined along an axis; along all entries where axis is None."""
    if isinstance(arrays, Carrier):
        arrays = list(arrays)
    parts = [array(a) for a in arrays]
    if axis is None:
        parts = [reshape(p, shape=(math.prod(shape_of(p)),)) for p in parts]
        axis = 0
    ranks = {len(shape_of(p)) for p in parts}
    if len(ranks) != 1 or ranks == {0}:
        shapes = ", ".join(str(shape_of(p)) for p in parts)
        raise BadValue(f"concatenate: arrays of one rank, at least 1, are needed; got {shapes}")
    (rank,) = ranks
    if not -rank <= axis < rank:
        raise BadValue(f"concatenate: axis {axis} of arrays with {rank} axes")
    return _concatenate(*parts, axis=axis % rank)


def stack(values: Any, axis: int = 0) -> Any:
    """Join numbers, arrays or traced values of one shape along a new axis, as np.stack does.

    Raises ValueError where the shapes differ or there is nothing to join.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.jacobian(lambda x: ad.stack([x[0] * x[1], x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [0., 1.]])
    """
    values = list(values)
    shapes = {shape_of(v) for v in values}
    if len(shapes) != 1:
        raise BadValue(
            f"stack: {'nothing to join' if not shapes else f'the shapes differ: {sorted(shapes)}'}"
        )
    return _stack(*values, axis=axis)


def array(values: Any) -> Any:
    """np.array for nested lists and tuples that may hold traced values.

    Numbers and nested sequences of numbers become a float64 array; traced values keep their
    derivatives. Raises ValueError where the nesting is ragged.

    >>> import admodes as ad
    >>> ad.jacobian(lambda t: ad.array([[1.0, t], [t * t, 0.0]]))(3.0)
    array([[0., 1.],
           [6., 0.]])
    """
    if isinstance(values, Carrier) or values.__class__ is np.ndarray:
        return values
    if not isinstance(values, (list, tuple)):
        return numeric(values, "array", complex_too=True)
    parts = [array(v) for v in values]
    if not any(isinstance(p, Carrier) for p in parts):
        return numeric(np.array(parts), "array", complex_too=True)
    return stack(parts)


def floating(values: Any) -> Any:
    """array(values), where whole numbers and truth values are floats: differences of small ones
    would wrap."""
    x = array(values)
    return x.astype(float) if is_whole(x) else x


def rank_of(x: Any) -> int:
    return x.ndim if x.__class__ is np.ndarray else len(shape_of(x))


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged."""
    rank = rank_of(x)
    return transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))
