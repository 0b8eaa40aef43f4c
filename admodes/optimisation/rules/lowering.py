"""Operations whose kernel is several NumPy functions, as rows of these functions: sigmoid, elu,
clip, … Code can then be generated that gives each its buffer, and shares what is equal.

The kernel is run on a recording carrier. Its rows replace the operation where all of them are
ufuncs and choices, no branch was taken, and they give the kernel's own bits on samples of both
signs, zeros, infinities and nan.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, WengertList, record_leaves
from admodes.core.values import shape_of
from admodes.optimisation.folding import Folding

SAMPLES = np.array(
    (
        *(0.0, -0.0, 1.0, -1.0, 0.3, -0.7, 0.5, 0.9, 2.5, -3.0, 40.0, -40.0, 800.0, -800.0),
        *(1e-320, np.inf, -np.inf, np.nan),
    )
)


def is_composed(op: Op | None) -> bool:
    """Whether an operation's kernel is several NumPy functions, for all that is known."""
    if op is None or op.custom:
        return False
    return op.elementwise and not isinstance(op.array, np.ufunc)


def composed(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The rows of an operation's kernel in its place."""
    if value.__class__ is not np.ndarray or value.dtype.kind != "f":
        return None
    kinds = tuple(_kind(copy.value(a)) for a in args)
    template = None if None in kinds else _template(op, kinds)  # type: ignore[arg-type]
    if template is None:
        return None
    made: list[Any] = list(args)
    for step in template.steps[len(args) :]:
        inner = tuple(made[a.row] if a.__class__ is Ref else a for a in step.args)
        like = _like(copy, inner, step.like)
        made.append(copy.row(step.op, inner, step.params, like))
    return made[template.outputs[0].row]


def _like(copy: Folding, args: tuple, value: Any) -> Any:
    if value.__class__ is not np.ndarray:
        return value
    shape = np.broadcast_shapes(*(shape_of(copy.value(a)) for a in args))
    return np.broadcast_to(np.zeros((), value.dtype), shape)


def _kind(value: Any) -> str | None:
    """What a template depends on: a number, or an array of a dtype."""
    if value.__class__ is float:
        return "number"
    if value.__class__ is np.ndarray and value.dtype.kind == "f":
        return str(value.dtype)
    return None


@functools.cache
def _template(op: Op, kinds: tuple[str, ...]) -> WengertList | None:
    """The list of op's kernel, which has its bits, for arguments of these kinds; None where there
    is none that serves. The inputs of the list are the arguments."""
    n = len(SAMPLES)
    leaves: list[Any] = []
    for k, kind in enumerate(kinds):
        repeated = np.repeat(SAMPLES, n) if k % 2 == 0 else np.tile(SAMPLES, n)
        leaves.append(0.7 if kind == "number" else repeated.astype(kind))
    with quiet():
        try:
            expected = op.array(*leaves)
            found = record_leaves(op.array, leaves, op.array)
        except Exception:
            # A kernel that refuses some of the samples, or takes plain arrays alone, raises
            # whatever it likes; it stays as it is.
            return None
    rows = found.steps[len(leaves) :]
    y = found.outputs[0]
    serves = (
        not found.guards
        and not found.captured
        and y.__class__ is Ref
        and all(_is_plain(step.op) for step in rows)
        and found.steps[y.row].like.dtype == expected.dtype
        and np.array_equal(found.steps[y.row].value, expected, equal_nan=True)
    )
    return found if serves else None


def _is_plain(op: Op | None) -> bool:
    if op is None:
        return False
    return isinstance(op.array, np.ufunc) or op in (REGISTRY["where"], REGISTRY["real"])
