"""The declarations of tests of whole arrays and counts: any, all, count_nonzero; they have no
derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, implements
from admodes.core.linear import linear
from admodes.core.op import Op
from admodes.core.structure import reduction
from admodes.core.truth import is_whole
from admodes.ops.comparisons import not_equal
from admodes.ops.options import masked, plain_axis, taken
from admodes.ops.reductions import reduced_axes, sum_
from admodes.ops.shaping import array


def _test(function: Callable, ufunc: np.ufunc, neutral: bool, doc: str) -> Op:
    name = function.__name__
    op: Op = linear(
        f"{name}_of",
        lambda x, axis, keepdims: ufunc.reduce(x, axis=axis, keepdims=keepdims),
        differentiable=(False,),
        is_test=True,
        structure=reduction(reduced_axes, ufunc),
        kind="comparisons",
        text=name + "({0})",
        doc=doc,
    )

    @implements(function)
    def handler(a: Any, axis: Any = None, **options: Any) -> Any:
        keepdims, mask = taken(options, f"np.{name}", "keepdims", "where")
        x = masked(_truth(array(a)), mask, neutral)
        return op(x, axis=plain_axis(axis), keepdims=bool(keepdims))

    return op


def _truth(x: Any) -> Any:
    return x if is_whole(x) or not isinstance(x, Carrier) else not_equal(x, 0)


any_of = _test(
    np.any,
    np.logical_or,
    False,
    "Whether any entry is not 0, over all axes or the given ones; no derivative.",
)
all_of = _test(
    np.all,
    np.logical_and,
    True,
    "Whether no entry is 0, over all axes or the given ones; no derivative.",
)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """How many entries are not 0."""
    found = not_equal(array(a), 0)
    if not isinstance(found, Carrier):
        return np.count_nonzero(found, axis=axis, keepdims=keepdims)
    return sum_(found, axis=plain_axis(axis), keepdims=keepdims)
