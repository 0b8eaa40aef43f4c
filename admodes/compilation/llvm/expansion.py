"""Operations that native code has no instruction for, as rows of simpler operations in the sequence
in which their kernel calculates, so that the bits stay the same.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from admodes.compilation.llvm.lowerings import lowering
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step, WengertList, record
from admodes.core.structure import Reduction
from admodes.core.values import shape_of
from admodes.programs.rewriting import Copy


def expanded(program: WengertList) -> WengertList:
    """The program with means as sums and composed elementwise operations on arrays (sigmoid,
    softplus …) as the operations of their kernels."""
    if not any(_is_composed(step) for step in program.steps):
        return program
    counts = _counts(program)
    return Copy(program).by(lambda copy, step, args: _rule(copy, step, args, counts))


def _is_composed(step: Step) -> bool:
    """Whether a step may become others; none of those between numbers does."""
    if step.op is None:
        return False
    composed = step.op.elementwise and not isinstance(step.op.array, np.ufunc)
    return _adds_up(step) or (composed and step.like.__class__ is np.ndarray)


def _adds_up(step: Step) -> bool:
    structure = step.op.structure
    return isinstance(structure, Reduction) and structure.adds


def _counts(program: WengertList) -> set[int]:
    """The ids of steps that count truth values, where only elementwise operations read them, to
    which whole numbers are as good as floats."""
    found = {
        i: step
        for i, step in enumerate(program.steps)
        if step.op is not None and _adds_up(step) and _is_truth(program.likes(step)[0])
    }
    ends = (*program.outputs, *(a for guard in program.guards for a in guard.args))
    others = (s.args for s in program.steps if s.op is not None and not s.op.elementwise)
    for a in (*ends, *(a for args in others for a in args)):
        if isinstance(a, Ref):
            found.pop(a.row, None)
    return set(map(id, found.values()))


def _is_truth(x: Any) -> bool:
    return x.__class__ is np.ndarray and x.dtype == bool


def _rule(copy: Copy, step: Step, args: tuple, counts: set[int]) -> Any:
    values = [copy.value(a) for a in args]
    if id(step) in counts:
        return _total(copy, step, copy.emit(REGISTRY["where"], args[0], 1.0, 0.0))
    if not all(map(_is_plain, (*values, step.like))):
        return None
    if _adds_up(step) and step.op.structure.averages:
        return _total(copy, step, args[0])
    return _kernel(copy, step, args, values)


def _total(copy: Copy, step: Step, x: Any) -> Any:
    """The row of a sum or mean of x, a mean as a sum that is divided."""
    structure, params = step.op.structure, step.params or {}
    if not structure.averages:
        return copy.emit(step.op, x, **params)
    total = copy.emit(REGISTRY["sum"], x, **params)
    terms = structure.terms(shape_of(copy.value(x)), params)
    return copy.emit(REGISTRY["divide"], total, float(terms))


def _is_plain(x: Any) -> bool:
    return x.__class__ is float or (x.__class__ is np.ndarray and x.dtype == float)


def _kernel(copy: Copy, step: Step, args: tuple, values: list) -> Any:
    op = step.op
    if not op.elementwise or not step.shape or isinstance(op.array, np.ufunc):
        return None
    arrays = tuple(bool(shape_of(v)) for v in values)
    if lowering(op, False) or not all(
        own or not isinstance(a, Ref) for own, a in zip(arrays, args, strict=True)
    ):
        return None
    listed = _listed(op, arrays)
    if listed is None:
        return None
    given = iter(a for own, a in zip(arrays, args, strict=True) if own)
    fixed = iter(float(v) for own, v in zip(arrays, values, strict=True) if not own)
    return _inlined(copy, listed(*fixed), list(given))


@functools.cache
def _listed(op: Op, arrays: tuple[bool, ...]) -> Any:
    """The kernel's own list, given the numbers among its arguments; None where it cannot be
    recorded, or depends on values."""
    if op.custom or not getattr(op.array, "__module__", "").startswith("admodes.ops"):
        return None

    def listed(*fixed: float) -> WengertList:
        numbers = iter(fixed)
        held = [None if own else next(numbers) for own in arrays]

        def kernel(*xs: Any) -> Any:
            rest = iter(xs)
            return op.array(*(next(rest) if h is None else h for h in held))

        return record(kernel, *(np.full(1, 0.5) for own in arrays if own))

    try:
        found = listed(*(0.5 for own in arrays if not own))
    except Exception:  # a kernel that takes plain arrays only, for whatever reason
        return None
    simple = all(
        s.op is None or lowering(s.op, False) or isinstance(s.op.array, np.ufunc)
        for s in found.steps
    )
    return listed if simple and not found.guards and not found.notes else None


def _inlined(copy: Copy, listed: WengertList, given: list) -> Any:
    made: list[Any] = []
    inputs = iter(given)
    for step in listed.steps:
        if step.op is None:
            made.append(next(inputs))
            continue
        args = (made[a.row] if isinstance(a, Ref) else a for a in step.args)
        made.append(copy.emit(step.op, *args, **(step.params or {})))
    (y,) = listed.outputs
    return made[y.row] if isinstance(y, Ref) else None
