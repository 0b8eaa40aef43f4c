"""Constant folding, as rules of the sweep in `folding`: a row of constants alone becomes its
value, and a constant array that repeats one number becomes that number, so that less is computed
and read at each run."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.op import Op
from admodes.core.record import Guard, Ref, WengertList
from admodes.core.values import shape_of
from admodes.optimisation.folding import Folding
from admodes.optimisation.literals import number
from admodes.programs.keys import SMALL

LARGEST = 2**22
"""Constants of more entries are not made in advance."""


def shared(program: WengertList) -> WengertList:
    """The program with one array for large constants that are equal, so that rows which read them
    are seen to be equal: two runs of a function make the same constant twice."""
    known: dict[Any, list[np.ndarray]] = {}
    others: dict[int, np.ndarray] = {}
    for step in program.steps:
        for a in step.args:
            if a.__class__ is np.ndarray and a.nbytes > SMALL and id(a) not in others:
                alike = known.setdefault((a.shape, a.dtype, a.flat[a.size // 2]), [])
                same = next((b for b in alike if _same_bits(a, b)), a)
                if same is a:
                    alike.append(a)
                others[id(a)] = same
    if all(id(same) == k for k, same in others.items()):
        return program
    steps = [replace(s, args=tuple([others.get(id(a), a) for a in s.args])) for s in program.steps]
    return replace(program, steps=steps)


def decided(program: WengertList) -> WengertList:
    """The program in which whole numbers and truth values on which the function decided, such as
    positions, are the constants that they have to be for the program to hold; and without guards
    that follow from others, as that of i + 1 does from that of i."""
    known: dict[int, np.ndarray] = {}
    for guard in program.guards:
        if _fixes(program, guard):
            known[guard.args[0].row] = guard.expected
    if not known:
        return program
    values: dict[int, Any] = {}
    steps, implied = [], set()
    for row, step in enumerate(program.steps):
        args = tuple([values.get(a.row, a) if a.__class__ is Ref else a for a in step.args])
        reads = any(a.__class__ is Ref for a in step.args)
        if reads and not any(a.__class__ is Ref for a in args) and step.size <= LARGEST:
            with quiet():
                values[row] = step.op.dispatch(args, step.params)
            if row in known and np.array_equal(values[row], known[row]):
                implied.add(row)
        elif row in known:
            values[row] = known[row]
        steps.append(replace(step, args=args))
    guards = [g for g in program.guards if not (_fixes(program, g) and g.args[0].row in implied)]
    return replace(program, steps=steps, guards=guards)


def _fixes(program: WengertList, guard: Guard) -> bool:
    """Whether a guard holds for one value of a row alone, which has no sign of a zero."""
    copies = guard.decide is np.asarray or guard.decide is np.array
    if not copies or guard.rewritten or [a.__class__ for a in guard.args] != [Ref]:
        return False
    like, expected = program.steps[guard.args[0].row].like, guard.expected
    if not like.__class__ is expected.__class__ is np.ndarray:
        return False
    same = like.dtype == expected.dtype and like.shape == expected.shape
    return same and like.dtype.kind in "iub"


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or (not a.dtype.hasobject and a.tobytes() == b.tobytes())


def fold(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A row of which all arguments are constants, by the same kernel as without the optimiser."""
    if math.prod(shape_of(value)) > LARGEST:
        return None
    with quiet():
        found = op.dispatch(args, params)
    copy.alive.append(found)
    return bool(found) if found.__class__ is np.bool_ else found


def uniform(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """An entrywise operation on an array that repeats one number, on that number, where the other
    operands give the result its shape and dtype."""
    if value.__class__ is not np.ndarray:
        return None
    for i, a in enumerate(args):
        if a.__class__ is not np.ndarray or a.dtype.kind != "f" or not _may_go(copy, i, op, args):
            continue
        c = number(a)
        if c is not None:
            return copy.row(op, (*args[:i], c, *args[i + 1 :]), params, value)
    return None


def _may_go(copy: Folding, i: int, op: Op, args: tuple) -> bool:
    """Whether the shape and dtype of a row do not depend on its i-th argument, an array."""
    shapes = []
    typed = False
    for k, b in enumerate(args):
        if k != i:
            own = copy.value(b)
            shapes.append(shape_of(own))
            # where() takes its dtype from the branches.
            counted = op.active(k) or op.discrete
            typed = typed or (counted and getattr(own, "dtype", None) == args[i].dtype)
    whole = np.broadcast_shapes(*shapes, args[i].shape)
    return typed and np.broadcast_shapes(*shapes) == whole
