"""Reductions over an axis of a few entries, such as the coordinates of points, as operations on the
slices along that axis: NumPy takes up to thirty times as long to reduce rows of three entries one
by one. A program goes in, and one without such reductions comes out, for a generator of code.

The bits are the same: NumPy combines fewer than eight entries from the first to the last. (Largest
entries have them in any order.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from admodes.core.op import REGISTRY
from admodes.core.record import Ref, Step, WengertList
from admodes.core.structure import Reduction
from admodes.core.values import shape_of
from admodes.optimisation.optimised import Optimised
from admodes.programs.rewriting import Copy

SHORT = {np.add: 4, np.maximum: 8, np.minimum: 8}
"""The longest axes that are taken apart, by what is reduced."""
FEWEST = 64
"""Entries of a result from which it is worth while."""
PAIRS = {np.add: "add", np.maximum: "maximum", np.minimum: "minimum"}
EINSUM, MULTIPLY, RESHAPE = REGISTRY["einsum"], REGISTRY["multiply"], REGISTRY["reshape"]


def sliced(program: WengertList, anywhere: bool = False) -> WengertList:
    """The program with slices in the place of reductions over a short last axis; anywhere: over any
    short axis, where code runs through the entries of an array in one loop."""
    loose = Optimised.of(program).loose

    def axis_of(step: Step) -> int | None:
        if step.op is None or step.size < FEWEST:
            return None
        (x, *_) = program.likes(step)
        if x.__class__ is not np.ndarray or x.dtype.kind != "f" or x.dtype.itemsize < 4:
            return None
        found = _reduced(step, x) or (_contracted(step, program) if loose else None)
        if found is None:
            return None
        axis, most = found
        last = anywhere or axis == x.ndim - 1
        return axis if last and 2 <= x.shape[axis] <= most else None

    def rule(copy: Copy, step: Step, args: tuple) -> Any:
        axis = axis_of(step)
        return None if axis is None else _combined(copy, step, args, axis)

    if not any(axis_of(step) is not None for step in program.steps):
        return program
    return Copy(program).by(rule)


def _reduced(step: Step, x: Any) -> tuple[int, int] | None:
    """The axis that a reduction is over, where there is one, and how long it may be."""
    structure = step.op.structure
    if not isinstance(structure, Reduction) or structure.combine not in SHORT:
        return None
    axes = structure.axes(x.shape, step.params)
    return (axes[0], SHORT[structure.combine]) if len(axes) == 1 else None


def _contracted(step: Step, program: WengertList) -> tuple[int, int] | None:
    """The same of a sum of products of two arrays entry by entry."""
    if step.op is not EINSUM or len(step.args) != 2:
        return None
    (term, other), output = step.params["terms"], step.params["output"]  # type: ignore[index]
    gone = [k for k, c in enumerate(term) if c not in output]
    alike = term == other and len({shape_of(x) for x in program.likes(step)}) == 1
    kept = "".join(c for c in term if c in output)
    return (gone[0], SHORT[np.add]) if alike and len(gone) == 1 and kept == output else None


def _combined(copy: Copy, step: Step, args: tuple, axis: int) -> Any:
    """The reduction of the slices."""
    x: Any = args[0]
    combine, averages = np.add, False
    if step.op is EINSUM:
        x = copy.emit(MULTIPLY, *args)
    else:
        combine, averages = step.op.structure.combine, step.op.structure.averages
    n = shape_of(copy.value(x))[axis]
    ahead = (slice(None),) * axis
    slices = [copy.emit(REGISTRY["getitem"], x, index=(*ahead, k)) for k in range(n)]
    total: Ref = slices[0]
    for part in slices[1:]:
        total = copy.emit(REGISTRY[PAIRS[combine]], total, part)
    if averages:
        total = copy.emit(REGISTRY["divide"], total, float(n))
    if shape_of(copy.value(total)) == step.shape:
        return total
    return copy.emit(RESHAPE, total, shape=step.shape)
