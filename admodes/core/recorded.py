"""The carrier that records: a value with its place in the list that is being written. Every
operation on it enters a row there (core.record).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from admodes.core.carrier import (
    UFUNCS,
    Carrier,
    Level,
    as_numpys,
    innermost,
    leaves_to_operator,
    settled,
)
from admodes.core.notes import Note
from admodes.core.op import Op
from admodes.core.program import Guard, Ref, Step, made_of, reference
from admodes.core.scalars import counted
from admodes.core.space import space
from admodes.core.subclasses import refuse_among
from admodes.core.truth import is_whole
from admodes.core.ufuncs import special_ufunc
from admodes.core.values import FLOAT, canonical, frozen_one, of_floats, shape_of
from admodes.core.whole import among_whole, loses_derivative
from admodes.errors import LostDerivative


@counted
class Recorded(Carrier):
    """A value with its place in the list that recording, a Recording, is writing."""

    __slots__ = ("__weakref__", "recording", "row", "shares")
    content = ("primal", "row", "recording")
    records = True

    def __init__(self, level: Level, primal: Any, row: int, recording: Any) -> None:
        self.level = level
        self.primal = primal
        self.row = row
        self.recording = recording

    @property
    def differentiates(self) -> bool:  # type: ignore[override]
        return self.recording.taped and self.recording.depends(self.row)

    @property
    def size(self) -> int:
        x = self.primal
        return x.size if x.__class__ is ndarray else math.prod(self.shape)

    @property
    def step(self) -> Step:
        """The row in the list."""
        return self.recording.steps[self.row]

    def made_of(self) -> tuple | None:
        return made_of(self.recording.steps, self.row)

    def constant(self, x: Any) -> Any:
        kept, shape = self.recording.constant(x), {"shape": x.shape}
        return self.recording.enter(space.broadcast, (kept,), shape, kept)

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        level, recording = self.level, self.recording
        primals: list[Any] = []
        refs: list[Any] = []
        ref: Any
        floats, arrays = op.only_kernel, False
        for a in args:
            if a.__class__ is Recorded and a.level is level:
                x, ref = a.primal, reference((a.row,))
            elif a.__class__ is float:
                x = ref = a
            elif recording.taped and isinstance(a, Carrier):
                # The list is applied to what is traced outside; here the plain value will do.
                plain = innermost(a)
                x, ref = plain if shape_of(plain) == a.shape else a, recording.constant(a)
            else:
                x, ref = a, recording.constant(a)
            primals.append(x)
            refs.append(ref)
            if x.__class__ is np.ndarray:
                arrays = True
                floats = floats and x.dtype.kind == "f"
            elif x.__class__ is not float:
                floats = False
        try:
            run = op.on_arrays if arrays and floats else op.dispatch
            y = run(tuple(primals), params)
        except Exception as error:
            recording.raised(op.name, error)
            raise
        return recording.enter(op, tuple(refs), params and recording.held.plain(params), y)

    def unary(self, op: Any) -> Any:
        x = self.primal
        if op.quick and x.__class__ is ndarray and x.dtype is FLOAT:
            # Written out here and in binary: of a recording these are most rows.
            recording = self.recording
            try:
                y = op.array(x)
            except Exception as error:
                recording.raised(op.name, error)
                raise
            plain = y.__class__ is ndarray and y.ndim
            return recording.enter(
                op, (reference((self.row,)),), None, y if plain else canonical(y)
            )
        if op.quick and of_floats(x):
            return self.apply(op, (self,), None)
        return op.dispatch((self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        level = self.level
        x, first = a, a
        if a.__class__ is Recorded and a.level is level:
            x, first = a.primal, reference((a.row,))
        y, second = b, b
        if b.__class__ is Recorded and b.level is level:
            y, second = b.primal, reference((b.row,))
        if x.__class__ is ndarray and x.dtype is FLOAT:
            short = y.__class__ is float or (y.__class__ is ndarray and y.dtype is FLOAT)
        else:
            short = x.__class__ is float and y.__class__ is ndarray and y.dtype is FLOAT
        # An array that is no row is copied, or looked for among what is held.
        if short and op.only_kernel and first.__class__ is not ndarray is not second.__class__:
            recording = self.recording
            try:
                z = op.array(x, y)
            except Exception as error:
                recording.raised(op.name, error)
                raise
            plain = z.__class__ is ndarray and z.ndim
            return recording.enter(op, (first, second), None, z if plain else canonical(z))
        numbers = x.__class__ is y.__class__ is float
        if numbers or (op.quick and of_floats(x) and of_floats(y)):
            return self.apply(op, (a, b), None)
        return op.dispatch((a, b), None)

    def among_whole(self, op: Any, args: tuple, params: dict | None) -> Any:
        return among_whole(self, op, args, params)

    def __bool__(self) -> bool:
        taken = bool(self.primal)
        self.recording.decided(Guard(bool, (Ref(self.row),), taken))
        return taken

    def __index__(self) -> int:
        return self._plain(int, super().__index__)  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._plain(int, super().__int__, loses_derivative(self))  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self._plain(float, super().__float__)  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        return self._plain(complex, super().__complex__)  # type: ignore[no-any-return]

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        if leaves_to_operator(sys._getframe(1)):
            return np.array(None)
        found = self._plain(np.array, lambda: Carrier.__array__(self, *args, **kwargs))
        return np.array(found, *args[:1])

    def _plain(self, decide: Callable, refuse: Callable, lost: bool | None = None) -> Any:
        """decide of what has no derivative to lose; else the error, which is noted."""
        if is_whole(self) if lost is None else not lost:
            return settled(decide, self)
        try:
            return refuse()
        except LostDerivative as error:
            self.recording.raised(decide.__name__, error)
            raise

    def as_numpys(self) -> Any:
        y = as_numpys(self.primal)
        if y is self.primal or self.level.arrays:
            return self
        return type(self)(self.level, y, self.row, self.recording)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        x = self.primal
        if len(inputs) == 1 and method == "__call__" and not kwargs and x.__class__ is ndarray:
            op = UFUNCS.get(ufunc)
            if isinstance(op, Op) and op.quick and op.arity == 1:
                return self.unary(op)
        if "out" in kwargs:
            # The references to out tell whether it may be written into: no copy of inputs.
            refuse_among(inputs, ufunc)
            return special_ufunc(ufunc, method, inputs, kwargs)
        given = (x.as_numpys() if isinstance(x, Carrier) else x for x in inputs)
        return super().__array_ufunc__(ufunc, method, *given, **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        try:
            return super().__array_function__(func, types, args, kwargs)
        except Exception as error:
            self.recording.raised(func.__name__, error)
            raise

    def seen(self, note: Note) -> None:
        self.recording.seen(note, self.row)

    def decided(self, decide: Callable, xs: list, y: Any) -> None:
        level = self.level
        args = tuple(
            Ref(x.row) if x.__class__ is Recorded and x.level is level else frozen_one(innermost(x))
            for x in xs
        )
        if self is next(x for x in xs if x.__class__ is Recorded and x.level is level):
            self.recording.decided(Guard(decide, args, y))
