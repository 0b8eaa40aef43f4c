"""Which axes a sum adds up."""

from __future__ import annotations

from typing import Any

from admodes.core.op import REGISTRY, Op
from admodes.ops.reductions import all_axes


def summed_axes(op: Op, params: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that a sum, a mean or an unbroadcast of an array of this shape adds up."""
    if op is not REGISTRY["unbroadcast"]:
        return all_axes((params or {}).get("axis"), len(shape))
    target = params["shape"]
    extra = len(shape) - len(target)
    stretched = (k + extra for k, n in enumerate(target) if n == 1 and shape[k + extra] != 1)
    return (*range(extra), *stretched)
