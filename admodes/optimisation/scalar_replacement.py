"""Scalar replacement: a program goes in, and one comes out in which arrays that are only there to
hold single numbers are taken apart into these: a vector that is indexed entry by entry, and the
sums of one-entry arrays in which a reverse sweep gathers its cotangents.

Each entry is followed as the row that made it, so that x[i] is an entry of the input however it
was reached, and a gradient of n entries is one stack of n numbers instead of a chain of sums of
arrays. Adding the zeros that are left out changes no bit but the sign of a zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from admodes.core.entries import entry_numbers
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.values import FLOAT, shape_of
from admodes.programs.rewriting import LateCopy, uses

LARGEST = 4096
"""Arrays of more entries are left alone, unless the program has as many rows as they have entries,
as one that goes through them in a loop."""
OVERLAP = 4
"""Sums of arrays are taken entry by entry where at most so many entries, or an eighth of them, are
there in both."""


class Sparse(dict):
    """An array in which most entries are 0: a dict of the others, by position in C order. An entry
    is a Ref to a row of the copy, or a number. shape: that of the array."""

    def __init__(self, shape: tuple[int, ...], given: Any = ()) -> None:
        super().__init__(given)
        self.shape = shape

    def full(self) -> np.ndarray:
        """All entries, in an array of objects."""
        found = np.empty(math.prod(self.shape), object)
        found[:] = 0.0
        for k, p in self.items():
            found[k] = p
        return found.reshape(self.shape)


class ArrayEntry:
    """An entry of an array that was not taken apart: the row of the copy that is the array, and the
    position of the entry in C order (flat)."""

    __slots__ = ("flat", "row")

    def __init__(self, row: int, flat: int) -> None:
        self.row = row
        self.flat = flat


def replace_arrays(program: WengertList) -> WengertList:
    """The program in which arrays of single numbers are taken apart."""
    return Entries(program).followed() if any(map(_of_numbers(program), program.steps)) else program


def _of_numbers(program: WengertList) -> Callable[[Step], bool]:
    """Whether a row makes an array of numbers, or a number of an array."""

    def found(step: Step) -> bool:
        if step.op is None or step.op.name not in ("stack", "place", "getitem"):
            return False
        return () in (step.shape, *map(shape_of, program.likes(step)))

    return found


class Entries(LateCopy):
    """The copy of a program in which arrays are taken apart into entries. parts: for a row of the
    old program its entries, an array of objects (Refs, numbers and ArrayEntry) or a Sparse; where
    something needs the array as such, it is put together. read: the rows that read an entry of an
    array, by row and position."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.parts: dict[int, Any] = {}
        self.read: dict[tuple[int, int], Ref] = {}
        self.uses = uses(program)
        self.largest = max(LARGEST, len(program.steps))

    def followed(self) -> WengertList:
        for old, step in enumerate(self.old.steps):
            self.new.append(self._row(old, step))
        return self.finished()

    def _row(self, old: int, step: Step) -> Any:
        """The new row of an old one; None where its entries are followed instead."""
        if step.op is None:
            made = self.keep(step, ())
            if step.like.__class__ is np.ndarray and 0 < step.size <= self.largest:
                places = [ArrayEntry(made.row, k) for k in range(step.size)]
                self.parts[old] = _boxed(places).reshape(step.shape)
            return made
        found = self._taken_apart(step)
        if found is None:
            return self.keep(step, self.moved(step.args))
        if not isinstance(found, (Sparse, np.ndarray)):
            return self._number(found)
        self.parts[old] = found
        if isinstance(found, np.ndarray) and all(isinstance(p, ArrayEntry) for p in found.flat):
            return self.keep(step, self.moved(step.args))
        return None

    def _taken_apart(self, step: Step) -> Any:
        """The entries of a row's result, or None where it is no matter of single entries."""
        name, params = step.op.name, step.params or {}
        if step.size > self.largest or getattr(step.like, "dtype", FLOAT) != FLOAT:
            return None
        if name == "place":
            return self._placed(step, params)
        if name == "stack" and all(shape_of(self.old.like(a)) == () for a in step.args):
            return _boxed(self.moved(step.args))
        if name in ("add", "subtract", "negate"):
            return self._summed(step)
        if name in ("getitem", "reshape", "transpose") and isinstance(step.args[0], Ref):
            given = self.parts.get(step.args[0].row)
            given = given.full() if isinstance(given, Sparse) else given
            return None if given is None else step.op.array(given, **params)
        return None

    def _placed(self, step: Step, params: dict) -> Sparse | None:
        """Numbers that are put into zeros, where each has an entry of its own."""
        (w,) = step.args
        shape = step.shape
        if math.prod(shape) > self.largest:
            return None
        if shape_of(self.old.like(w)) == ():
            given = [self.ready(w)]
        else:
            parts = self.parts.get(w.row) if isinstance(w, Ref) else None
            parts = parts.full() if isinstance(parts, Sparse) else parts
            if parts is None or any(isinstance(p, ArrayEntry) for p in parts.flat):
                return None
            given = list(parts.flat)
        positions = _positions(shape, params["index"])
        if len(positions) != len(given):
            return None
        found = Sparse(shape)
        for k, p in zip(positions, given, strict=True):
            found[k] = self._combined(REGISTRY["add"], found[k], p) if k in found else p
        return found

    def _summed(self, step: Step) -> Sparse | None:
        """A sum of sparse arrays, where they hardly meet. The one that nothing else reads is
        changed in place, so that a long chain of sums costs as much as it has entries."""
        terms: list[Any] = [self.parts.get(getattr(a, "row", -1)) for a in step.args]
        shape = step.shape
        if not all(isinstance(t, Sparse) and t.shape == shape for t in terms):
            return None
        first, *others = terms
        if not others:
            return Sparse(shape, {k: self._combined(step.op, p) for k, p in first.items()})
        (second,) = others
        if step.op.name == "add" and len(second) > len(first):
            return self._merged(step, 1, second, first)
        return self._merged(step, 0, first, second)

    def _merged(self, step: Step, which: int, larger: Sparse, smaller: Sparse) -> Sparse | None:
        met = sum(k in larger for k in smaller)
        if met > max(OVERLAP, math.prod(larger.shape) // 8):
            return None
        row = step.args[which].row
        if self.uses[row] > 1:
            larger = Sparse(larger.shape, larger)
        else:
            del self.parts[row]
        for k, p in smaller.items():
            if k in larger:
                pair = (larger[k], p)[:: 1 - 2 * which]
                larger[k] = self._combined(step.op, *pair)
            else:
                larger[k] = p if step.op.name == "add" else self._combined(REGISTRY["negate"], p)
        return larger

    def _combined(self, op: Op, *args: Any) -> Any:
        if any(isinstance(a, Ref) for a in args):
            return self.emit(op, *args)
        return op.dispatch(args, None)

    def _number(self, p: Any) -> Any:
        """An entry as an argument of the copy."""
        if not isinstance(p, ArrayEntry):
            return p
        key = p.row, p.flat
        if key not in self.read:
            index = np.unravel_index(p.flat, self.steps[p.row].shape)
            self.read[key] = self.emit(
                REGISTRY["getitem"], Ref(p.row), index=tuple(int(k) for k in index)
            )
        return self.read[key]

    def late(self, row: int) -> Any:
        """An array that was taken apart, put together."""
        parts = self.parts[row]
        if isinstance(parts, Sparse) and len(parts) == 1 and math.prod(parts.shape) > 1:
            ((k, p),) = parts.items()
            index = tuple(int(i) for i in np.unravel_index(k, parts.shape))
            return self.emit(REGISTRY["place"], self._number(p), index=index, shape=parts.shape)
        parts = parts.full() if isinstance(parts, Sparse) else parts
        numbers = [self._number(p) for p in parts.flat]
        if not parts.shape:
            return numbers[0]
        if not any(isinstance(p, Ref) for p in numbers):
            return np.array(numbers, float).reshape(parts.shape)
        flat = self.emit(REGISTRY["stack"], *numbers, axis=0)
        return flat if parts.ndim == 1 else self.emit(REGISTRY["reshape"], flat, shape=parts.shape)


def _positions(shape: tuple[int, ...], index: Any) -> list[int]:
    """The entries at an index, by position in C order."""
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) == len(shape) and all(isinstance(p, int) for p in parts):
        return [int(np.ravel_multi_index(parts, shape, mode="wrap"))]
    return entry_numbers(shape)[index].ravel().tolist()  # type: ignore[no-any-return]


def _boxed(items: Sequence) -> np.ndarray:
    box = np.empty(len(items), object)
    box[:] = items
    return box
