"""Scalar replacement: a program goes in, and one comes out in which arrays that are only there to
hold single numbers are taken apart into these: a vector that is indexed entry by entry, a table
that a loop fills, and the sums of one-entry arrays in which a reverse sweep gathers its cotangents.

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
from admodes.programs.rewriting import LateCopy, ends, uses

LARGEST = 4096
"""Arrays of more entries are left alone, unless the program has as many rows as they have entries,
as one that goes through them in a loop."""
OVERLAP = 4
"""Sums of arrays are taken entry by entry where at most so many entries, or an eighth of them, are
there in both."""
COPIED = 64
"""Entries that may be copied for each row of the program, where an array that is changed is read
again as it was, or whole slices are moved: then the pass takes time that grows with the rows."""
FOLLOWED = frozenset(
    ("place", "stack", "assign", "add", "subtract", "negate", "getitem", "reshape", "transpose")
)
"""The operations that are followed entry by entry."""


class Sparse(dict):
    """An array that is another one, its base, but for some entries: a dict of these, by position in
    C order. An entry is a Ref to a row of the copy, or a number. shape: that of the array; base:
    None for zeros, a Ref of the copy to an array, or an array of entries."""

    def __init__(self, shape: tuple[int, ...], given: Any = (), base: Any = None) -> None:
        super().__init__(given)
        self.shape = shape
        self.base = base

    def entry(self, k: int) -> Any:
        """The entry at a position."""
        if k in self:
            return self[k]
        base = self.base
        if base is None:
            return 0.0
        return ArrayEntry(base.row, k) if isinstance(base, Ref) else base.item(k)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """The entries at some positions, in an array of objects."""
        return _boxed([self.entry(k) for k in positions.flat]).reshape(positions.shape)

    def full(self) -> np.ndarray:
        """All entries, in an array of objects."""
        return self.at(entry_numbers(self.shape))


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
        if step.op is None or step.op.name not in ("stack", "place", "getitem", "assign"):
            return False
        return () in (step.shape, *map(shape_of, program.likes(step)))

    return found


def _read_as_wholes(program: WengertList) -> set[int]:
    """The rows that are read by something that is no matter of single entries."""
    found = set(ends(program))
    for step in program.steps:
        if step.op is not None and step.op.name not in FOLLOWED:
            found.update(a.row for a in step.args if isinstance(a, Ref))
    return found


class Entries(LateCopy):
    """The copy of a program in which arrays are taken apart into entries. parts: for a row of the
    old program its entries, an array of objects (Refs, numbers and ArrayEntry) or a Sparse; where
    something needs the array as such, it is put together. read: the rows that read an entry of an
    array, by row and position. uses: how often each row is still read; wholes: the arrays that
    something needs as such."""

    def __init__(self, program: WengertList) -> None:
        super().__init__(program)
        self.parts: dict[int, Any] = {}
        self.read: dict[tuple[int, int], Ref] = {}
        self.uses = uses(program)
        self.wholes = _read_as_wholes(program)
        self.largest = max(LARGEST, len(program.steps))
        self.copies = COPIED * self.largest

    def followed(self) -> WengertList:
        for old, step in enumerate(self.old.steps):
            self.new.append(self._row(old, step))
            for a in step.args:
                if isinstance(a, Ref):
                    self.uses[a.row] -= 1
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
        if name == "assign":
            return self._assigned(step, params["index"])
        if name in ("add", "subtract", "negate"):
            return self._summed(step)
        if name in ("getitem", "reshape", "transpose") and isinstance(step.args[0], Ref):
            given = self.parts.get(step.args[0].row)
            if isinstance(given, Sparse):
                return self._moved_entries(step, given, params)
            return None if given is None else step.op.array(given, **params)
        return None

    def _moved_entries(self, step: Step, given: Sparse, params: dict) -> Any:
        """Some entries in another order; None where most are those of an array as such."""
        if not step.shape and step.op.name == "getitem":
            (k,) = _positions(given.shape, params["index"])
            return given.entry(k)
        if isinstance(given.base, Ref) or not self._affords(step.size):
            return None
        positions = step.op.array(entry_numbers(given.shape), **params)
        if given.base is not None:
            return given.at(positions)
        pairs = enumerate(positions.flat)
        return Sparse(positions.shape, {j: given[k] for j, k in pairs if k in given})

    def _assigned(self, step: Step, index: Any) -> Sparse | None:
        """An array with numbers at an index, where it is taken apart, or the number is one."""
        x, v = step.args
        shape = step.shape
        positions = _positions(shape, index)
        values = self._values(v, len(positions))
        if values is None or getattr(self.old.like(x), "dtype", FLOAT) != FLOAT:
            return None
        if len(positions) != 1 and self._is_whole(x):
            return None
        found = self._changeable(x, shape)
        found.update(zip(positions, values, strict=True))
        if len(found) == step.size:
            found.base = None
        return found

    def _is_whole(self, x: Any) -> bool:
        """Whether most entries of an old array are those of an array as such."""
        if not isinstance(x, Ref):
            return False
        return self.new[x.row] is not None or isinstance(
            getattr(self.parts[x.row], "base", None), Ref
        )

    def _values(self, v: Any, n: int) -> list | None:
        """n numbers that are assigned; None where they are entries of an array as such."""
        if isinstance(v, Ref):
            step = self.old.steps[v.row]
            given = self._numbers_of(v) if step.dtype == FLOAT else None
            found = None if given is None else [given.get(j, 0.0) for j in range(step.size)]
        else:
            found = np.asarray(v, float).ravel().tolist()
        if found is not None and shape_of(self.old.like(v)) == ():
            found *= n
        return found if found is not None and len(found) == n else None

    def _numbers_of(self, a: Any) -> dict | None:
        """The entries of an old array or number by position, but for zeros; None where some are
        those of an array as such."""
        if shape_of(self.old.like(a)) == ():
            return {0: self.ready(a)}
        if not isinstance(a, Ref):
            return _nonzero(a)
        parts = self.parts.get(a.row)
        if parts is None or not self._affords(self.old.steps[a.row].size):
            return None
        if isinstance(parts, Sparse):
            if parts.base is None or isinstance(parts.base, Ref):
                return parts if parts.base is None else None
            parts = parts.full()
        if any(isinstance(p, ArrayEntry) for p in parts.flat):
            return None
        return dict(enumerate(parts.flat))

    def _affords(self, n: int) -> bool:
        """Whether n more entries may be copied."""
        self.copies -= n
        return self.copies >= 0

    def _changeable(self, x: Any, shape: tuple[int, ...]) -> Sparse:
        """The entries of an old array, to be changed. Where nothing reads them again, they are
        those that there were, so that filling an array costs as much as it has entries."""
        if not isinstance(x, Ref):
            return Sparse(shape, base=np.asarray(x, float))
        before: Any = self.parts.get(x.row)
        late = self.new[x.row] is None
        if late or (isinstance(before, Sparse) and before.base is None):
            if self.uses[x.row] == 1:
                del self.parts[x.row]
                return before if isinstance(before, Sparse) else Sparse(shape, base=before)
            if not (late and x.row in self.wholes) and self._affords(len(before)):
                if isinstance(before, Sparse):
                    return Sparse(shape, before, before.base)
                return Sparse(shape, base=before)
        whole = self.ready(x)
        return Sparse(shape, base=whole if isinstance(whole, Ref) else np.asarray(whole, float))

    def _placed(self, step: Step, params: dict) -> Sparse | None:
        """Numbers that are put into zeros, where each has an entry of its own."""
        (w,) = step.args
        shape = step.shape
        if math.prod(shape) > self.largest:
            return None
        given = self._numbers_of(w)
        positions = _positions(shape, params["index"])
        if given is None or len(positions) != math.prod(shape_of(self.old.like(w))):
            return None
        found = Sparse(shape)
        for j, p in given.items():
            k = positions[j]
            found[k] = self._combined(REGISTRY["add"], found[k], p) if k in found else p
        return found

    def _summed(self, step: Step) -> Sparse | None:
        """A sum of sparse arrays, where they hardly meet. The one that nothing else reads is
        changed in place, so that a long chain of sums costs as much as it has entries."""
        shape = step.shape
        terms: list[Any] = [self._term(a) for a in step.args] if shape else [None]
        if not all(isinstance(t, Sparse) and t.shape == shape for t in terms):
            return None
        first, *others = terms
        if not others:
            if first.base is not None:
                return None
            return Sparse(shape, {k: self._combined(step.op, p) for k, p in first.items()})
        (second,) = others
        based = [t.base is not None for t in terms]
        if based[1] and (based[0] or step.op.name == "subtract"):
            return None
        if step.op.name == "add" and (based[1] or (not based[0] and len(second) > len(first))):
            return self._merged(step, 1, second, first)
        return self._merged(step, 0, first, second)

    def _term(self, a: Any) -> Any:
        """The entries of a term of a sum."""
        if isinstance(a, Ref):
            return self.parts.get(a.row)
        few = np.count_nonzero(a) <= _few(np.shape(a))
        return Sparse(np.shape(a), _nonzero(a)) if few else None

    def _merged(self, step: Step, which: int, larger: Sparse, smaller: Sparse) -> Sparse | None:
        smaller = Sparse(smaller.shape, {k: p for k, p in smaller.items() if not _is_zero(p)})
        met = sum(not _is_zero(larger.entry(k)) for k in smaller)
        if met > _few(larger.shape):
            return None
        larger = self._changeable(step.args[which], larger.shape)
        for k, p in smaller.items():
            other = larger.entry(k)
            if not _is_zero(other):
                pair = (self._number(other), p)[:: 1 - 2 * which]
                larger[k] = self._combined(step.op, *pair)
            else:
                larger[k] = p if step.op.name == "add" else self._combined(REGISTRY["negate"], p)
        if len(larger) == step.size:
            larger.base = None
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
            index = _index(p.flat, self.steps[p.row].shape)
            self.read[key] = self.emit(REGISTRY["getitem"], Ref(p.row), index=index)
        return self.read[key]

    def late(self, row: int) -> Any:
        """An array that was taken apart, put together."""
        parts = self.parts[row]
        if isinstance(parts, Sparse) and parts.base is not None:
            if 8 * len(parts) < math.prod(parts.shape) and _is_array(parts.base):
                return self._written(parts, self.old.steps[row].like)
        elif isinstance(parts, Sparse) and len(parts) == 1 and math.prod(parts.shape) > 1:
            ((k, p),) = parts.items()
            index = _index(k, parts.shape)
            return self.emit(REGISTRY["place"], self._number(p), index=index, shape=parts.shape)
        parts = parts.full() if isinstance(parts, Sparse) else parts
        numbers = [self._number(p) for p in parts.flat]
        if not parts.shape:
            return numbers[0]
        if not any(isinstance(p, Ref) for p in numbers):
            return np.array(numbers, float).reshape(parts.shape)
        flat = self.emit(REGISTRY["stack"], *numbers, axis=0)
        return flat if parts.ndim == 1 else self.emit(REGISTRY["reshape"], flat, shape=parts.shape)

    def _written(self, parts: Sparse, like: np.ndarray) -> Any:
        """An array that is its base but for a few entries, which are written into it."""
        found = parts.base
        for k, p in parts.items():
            args = found, self._number(p)
            self.steps.append(
                Step(REGISTRY["assign"], args, {"index": _index(k, parts.shape)}, like)
            )
            found = Ref(len(self.steps) - 1)
        return found


def _is_zero(p: Any) -> bool:
    return p.__class__ is float and p == 0.0


def _nonzero(a: np.ndarray) -> dict[int, float]:
    """The entries of a constant array that are not 0, by position."""
    flat = np.asarray(a, float).ravel()
    return {k: flat.item(k) for k in np.flatnonzero(flat).tolist()}


def _few(shape: tuple[int, ...]) -> int:
    """So many entries of an array are few."""
    return max(OVERLAP, math.prod(shape) // 8)


def _is_array(base: Any) -> bool:
    return isinstance(base, Ref) or base.dtype == FLOAT


def _index(k: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of the entry at a position in C order."""
    return tuple(int(i) for i in np.unravel_index(k, shape))


def _positions(shape: tuple[int, ...], index: Any) -> list[int]:
    """The entries at an index, by position in C order."""
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) == len(shape) and all(type(p) is int for p in parts):
        return [int(np.ravel_multi_index(parts, shape, mode="wrap"))]
    return entry_numbers(shape)[index].ravel().tolist()  # type: ignore[no-any-return]


def _boxed(items: Sequence) -> np.ndarray:
    box = np.empty(len(items), object)
    box[:] = items
    return box
