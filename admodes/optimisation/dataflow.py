"""What a nan or an infinity in a row is certain to do: to arrive at an output, or to be seen by a
decision."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from admodes.core.carrier import quiet
from admodes.core.linear import Linear
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Program, Ref, Step
from admodes.optimisation.indices import covers
from admodes.optimisation.literals import number
from admodes.programs.rewriting import Copy

_LINEAR = frozenset(
    REGISTRY[name]
    for name in (
        *("sum", "mean", "unbroadcast", "matmul", "einsum", "cumsum", "prod", "amax", "amin"),
        *("strong_mul", "tangent_mul", "take_along_axis", "add_along_axis"),
    )
)
_CARRYING = frozenset(
    REGISTRY[name]
    for name in (
        *("add", "subtract", "negate", "multiply", "square", "sum", "mean", "unbroadcast"),
        *("matmul", "einsum", "reshape", "transpose", "place", "broadcast_to", "stack"),
        *("concatenate",),
    )
)
_PROBES = (0.0, 1.0, -1.0, 2.0, 0.5, np.inf, -np.inf)


@functools.cache
def gives_nan(op: Op, k: int) -> bool:
    """Whether an entry of the result is nan where an entry of argument k that it depends on is."""
    if op in _LINEAR:
        return op.active(k)
    if op is REGISTRY["where"]:
        return k > 0
    if isinstance(op, Linear):
        return op.kind == "moves" and op.active(k)
    if not op.elementwise or op.custom or op.arity is None:
        return False
    with quiet():
        for others in itertools.product(_PROBES, repeat=op.arity - 1):
            args = (*others[:k], np.nan, *others[k:])
            lifted = tuple(np.array([a]) for a in args)
            for y in (op.dispatch(args, None), op.dispatch(lifted, None)):
                if np.asarray(y).dtype.kind != "f" or not np.isnan(y).all():
                    return False
    return True


def _passes_nan(step: Step, k: int) -> bool:
    if step.op is REGISTRY["power"] and k == 0:
        exponent = step.args[1]
        return exponent.__class__ is not Ref and number(exponent) not in (None, 0.0)
    return gives_nan(step.op, k)


def open_rows(program: Program) -> list[bool]:
    """For each row, whether a nan in it is nan in every output that depends on its entry, and
    reaches no guard."""
    found = [_is_float(step.like) for step in program.steps]
    for guard in program.guards:
        for a in guard.args:
            if a.__class__ is Ref:
                found[a.row] = False
    for i in range(len(found) - 1, -1, -1):
        step = program.steps[i]
        if step.op is None:
            continue
        for k, a in enumerate(step.args):
            if a.__class__ is Ref and found[a.row]:
                found[a.row] = found[i] and _passes_nan(step, k)
    return found


def _is_float(value: Any) -> bool:
    return value.__class__ is float or getattr(getattr(value, "dtype", None), "kind", "") == "f"


def carrying_rows(program: Program) -> list[bool]:
    """For each row, whether any entry that is inf or nan makes an output inf or nan."""
    found = [False] * len(program.steps)
    for y in program.outputs:
        if y.__class__ is Ref:
            found[y.row] = _is_float(program.steps[y.row].like)
    for i in range(len(found) - 1, -1, -1):
        step = program.steps[i]
        if found[i] and step.op is not None and _carries(program, step):
            for k, a in enumerate(step.args):
                if a.__class__ is Ref and (k == 0 or step.op is not REGISTRY["divide"]):
                    found[a.row] = True
    return found


def _carries(program: Program, step: Step) -> bool:
    if step.op in _CARRYING or step.op is REGISTRY["divide"]:
        return bool(step.size)
    if step.op is REGISTRY["getitem"]:
        return covers((step.params or {})["index"], np.shape(program.likes(step)[0]))
    return False


def reached_outputs(program: Program, rows: set[int]) -> list[int]:
    """The positions of the outputs that depend on some of these rows."""
    depends = [False] * len(program.steps)
    for i, step in enumerate(program.steps):
        depends[i] = i in rows or any(a.__class__ is Ref and depends[a.row] for a in step.args)
    return [k for k, y in enumerate(program.outputs) if y.__class__ is Ref and depends[y.row]]


_MOVES = frozenset(
    REGISTRY[name]
    for name in ("reshape", "transpose", "getitem", "place", "broadcast_to", "negate", "stack")
)
DEPTH = 6
"""How many rows back a value is followed to see that it is finite."""


def finite(copy: Copy, a: Any, depth: int = DEPTH) -> bool:
    """Whether a value is finite for certain, whatever the inputs."""
    if a.__class__ is not Ref:
        return bool(np.isfinite(a).all()) if np.asarray(a).dtype.kind in "fc" else True
    if np.asarray(copy.value(a)).dtype.kind in "biu":
        return True
    step = copy.step(a)
    if step is None or depth == 0:
        return False
    if step.op is REGISTRY["where"]:
        return all(finite(copy, b, depth - 1) for b in step.args[1:])
    return step.op in _MOVES and all(finite(copy, b, depth - 1) for b in step.args)
