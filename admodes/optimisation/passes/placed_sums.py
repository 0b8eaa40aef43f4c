"""Sums with an array that is zero but for some entries, which code adds to these entries alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from admodes.core.record import Ref, WengertList
from admodes.ops.arithmetic import add, subtract
from admodes.ops.indexing import is_basic, place
from admodes.ops.shaping import reshape


def placed_sums(program: WengertList, reads: Counter) -> tuple[dict[int, tuple], set[int]]:
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
            same = alike(whole, step.like)
            if placed is not None and same and _row(first) not in gone:
                found[i] = first, *placed[0]
                gone |= placed[1]
                break
    return found, gone


def _placed(program: WengertList, a: Any, reads: Counter, value: Any) -> tuple[tuple, set] | None:
    """The index, shape and entries of an argument that is a placed array, and its rows."""
    if not isinstance(a, Ref) or reads[a.row] != 1:
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


def alike(a: Any, b: Any) -> bool:
    """Whether two arrays have one shape and one dtype of floats."""
    return bool(
        a.__class__ is b.__class__ is np.ndarray
        and a.shape == b.shape
        and a.dtype == b.dtype
        and a.dtype.kind == "f"
    )


def _row(a: Any) -> int:
    return a.row if isinstance(a, Ref) else -1
