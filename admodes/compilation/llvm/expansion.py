"""Sums that native code has no loop for, as rows that it has, with the same bits: means as sums
that are divided, and counts of truth values as sums of ones and zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Reduction
from admodes.core.values import shape_of
from admodes.programs.rewriting import Copy, ends


def expanded(program: WengertList) -> WengertList:
    """The program with other rows in the place of means and counts."""
    if not any(map(_adds_up, program.steps)):
        return program
    counts = _counts(program)
    return Copy(program).by(lambda copy, step, args: _rule(copy, step, args, counts))


def _adds_up(step: Step) -> bool:
    if step.op is None:
        return False
    structure = step.op.structure
    return isinstance(structure, Reduction) and structure.adds


def _counts(program: WengertList) -> set[int]:
    """The ids of steps that count truth values, where only elementwise operations read them, to
    which whole numbers are as good as floats."""
    found = {
        i: step
        for i, step in enumerate(program.steps)
        if _adds_up(step) and _is_truth(program.likes(step)[0])
    }
    others = (s.args for s in program.steps if s.op is not None and not s.op.elementwise)
    read = (a.row for args in others for a in args if isinstance(a, Ref))
    for row in (*ends(program), *read):
        found.pop(row, None)
    return set(map(id, found.values()))


def _is_truth(x: Any) -> bool:
    return x.__class__ is np.ndarray and x.dtype == bool


def _rule(copy: Copy, step: Step, args: tuple, counts: set[int]) -> Any:
    if id(step) in counts:
        return _total(copy, step, copy.emit(REGISTRY["where"], args[0], 1.0, 0.0))
    plain = all(map(_is_plain, (*map(copy.value, args), step.like)))
    means = plain and _adds_up(step) and step.op.structure.averages
    return _total(copy, step, args[0]) if means else None


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
