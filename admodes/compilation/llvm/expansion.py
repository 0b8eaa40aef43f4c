"""Sums that native code has no loop for, as rows that it has: means as sums that are divided, and
counts of truth values as sums of ones and zeros, with the same bits; reductions by logaddexp as
logarithms of sums of exponentials, from which the largest entry is taken out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Reduction
from admodes.core.values import shape_of
from admodes.programs.rewriting import Copy, ends


def expanded(program: WengertList) -> WengertList:
    """The program with other rows in the place of means, counts and reductions by logaddexp."""
    if not any(_adds_up(step) or _base_of(step) for step in program.steps):
        return program
    expansion = _Expansion(program)
    return expansion.by(expansion.rule)


class Exponentials(NamedTuple):
    """Of an array along an axis: the largest entry, whether it is finite, the exponentials of the
    differences from it, and their sum. Where it is not finite, they are 1 at the entries that are
    as large, 0 elsewhere."""

    top: Ref
    finite: Ref
    powers: Ref
    total: Ref


BASES = {"logaddexp_reduce": ("exp", "ln"), "logaddexp2_reduce": ("exp2", "log2")}
"""The exponential and the logarithm to the base of a reduction."""


class _Expansion(Copy):
    """exponentials: those that there are by array, base and axis, for a reduction and its partials
    alike."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.counts = _counts(program)
        self.exponentials: dict[tuple[Ref, str, int], Exponentials] = {}

    def rule(self, _: Copy, step: Step, args: tuple) -> Any:
        if id(step) in self.counts:
            return self._total(step, self.emit(REGISTRY["where"], args[0], 1.0, 0.0))
        if not all(map(_is_plain, (*map(self.value, args), step.like))):
            return None
        if _adds_up(step):
            return self._total(step, args[0]) if step.op.structure.averages else None
        base = _base_of(step)
        if base is None or not np.size(self.value(args[0])):
            return None
        return (self._share if step.op.name == "shares" else self._logarithm)(step, args[0], base)

    def _total(self, step: Step, x: Any) -> Any:
        """The row of a sum or mean of x, a mean as a sum that is divided."""
        structure, params = step.op.structure, step.params or {}
        if not structure.averages:
            return self.emit(step.op, x, **params)
        total = self.emit(REGISTRY["sum"], x, **params)
        terms = structure.terms(shape_of(self.value(x)), params)
        return self.emit(REGISTRY["divide"], total, float(terms))

    def _exponentials(self, x: Ref, base: str, axis: int) -> Exponentials:
        key = x, base, axis
        if key not in self.exponentials:
            where, along = REGISTRY["where"], {"axis": axis, "keepdims": True}
            top = self.emit(REGISTRY["amax"], x, **along)
            finite = self.emit(REGISTRY["isfinite"], top)
            below = self.emit(REGISTRY["subtract"], x, self.emit(where, finite, top, 0.0))
            powers = self.emit(REGISTRY[BASES[base][0]], below)
            largest = self.emit(where, self.emit(REGISTRY["equal"], x, top), 1.0, 0.0)
            powers = self.emit(where, finite, powers, largest)
            total = self.emit(REGISTRY["sum"], powers, **along)
            self.exponentials[key] = Exponentials(top, finite, powers, total)
        return self.exponentials[key]

    def _logarithm(self, step: Step, x: Ref, base: str) -> Ref:
        """log Σ e^x: the largest entry itself where it is not finite."""
        top, finite, _, total = self._exponentials(x, base, (step.params or {})["axis"])
        y = self.emit(REGISTRY["add"], self.emit(REGISTRY[BASES[base][1]], total), top)
        y = self.emit(REGISTRY["where"], finite, y, top)
        return self.emit(REGISTRY["reshape"], y, shape=step.shape)

    def _share(self, step: Step, x: Ref, base: str) -> Ref:
        """e^x / Σ e^x: of entries that are not finite the largest alone has the whole; several that
        are as large have no shares."""
        _, finite, powers, total = self._exponentials(x, base, (step.params or {})["axis"])
        alone = self.emit(REGISTRY["equal"], total, 1.0)
        known = self.emit(REGISTRY["either"], finite, alone)
        total = self.emit(REGISTRY["where"], known, total, np.nan)
        return self.emit(REGISTRY["divide"], powers, total)


def _adds_up(step: Step) -> bool:
    if step.op is None:
        return False
    structure = step.op.structure
    return isinstance(structure, Reduction) and structure.adds


def _base_of(step: Step) -> str | None:
    """Of a reduction by logaddexp or its partials: the name of the reduction."""
    if step.op is None or step.op.custom:
        return None
    if step.op.name == "shares":
        return f"{(step.params or {})['of']}_reduce"
    return step.op.name if step.op.name in BASES else None


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


def _is_plain(x: Any) -> bool:
    return x.__class__ is float or (x.__class__ is np.ndarray and x.dtype == float)
