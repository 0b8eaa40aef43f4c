"""Keys under which equal rows are found: two rows have the same key where operation, arguments and
parameters are equal, arrays by their entries.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.op import Op
from admodes.core.record import Ref

SMALL = 4096
"""Constant arrays up to so many bytes are compared by value, larger ones by identity."""


def key_of(op: Op, args: tuple, params: dict | None) -> Any:
    """A key that is equal for equal rows."""
    parts = tuple([a if a.__class__ is Ref else constant_key(a) for a in args])
    if op.numerics.symmetric and len(parts) == 2:
        a, b = parts
        # A Ref comes before a constant, and of two Refs the earlier one.
        if b.__class__ is Ref and (a.__class__ is not Ref or b.row < a.row):
            parts = (b, a)
    return (op, parts, param_key(params)) if params else (op, parts)


def constant_key(a: Any) -> Any:
    """A key of a constant argument."""
    if a.__class__ is float:
        return a if a else (a.__class__, math.copysign(1.0, a))
    if isinstance(a, np.ndarray):
        if a.nbytes > SMALL or a.dtype.hasobject:
            return np.ndarray, id(a)
        return a.shape, a.dtype.str, a.tobytes()
    if isinstance(a, np.generic):
        return a.dtype.str, a.tobytes()
    return a.__class__, id(a) if isinstance(a, Carrier) else a


def param_key(x: Any) -> Any:
    """A key of parameters: of dicts, tuples, lists, slices, arrays, dtypes and what is hashable."""
    kind = x.__class__
    if kind is dict:
        return tuple((k, param_key(x[k])) for k in sorted(x))
    if kind is tuple or kind is list:
        return kind, *map(param_key, x)
    if kind is slice:
        return slice, x.start, x.stop, x.step
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype.str, x.tobytes()
    try:
        hash(x)
    except TypeError:
        return kind, id(x)
    return kind, x
