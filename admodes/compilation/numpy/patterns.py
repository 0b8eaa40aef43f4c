"""Rows that are written together as one statement: a sum with an array that is zero but for some
entries, and the partials of maximum, minimum and relu."""

from __future__ import annotations

from collections import Counter
from typing import Any

from admodes.compilation.numpy.kernels import as_float64
from admodes.compilation.numpy.placement import is_array
from admodes.core.record import Ref, Step, WengertList
from admodes.ops.arithmetic import add, multiply, subtract
from admodes.ops.comparisons import where
from admodes.ops.indexing import is_basic, place
from admodes.ops.shaping import reshape


def absorbed_places(program: WengertList, reads: Counter) -> tuple[dict[int, tuple], set[int]]:
    """The sums a + place(b) in which nothing else reads the placed array: by row (a, index, shape
    of the placed array where it is reshaped, b); and the rows that are written by these sums."""
    steps = program.steps
    found: dict[int, tuple] = {}
    gone: set[int] = set()
    for i, step in enumerate(steps):
        if step.op not in (add, subtract):
            continue
        orders = [step.args, step.args[::-1]] if step.op is add else [step.args]
        for first, second in orders:
            placed = _placed(program, second, reads, step.like)
            whole = program.like(first)
            same = is_array(whole) and alike(whole, step.like)
            if placed is not None and same and _row(first) not in gone:
                found[i] = first, *placed[0]
                gone |= placed[1]
                break
    return found, gone


def _placed(program: WengertList, a: Any, reads: Counter, value: Any) -> tuple[tuple, set] | None:
    """The index, shape and entries of an argument that is a placed array, and its rows."""
    if not isinstance(a, Ref) or reads[a.row] != 1 or not is_array(value):
        return None
    step = program.steps[a.row]
    rows, shape = {a.row}, None
    if not alike(step.like, value):
        return None
    if step.op is reshape and isinstance(step.args[0], Ref):
        inner = step.args[0].row
        if reads[inner] != 1:
            return None
        step, shape = program.steps[inner], program.steps[inner].shape
        rows.add(inner)
    if step.op is not place or not is_basic((step.params or {})["index"]):
        return None
    return ((step.params or {})["index"], shape, step.args[0]), rows


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


def alike(a: Any, b: Any) -> bool:
    """Whether two arrays have one shape and one dtype of floats."""
    return bool(
        is_array(a)
        and is_array(b)
        and a.shape == b.shape
        and a.dtype == b.dtype
        and a.dtype.kind == "f"
    )


def _row(a: Any) -> int:
    return a.row if isinstance(a, Ref) else -1
