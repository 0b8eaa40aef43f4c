"""Rows that are written together as one statement: the partials of maximum, minimum and relu."""

from __future__ import annotations

from collections import Counter

from admodes.compilation.numpy.kernels import as_float64
from admodes.compilation.numpy.placement import is_array
from admodes.core.record import Ref, Step, WengertList
from admodes.ops.arithmetic import multiply
from admodes.ops.comparisons import where


def tie_slopes(program: WengertList, reads: Counter) -> tuple[dict[int, tuple[Ref, Ref]], set[int]]:
    """The partials of maximum, minimum and relu, 1 above, ½ at a tie and 0 below, where they are
    only factors of products: by row the tests for above and tie; and the rows for ½ and 0."""
    steps = program.steps
    found: dict[int, tuple[Ref, Ref]] = {}
    factors = Counter(
        a.row
        for step in steps
        if step.op is multiply and is_array(step.like)
        for a in step.args
        if isinstance(a, Ref)
    )
    gone: set[int] = set()
    for i, step in enumerate(steps):
        if not _is_choice(step, 1.0, None) or factors[i] != reads[i]:
            continue
        above, _, half = step.args
        if not isinstance(half, Ref) or reads[half.row] != 1 or not isinstance(above, Ref):
            continue
        inner = steps[half.row]
        if _is_choice(inner, 0.5, 0.0) and isinstance(inner.args[0], Ref):
            found[i] = above, inner.args[0]
            gone.add(half.row)
    return found, gone


def _is_choice(step: Step, yes: float, no: float | None) -> bool:
    """Whether a row is where(…, yes, no) of float64 arrays; no: None for anything."""
    if step.op is not where or not as_float64(step.like):
        return False
    _, a, b = step.args
    known = a.__class__ is float and a == yes
    return known and (no is None or (b.__class__ is float and b == no))
