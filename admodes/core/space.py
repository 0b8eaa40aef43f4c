"""The arithmetic of derivatives that sweeps and batches need: zeros, sums, products in which an
exact zero wins (0 times inf is 0), shapes and dtypes.

The operations for it are declared in admodes/ops, which core does not import: a declaration with
role= enters its operation here when it registers, so core knows none by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, innermost
from admodes.core.structure import stretched_axes
from admodes.core.values import FLOAT, Tangent, canonical, shape_of
from admodes.errors import BadType

vdot = np.vdot


class Space:
    """The operations that sweeps and batches are made of, as they take numbers, arrays and
    carriers; a declaration says with role= which it is."""

    add: Callable[..., Any]
    multiply: Callable[..., Any]
    strong: Callable[..., Any]
    """partial × tangent, 0 wherever the tangent is exactly 0."""
    tangents: Callable[..., Any]
    """The product of two tangents, 0 wherever either is exactly 0."""
    where: Callable[..., Any]
    reshape: Callable[..., Any]
    transpose: Callable[..., Any]
    broadcast: Callable[..., Any]
    unbroadcast: Callable[..., Any]
    """The sum to a shape, over what broadcasting stretched."""
    stack: Callable[..., Any]
    pick: Any
    """x[index]."""
    assign: Callable[..., Any]
    """x with other entries at an index."""
    cast: Callable[..., Any]
    real: Callable[..., Any]
    conjugate: Callable[..., Any]


space = Space()


def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The sum of a plain array over every axis that broadcasting stretched from shape."""
    x = np.asarray(x)
    # Without an axis left, NumPy's sum of objects would be an object and no array.
    objects = x.dtype.kind == "O"
    y = np.add.reduce(x, axis=stretched_axes(x.shape, shape), keepdims=objects)
    return y if y.shape == shape else y.reshape(shape)


def strong(p: Any, t: Tangent, cut: Callable[[], Any] | None = None) -> Any:
    """p t, and 0 wherever t is exactly 0, of plain numbers and arrays; where cut() holds, also
    wherever p is."""
    y = p * t
    if y.__class__ is float:
        return 0.0 if not t or (cut is not None and not p and cut()) else y
    if y.dtype.kind != "O":
        flat = y.ravel("K") if y.ndim > 1 else y
        # One pass tells whether the product is already right: only 0 × inf and 0 × nan are not.
        probe = vdot(flat, flat)
        if probe == probe:
            return y
    zero = np.equal(t, 0)
    return np.where(zero if cut is None else zero | (np.equal(p, 0) & cut()), 0.0, y)


def aligned(args: tuple, mapped: tuple[bool, ...]) -> tuple:
    """Arguments whose samples broadcast together although some have the leading axis of a batch:
    axes of length 1 are put between it and the sample."""
    ranks = [len(shape_of(a)) - own for a, own in zip(args, mapped, strict=True)]
    most = max(ranks)

    def stretched(a: Any, rank: int) -> Any:
        n, *rest = shape_of(a)
        return space.reshape(a, shape=(n, *(1,) * (most - rank), *rest))

    return tuple(
        stretched(a, rank) if own and rank < most else a
        for a, own, rank in zip(args, mapped, ranks, strict=True)
    )


def later(axis: Any, rank: int) -> Any:
    """An axis argument of NumPy for arrays of this rank, None for all axes, where the leading axis
    of a batch is put before them."""
    if axis is None or rank == 0:
        return tuple(range(1, rank + 1))
    if isinstance(axis, tuple):
        return tuple(a % rank + 1 for a in axis)
    return axis % rank + 1


def dtype_of(x: Any) -> np.dtype:
    """The dtype of derivatives of x: its own where that is of floats or complex, else float64."""
    kind = getattr(innermost(x), "dtype", FLOAT)
    return kind if kind.kind in "fc" else FLOAT


def is_complex(x: Any) -> bool:
    """Whether x holds complex numbers, however deep."""
    while isinstance(x, Carrier):
        x = x.primal
    return getattr(x, "dtype", FLOAT).kind == "c" or x.__class__ is complex


def as_real(term: Any, x: Any) -> Any:
    """A contribution to a real argument is real."""
    found = term.__class__
    if found is not float and (found is not np.ndarray or term.dtype.kind == "c"):
        return space.real(term) if is_complex(term) and not is_complex(x) else term
    return term


def zeros(shape: tuple[int, ...], like: Any) -> Any:
    """Zero of a shape, float32 where like is float32."""
    return canonical(np.zeros(shape, dtype_of(like))) if like.__class__ is not float else 0.0


def cast(t: Tangent, like: Any) -> Any:
    """A tangent or cotangent in the precision of what it belongs to."""
    if t.__class__ is float and like.__class__ is float:
        return t
    kind = dtype_of(like)
    given = getattr(t, "dtype", FLOAT)
    if given == kind:
        return t
    if isinstance(t, Carrier):
        return space.cast(t, dtype=kind) if given.kind == kind.kind else t
    if given.kind == "c" and kind.kind != "c":
        raise BadType("a complex tangent or cotangent was given for a real value: give a real one")
    with np.errstate(over="ignore"):
        return canonical(np.asarray(t, kind))
