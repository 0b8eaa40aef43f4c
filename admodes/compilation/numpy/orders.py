"""The order in memory of the axes of a result, where it can be chosen: NumPy runs along the last
axis in memory in one loop, so a long last axis is several times as fast as a short one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.compilation.numpy.placement import is_array
from admodes.core.op import Op
from admodes.core.record import Step
from admodes.core.structure import Contraction, Reduction
from admodes.core.values import shape_of

SHORT = 32
"""A last axis of so many entries, or more, is long enough."""
LONGER = 4
"""Another axis is taken where it is so many times as long."""
FEWEST = 256
"""Entries of arrays whose order matters."""
REDUCED = (np.add, np.maximum, np.minimum)


def reduces(op: Op) -> bool:
    """Whether an operation is written as a reduction by one of NumPy's ufuncs."""
    structure = op.structure
    return isinstance(structure, Reduction) and structure.combine in REDUCED


def chosen_order(
    step: Step, values: tuple, layout: Callable[[Any], Any], computed: Callable[[Any], bool]
) -> list[int] | None:
    """The axes of a result as they should lie in memory; None where NumPy's own order is as good.
    layout(argument) is an array with its strides; computed(argument): whether it is no view of
    constants and inputs."""
    shape = step.shape
    if math.prod(shape) < FEWEST:
        return None
    if step.op.entrywise:
        whole = [a for a, v in zip(step.args, values, strict=True) if shape_of(v) == shape]
        if whole:
            # The order of what is computed goes on; what is given is read across.
            first = next(filter(computed, whole), None)
            orders = [order_of(layout(a)) for a in whole]
            natural = list(range(len(shape)))
            return order_of(layout(first)) if first is not None else min(orders, key=natural.__ne__)
        return long_last(shape, range(len(shape)))
    if reduces(step.op):
        (a,) = step.args
        own = layout(a)
        axes = step.op.structure.axes(own.shape, step.params)
        kept = [k for k in order_of(own) if k not in axes]
        if len(kept) == len(shape):
            return [sorted(kept).index(k) for k in kept]
        return [*kept, *axes] if own.ndim == len(shape) else None
    if isinstance(step.op.structure, Contraction):
        terms, output = step.op.structure.labels([shape_of(v) for v in values], step.params or {})
        if step.op.arity == 2 and all(is_array(v) and v.ndim > 1 for v in values):
            # Of a product of matrices rows and columns may change places; stacks stay outside.
            free = [k for k, c in enumerate(output) if sum(c in term for term in terms) == 1]
            return long_last(shape, free[-2:])
        if step.op.arity is None and set(output) <= set(terms[0]):
            along = (terms[0][k] for k in order_of(layout(step.args[0])))
            return [output.index(label) for label in along if label in output]
    return None


def order_of(x: np.ndarray) -> list[int]:
    """The axes of an array from the outermost in memory to the innermost."""
    return sorted(range(x.ndim), key=lambda k: (-abs(x.strides[k]), k))


def long_last(shape: Sequence[int], free: Sequence[int]) -> list[int] | None:
    """The axes with the longest of the free ones last."""
    longest = max(free, key=lambda k: shape[k])
    if shape[-1] >= SHORT or shape[longest] < LONGER * shape[-1]:
        return None
    return [*(k for k in range(len(shape)) if k != longest), longest]


def in_order(value: Any, order: list[int]) -> np.ndarray:
    """Memory for a value whose axes lie in this order."""
    memory = np.empty([value.shape[k] for k in order], value.dtype)
    return memory.transpose(np.argsort(order))


def runs_across(small: np.ndarray, out: np.ndarray) -> bool:
    """Whether an operand that is stretched to out lies in another order."""
    extra = out.ndim - small.ndim
    order = [k - extra for k in order_of(out) if k >= extra and small.shape[k - extra] > 1]
    found = [abs(small.strides[k]) for k in order]
    return found != sorted(found, reverse=True)


def aligned(small: np.ndarray, out: np.ndarray) -> list[int]:
    """The order of axes in which it lies as out does."""
    extra = out.ndim - small.ndim
    return [k - extra for k in order_of(out) if k >= extra]
