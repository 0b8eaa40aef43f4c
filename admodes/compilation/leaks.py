"""Arrays that a function refers to and computes with outside its recording, where the results are
constants: found by recording the function again on changed copies of them.

Such computations are the user's, as A * 2 in lambda x: (A * 2) @ x, or those of a rule, as A - 1
in the derivative of x ** A.
"""

from __future__ import annotations

import copy
import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.compilation.captures import Captures, is_foreign, named
from admodes.compilation.interpreter import same
from admodes.compilation.purity import difference
from admodes.core.pytree import flatten
from admodes.core.record import Program
from admodes.optimisation.folding import needed

Record = Callable[[Callable[[Any], Any], dict[int, np.ndarray]], Program]
"""(what to put in the place of the function and its arguments, arrays held) -> the recording."""


def leaking(program: Program, captures: Captures, record: Record) -> list[np.ndarray]:
    """The arrays whose entries went into constants of the program, or may have."""
    arrays = list(captures.held.values())
    if not arrays:
        return []
    steering = {c.shape for c in _steering(program)}
    found = {id(a) for a in arrays if a.shape in steering}
    if _leak(program, captures, record, arrays):
        alone = len(arrays) == 1
        found |= {id(a) for a in arrays if alone or _leak(program, captures, record, [a])}
    return [a for a in arrays if id(a) in found]


def _leak(program: Program, captures: Captures, record: Record, arrays: list) -> bool:
    """Whether constants are others where the arrays are."""
    again = _again(captures, record, {id(a): _nudged(a) for a in arrays})
    rows = [row for row, wanted in enumerate(needed(program)) if wanted]
    return again is None or difference(program, again, rows) is not None


def _steering(program: Program) -> list[np.ndarray]:
    """Constants that may be a mask or an order of the entries of an array in their shape, which
    small changes do not show: truth values or positions that no decision explains."""
    parts = [x for s in program.steps for x in (*s.args, *flatten(s.params or {})[0])]
    decided = [x for guard in program.guards for x in flatten(guard.expected)[0]]
    return [
        c
        for c in (*parts, *program.outputs)
        if isinstance(c, np.ndarray)
        and c.dtype.kind in "biu"
        and not any(same(c, x) for x in decided)
    ]


def _again(captures: Captures, record: Record, changed: dict) -> Program | None:
    """The recording with other arrays; None where it fails, so that they may matter in any way."""
    other = Substitution(captures, changed)
    held = {key: a for key, a in captures.held.items() if key not in changed}
    for a in changed.values():
        a.flags.writeable = False
        held[id(a)] = a
    try:
        program = record(other, held)
    except Exception:
        return None
    return program if changed.keys() <= other.used else None


def _nudged(a: np.ndarray) -> np.ndarray:
    """Another value in every finite entry, by so little that no decision is likely to change."""
    small = np.sqrt(np.finfo(a.dtype).eps) * np.linspace(0.5, 1.0, a.size).reshape(a.shape)
    with np.errstate(all="ignore"):
        return np.where(a == 0, small, a * (1 + small)).astype(a.dtype)


class Substitution:
    """Copies of functions and objects that refer to other arrays. used: the arrays (by id) that
    were met; those inside objects that cannot be copied are not."""

    def __init__(self, captures: Captures, arrays: dict[int, np.ndarray]) -> None:
        self.captures = captures
        self.arrays = arrays
        self.used: set[int] = set()
        self.made: dict[int, Any] = {}

    def __call__(self, x: Any) -> Any:
        key = id(x)
        if key in self.arrays:
            self.used.add(key)
            return self.arrays[key]
        if key in self.made or key not in self.captures.seen:
            return self.made.get(key, x)
        if isinstance(x, types.FunctionType):
            return self._function(x)
        if isinstance(x, types.MethodType):
            return types.MethodType(self(x.__func__), self(x.__self__))
        if isinstance(x, functools.partial):
            given = {k: self(v) for k, v in x.keywords.items()}
            return functools.partial(self(x.func), *map(self, x.args), **given)
        if isinstance(x, (tuple, list, dict)):
            return self._container(x)
        if hasattr(x, "__wrapped__"):
            return self(x.__wrapped__)
        return self._object(x)

    def _function(self, f: types.FunctionType) -> types.FunctionType:
        cells = tuple([types.CellType() for _ in f.__closure__ or ()])
        code, space = f.__code__, f.__globals__
        # Functions of admodes keep the globals of their module.
        names = named(code)[0] & space.keys() if id(f) not in self.captures.wrappers else ()
        space = dict(space) if names else space
        made = types.FunctionType(code, space, f.__name__, None, cells)
        self.made[id(f)] = made
        made.__dict__.update(f.__dict__)
        made.__defaults__ = f.__defaults__ and tuple(map(self, f.__defaults__))
        defaults = f.__kwdefaults__
        made.__kwdefaults__ = defaults and {k: self(v) for k, v in defaults.items()}
        for new, old in zip(cells, f.__closure__ or (), strict=True):
            try:
                new.cell_contents = self(old.cell_contents)
            except ValueError:
                continue
        for name in names:
            space[name] = self(space[name])
        return made

    def _container(self, x: Any) -> Any:
        if isinstance(x, dict):
            made = copy.copy(x)
            self.made[id(x)] = made
            for k, v in x.items():
                made[k] = self(v)
            return made
        items = map(self, x)
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)

    def _object(self, x: Any) -> Any:
        if is_foreign(x) or isinstance(x, type):
            return x
        module = isinstance(x, types.ModuleType)
        made = types.SimpleNamespace(**vars(x)) if module else copy.copy(x)
        self.made[id(x)] = made
        for name in self.captures.data.get(id(x), ()):
            object.__setattr__(made, name, self(getattr(x, name)))
        return made
