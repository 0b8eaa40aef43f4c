"""Products with constant arrays of zeros and ones, such as the seeds of a Jacobian: other factors
are multiplied first, and a sum over an axis of the identity picks entries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref
from admodes.core.values import shape_of
from admodes.ops.reductions import kept_shape
from admodes.optimisation.dataflow import finite
from admodes.optimisation.folding import Folding, Table


def _masked(copy: Folding, a: Any) -> tuple[Any, np.ndarray] | None:
    """(B, E) of a strong product of B and a constant E of zeros and ones."""
    step = copy.made(a, "strong_mul")
    if step is None or step.args[1].__class__ is not np.ndarray:
        return None
    mask = step.args[1]
    return (step.args[0], mask) if ((mask == 0) | (mask == 1)).all() else None


def product(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A (B E) = (A B) E where A B has fewer entries."""
    if value.__class__ is not np.ndarray:
        return None
    strong = op is REGISTRY["strong_mul"]
    for a, masked in (args,) if strong else (args, args[::-1]):
        found = _masked(copy, masked) if masked.__class__ is Ref else None
        if found is None or not (strong or finite(copy, a)):
            continue
        b, mask = found
        inner = np.broadcast_shapes(shape_of(copy.value(a)), shape_of(copy.value(b)))
        if math.prod(inner) < value.size and np.broadcast_shapes(inner, mask.shape) == value.shape:
            both = copy.make(op.name, a, b)
            return copy.make("strong_mul", both, mask, like=value)
    return None


def negate(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """-(B E) = (-B) E."""
    found = _masked(copy, args[0])
    if found is None or not copy.once(args[0]):
        return None
    b, mask = found
    own = copy.value(b)
    if math.prod(shape_of(own)) >= math.prod(shape_of(value)):
        return None
    return copy.make("strong_mul", copy.make("negate", b, like=own), mask, like=value)


def total(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sum of B I over one axis of the identity I is B, entry by entry."""
    found = _masked(copy, args[0])
    if found is None:
        return None
    b, mask = found
    own = copy.value(args[0])
    axes = op.structure.axes(own.shape, params)
    lined = (1,) * (own.ndim - mask.ndim) + mask.shape
    long = [k for k, n in enumerate(lined) if n != 1]
    if len(long) != 2 or len(axes) != 1 or axes[0] not in long:
        return None
    n = lined[long[0]]
    if lined[long[1]] != n or not np.array_equal(mask.reshape(n, n), np.eye(n)):
        return None
    shape = shape_of(copy.value(b))
    shape = (1,) * (own.ndim - len(shape)) + shape
    (summed,) = axes
    other = long[0] if long[1] == summed else long[1]
    if shape[summed] != 1 and shape[other] != 1:
        return None
    b = copy.make("reshape", b, shape=shape)
    if shape[summed] != 1:
        order = list(range(own.ndim))
        order[summed], order[other] = other, summed
        b = copy.make("transpose", b, axes=tuple(order))
    b = copy.make("broadcast_to", b, shape=kept_shape(own.shape, axes))
    return copy.make("reshape", b, shape=shape_of(value))


TABLE: Table = {
    REGISTRY["strong_mul"]: (product,),
    REGISTRY["multiply"]: (product,),
    REGISTRY["negate"]: (negate,),
}
SUMS: Table = {REGISTRY["sum"]: (total,), REGISTRY["unbroadcast"]: (total,)}
