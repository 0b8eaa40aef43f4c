"""Operations that native code has no instruction for, as rows of simpler operations in the sequence
in which their kernel calculates, so that the bits stay the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.compilation.llvm.lowerings import lowering
from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Reduction
from admodes.core.values import shape_of
from admodes.optimisation.lowering import kernel_rows
from admodes.programs.replay import value_of
from admodes.programs.rewriting import Copy, ends


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
    others = (s.args for s in program.steps if s.op is not None and not s.op.elementwise)
    read = (a.row for args in others for a in args if isinstance(a, Ref))
    for row in (*ends(program), *read):
        found.pop(row, None)
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
    """The rows of an elementwise operation's kernel, where native code has lines for them all."""
    op = step.op
    if not op.elementwise or not step.shape or isinstance(op.array, np.ufunc) or op.custom:
        return None
    listed = None if lowering(op, False) else kernel_rows(op, tuple(values))
    if listed is None or not all(map(_is_simple, listed.steps[len(args) :])):
        return None
    made = list(args)
    for row in listed.steps[len(args) :]:
        xs = (value_of(a, made) for a in row.args)
        made.append(copy.emit(row.op, *xs, **(row.params or {})))
    return value_of(listed.outputs[0], made)


def _is_simple(step: Step) -> bool:
    return bool(lowering(step.op, False)) or isinstance(step.op.array, np.ufunc)
