"""The list of f at its arguments with one row per operation on whole arrays, tidied; and the names
that f itself gives to what it computes, taken from its local variables.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from admodes.core.carrier import Carrier, value
from admodes.core.names import checked_names, is_name
from admodes.core.pytree import flatten
from admodes.core.record import Program, Recorded, Ref, named, record
from admodes.errors import BadType, BadValue
from admodes.programs.tidy import tidy

ROWS = ("auto", "scalar", "array")


@dataclass
class ArrayProgram:
    """A recorded list whose inputs are arrays. names and outputs are those of inputs and outputs,
    constants the arrays that the function found outside its arguments, by their names there."""

    program: Program
    names: list[str]
    outputs: list[str]
    constants: dict[str, np.ndarray] = field(default_factory=dict)


def array_program(
    f: Callable,
    args: tuple,
    names: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
) -> ArrayProgram:
    """The tidied list of f at args, one row per operation; a row that is the value of a local
    variable when f returns has its name.

    Raises ValueError for wrong numbers of names, TypeError for arguments that are no numbers.

    >>> def f(x):
    ...     z = 2 * x
    ...     return z @ z
    >>> found = array_program(f, (np.ones(3),))
    >>> [(step.name, step.shape) for step in found.program.steps]
    [(None, (3,)), ('z', (3,)), (None, ())]
    """
    for leaf in flatten(args)[0]:
        if isinstance(leaf, Carrier) or np.asarray(value(leaf)).dtype.kind not in "fiub":
            raise BadType(f"takes numbers and arrays of numbers, got {leaf!r}")
    constants: dict[str, np.ndarray] = {}
    with watching(f, constants):
        program = record(f, *args)
    program = tidy(program)
    inputs = input_names(f, args, names)
    return ArrayProgram(program, inputs, output_names(f, program, outputs, inputs), constants)


@contextmanager
def watching(f: Callable, constants: dict[str, np.ndarray]) -> Iterator[None]:
    """Names the rows that local variables of f hold when it returns, and collects the arrays that
    it sees. Whatever profiler was there goes on meanwhile."""
    code, outside = _source(f)
    previous = sys.getprofile()

    def profile(frame: FrameType, event: Any, arg: Any) -> None:
        if event == "return" and frame.f_code is code:
            for name, held in frame.f_locals.items():
                if held.__class__ is Recorded and held.step.name is None:
                    named(held, name)
                elif isinstance(held, np.ndarray) and held.ndim:
                    constants[name] = held.copy()
        if previous is not None:
            previous(frame, event, arg)

    constants.update(outside)
    if code is None:
        yield
        return
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(previous)


def _source(f: Callable) -> tuple[CodeType | None, dict[str, np.ndarray]]:
    """The code of f, and the arrays among its globals and free variables."""
    f = getattr(f, "reordered", f)
    if getattr(f, "names_its_rows", False):
        return None, {}
    f = getattr(f, "func", getattr(f, "__func__", f))
    f = f if inspect.isfunction(f) else type(f).__dict__.get("__call__", f)
    if not inspect.isfunction(f):
        return None, {}
    try:
        free = inspect.getclosurevars(f)
    except ValueError:  # a variable of an enclosing function that has no value yet
        return f.__code__, {}
    seen = {**free.globals, **free.nonlocals}
    arrays = {k: v.copy() for k, v in seen.items() if isinstance(v, np.ndarray) and v.ndim}
    return f.__code__, arrays


def by_array(
    f: Callable,
    args: tuple,
    rows: str = "auto",
    names: Sequence[Sequence[str] | None] = (),
    directions: Sequence[str] = (),
) -> bool:
    """Whether the rows of f at args are arrays, for the word rows. "auto": they are where an
    argument is an array and an operation works on a whole one, unless f takes an input vector apart
    (x[0]), or names are one per component, or directions name components.

    Raises ValueError for an unknown word.
    """
    if rows not in ROWS:
        raise BadValue(f"rows {rows!r} is unknown; choose from {', '.join(ROWS)}")
    if rows != "auto":
        return rows == "array"
    leaves = flatten(args)[0]
    if not any(np.ndim(value(x)) for x in leaves):
        return False
    components = sum(int(np.size(value(x))) for x in leaves)
    if any(given is not None and len(given) == components != len(leaves) for given in names):
        return False
    found = array_program(f, args)
    known = {*found.names, *found.outputs, *(n for given in names for n in given or ())}
    if not known.issuperset(directions):
        return False
    return _works_on_arrays(found.program) and not _takes_components(found.program)


def _works_on_arrays(program: Program) -> bool:
    return any(
        step.op is not None
        and step.op.kind != "moves"
        and any(np.size(x) > 1 for x in (step.value, *program.arguments(step)))
        for step in program.steps
    )


def _takes_components(program: Program) -> bool:
    vectors = {x.row for x in program.inputs if len(program.steps[x.row].shape) == 1}
    return any(
        step.op is not None
        and step.op.name == "getitem"
        and step.shape == ()
        and any(isinstance(a, Ref) and a.row in vectors for a in step.args)
        for step in program.steps
    )


def input_names(f: Callable, args: tuple, given: Sequence[str] | None) -> list[str]:
    """One name per array: the parameters' own, numbered inside lists and dicts."""
    n = len(flatten(args)[0])
    if given is None:
        given = _own_names(f, "inputs", n)
    if given is not None:
        return checked_names(given, n, "input")
    try:
        stems = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ][: len(args)]
    except (TypeError, ValueError):
        stems = []
    if len(stems) != len(args):
        return [f"x{i + 1}" for i in range(n)] if n > 1 else ["x"] * n
    found = [name for stem, x in zip(stems, args, strict=True) for name in _leaf_names(stem, x)]
    usable = len(set(found)) == n and all(map(is_name, found))
    return found if usable else [f"x{i + 1}" for i in range(n)]


def _own_names(f: Callable, attribute: str, count: int) -> Sequence[str] | None:
    """The names that a parsed function carries, where there is one per array."""
    given = getattr(f, attribute, None)
    if not isinstance(given, (tuple, list)) or len(given) != count:
        return None
    return given if all(isinstance(n, str) for n in given) else None


def _leaf_names(stem: str, x: Any) -> list[str]:
    if isinstance(x, dict):
        return [name for k, part in x.items() for name in _leaf_names(str(k), part)]
    if isinstance(x, (tuple, list)):
        return [name for i, part in enumerate(x) for name in _leaf_names(f"{stem}{i + 1}", part)]
    return [stem]


def output_names(
    f: Callable, program: Program, given: Sequence[str] | None, inputs: list[str]
) -> list[str]:
    m = len(program.outputs)
    if given is None:
        given = _own_names(f, "outputs", m)
    if given is None:
        rows = [y.row if isinstance(y, Ref) else None for y in program.outputs]
        own = [None if r is None else program.steps[r].name for r in rows]
        used = {*inputs, *(str(step.name) for step in program.steps)}
        free = (s for s in ("y", "f", "out") if not any(n.startswith(s) for n in used))
        stem = next(free, "result")
        numbered = [stem] if m == 1 else [f"{stem}{i + 1}" for i in range(m)]
        names = [o or n for o, n in zip(own, numbered, strict=True)]
        return names if len({*names, *inputs}) == m + len(inputs) else numbered
    return checked_names(given, m, "output")
