"""Structure of arrays: a program on many small samples goes in, and one comes out in which their
arrays, of shape (N, 3) or (N, 2, 15), are taken apart into columns of N entries, so that each
operation runs along all samples, and the zeros and ones inside a sample (of seeds, of places where
nothing arrives) disappear.

NumPy is at its best on long contiguous axes and slow on short ones. Sums over the short axes are
taken from the first entry to the last, each product rounded (BLAS may round once for both).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step, WengertList
from admodes.core.space import is_complex
from admodes.core.structure import Contraction, Moves
from admodes.core.values import shape_of
from admodes.ops.indexing import picked_rows
from admodes.programs.rewriting import Copy, LateCopy

FEWEST = 64
"""Samples, at least."""
LARGEST = 48
"""Entries of one sample's arrays, at most."""
ROW = 500.0
"""Nanoseconds that an operation on arrays takes, however small."""
SHORT = 3.0
"""Nanoseconds more for each loop over a short axis, where these are not turned away."""
DENSE = 0.1
"""Nanoseconds for an operation of a product of two matrices."""
PICKED = 4.5
"""Nanoseconds more for each row of several entries that an index picks."""
GETITEM, PLACE = REGISTRY["getitem"], REGISTRY["place"]


class Unfit(Exception):
    """An operation that is not the same for every sample, so that it cannot work on columns."""


def split_samples(program: WengertList) -> WengertList:
    """The program on columns where its arrays are many small samples and that is cheaper, by an
    estimate in nanoseconds; else the program itself."""
    samples = _samples(program)
    if samples is None:
        return program
    price = estimate(program)
    apart = Columns(program, samples, int(price / ROW)).followed()
    return apart if apart is not None and estimate(apart) < price else program


def _samples(program: WengertList) -> int | None:
    """The length of the leading axis that most arrays share; None where there are no small samples
    along it."""
    small: Counter = Counter()
    large: Counter = Counter()
    for step in program.steps:
        shape = step.shape
        if len(shape) > 1 and shape[0] >= FEWEST:
            (small if math.prod(shape[1:]) <= LARGEST else large)[shape[0]] += 1
    if not small:
        return None
    samples, count = small.most_common(1)[0]
    return samples if count > large[samples] else None


def estimate(program: WengertList) -> float:
    """About how long a run takes, in nanoseconds."""
    return sum(_row_estimate(step, program) for step in program.steps if step.op is not None)


def _row_estimate(step: Step, program: WengertList) -> float:
    shape = step.shape
    if not shape and all(shape_of(a) == () for a in program.likes(step)):
        return 30.0
    if step.op.shows(step.params):
        return 150.0
    size = max(math.prod(shape_of(x)) for x in (step.like, *program.likes(step)))
    entry = 6.0 if step.op.kind in ("functions", "powers") else 0.7
    if step.op.entrywise and len(shape) > 1:
        shapes = {shape_of(x)[-1:] for x in program.likes(step) if shape_of(x)}
        ranks = {shape_of(x) for x in program.likes(step) if shape_of(x)}
        short = shape[-1] < 16 and (len(ranks) > 1 or len(shapes) > 1)
        entry += SHORT / shape[-1] if short else 0.0
    if _adds_up(step.op) and len(shape) > 1:
        last = shape_of(program.likes(step)[0])[-1:] or (1,)
        entry += (20.0 if len(step.args) > 1 else SHORT) / max(*last, 1)
        if step.op.arity == 2 and len(shape) == 2:
            entry = DENSE
        size = sum(step.op.costs(program.likes(step), step.like, step.params).values())
    if step.op in (GETITEM, PLACE):
        entry += _move_estimate(step, program)
    elif step.op.name in ("stack", "concatenate"):
        entry += 1.0
    return ROW + entry * size


def _move_estimate(step: Step, program: WengertList) -> float:
    """About how long an entry takes that an index moves; of rows that are picked, each does."""
    index = (step.params or {})["index"]
    parts = index if isinstance(index, tuple) else (index,)
    shape = shape_of(program.likes(step)[0]) if step.op is GETITEM else step.shape
    width = math.prod(shape[len(parts) :])
    picks = all(isinstance(p, np.ndarray) for p in parts)
    return PICKED / width if picks and width > 1 else 1.0


class Column:
    """One entry of a sample, for all samples: a Ref of the copy, or a constant."""

    __slots__ = ("copy", "what")

    def __init__(self, copy: Copy, what: Any) -> None:
        self.copy = copy
        self.what = what

    def _with(self, name: str, a: Any, b: Any) -> Column:
        return Column(self.copy, combined(self.copy, REGISTRY[name], (plain(a), plain(b))))

    def __add__(self, other: Any) -> Column:
        return self._with("add", self, other)

    def __radd__(self, other: Any) -> Column:
        return self._with("add", other, self)

    def __mul__(self, other: Any) -> Column:
        return self._with("multiply", self, other)

    def __rmul__(self, other: Any) -> Column:
        return self._with("multiply", other, self)

    def __truediv__(self, other: Any) -> Column:
        return self._with("divide", self, other)


def plain(x: Any) -> Any:
    """What an entry stands for."""
    return x.what if isinstance(x, Column) else x


def combined(copy: Copy, op: Any, args: tuple) -> Any:
    """A row of the copy, or a constant where there is nothing to compute."""
    if not any(isinstance(a, Ref) for a in args):
        return op.dispatch(args, None)
    name = op.name
    if name in ("strong_mul", "tangent_mul"):
        p, t = args
        if _is(t, 0.0) or (name == "tangent_mul" and _is(p, 0.0)):
            return 0.0
        if _is(t, 1.0):
            return p
    if name == "add" and (_is(args[0], 0.0) or _is(args[1], 0.0)):
        return args[1] if _is(args[0], 0.0) else args[0]
    if name == "where" and args[1] is args[2]:
        return args[1]
    return copy.emit(op, *args)


def _is(x: Any, number: float) -> bool:
    return x.__class__ in (float, int) and x == number


class Columns(LateCopy):
    """The copy of a program in which each entry of a sample is a row with N entries, one for each
    sample. parts: for a row of the old program, of shape (N, …), an array of shape (1, …) of such
    columns. An operation that cannot work on columns gets its arguments put together again."""

    def __init__(self, program: WengertList, samples: int, most: float = math.inf) -> None:
        super().__init__(program)
        self.most = most
        self.samples = samples
        self.parts: dict[int, np.ndarray] = {}
        self.filled: dict[Any, Ref] = {}
        self.reads: dict[tuple, Any] = {}

    def followed(self) -> WengertList | None:
        """The copy; None where it gets more rows than may pay."""
        for old, step in enumerate(self.old.steps):
            if len(self.steps) > self.most:
                return None
            self.new.append(None)
            if step.op is None:
                self.new[old] = self.keep(step, ())
                continue
            try:
                self.parts[old] = self._taken_apart(step)
            except Unfit:
                placed = self._placed(step)
                self.new[old] = placed or self.keep(step, self.moved(step.args))
        return self.finished()

    def late(self, row: int) -> Any:
        """Columns, put together."""
        parts = self.parts[row]
        listed = [self._column(plain(p)) for p in parts.flat]
        return self._together(listed, (self.samples, *parts.shape[1:]))

    def _together(self, listed: list[Ref], shape: tuple[int, ...]) -> Any:
        """Columns as one array of a shape."""
        if len(shape) == 1:
            return listed[0]
        flat = self.emit(REGISTRY["stack"], *listed, axis=1)
        return flat if len(shape) == 2 else self.emit(REGISTRY["reshape"], flat, shape=shape)

    def _column(self, p: Any) -> Any:
        """An entry as an array of N entries."""
        if shape_of(self.value(p)) == (self.samples,):
            return p
        key = p if isinstance(p, Ref) else float(p)
        if key not in self.filled:
            self.filled[key] = self.emit(REGISTRY["broadcast_to"], p, shape=(self.samples,))
        return self.filled[key]

    def _taken_apart(self, step: Step) -> np.ndarray:
        shape = step.shape
        inside = shape[1:]
        if any(is_complex(self.old.like(a)) for a in step.args):
            raise Unfit
        if not shape or shape[0] != self.samples or math.prod(inside) > LARGEST:
            raise Unfit
        op = step.op
        if op is GETITEM and _picks_samples(step.params, self.old.like(step.args[0]), step.shape):
            return self._picked(step)
        if op.entrywise and not step.params:
            given = [self._aligned(a, len(shape)) for a in step.args]
            return self._entrywise(op, given, (1, *inside))
        if op.structure.__class__ is Moves or (_adds_up(op) and op.arity is not None):
            return self._moved_or_summed(step)
        raise Unfit

    def _picked(self, step: Step) -> np.ndarray:
        """Samples that an index picks out of the rows of an array: each column on its own."""
        x, params = step.args[0], step.params or {}
        found = np.empty((1, *step.shape[1:]), object)
        for index in np.ndindex(step.shape[1:]):
            if isinstance(x, Ref) and x.row in self.parts:
                column = self._column(plain(self.parts[x.row][(0, *index)]))
            else:
                column = self._read(x, (slice(None), *index))
            found[(0, *index)] = Column(self, self.emit(GETITEM, column, **params))
        return found

    def _placed(self, step: Step) -> Any:
        """Samples that are added into the rows of an array: each column on its own; None for other
        operations."""
        a = step.args[0] if step.op is PLACE else None
        if not isinstance(a, Ref) or a.row not in self.parts:
            return None
        index, shape = (step.params or {})["index"], step.shape
        if not _picks_samples(step.params, step.like, self.old.like(a).shape):
            return None
        columns = (self._column(plain(p)) for p in self.parts[a.row].flat)
        listed = [self.emit(PLACE, c, index=index, shape=shape[:1]) for c in columns]
        return self._together(listed, shape)

    def _entrywise(self, op: Any, given: list[np.ndarray], shape: tuple) -> np.ndarray:
        spread = [np.broadcast_to(x, shape) for x in given]
        found = np.empty(shape, object)
        for index in np.ndindex(shape):
            args = tuple(plain(x[index]) for x in spread)
            found[index] = Column(self, combined(self, op, args))
        return found

    def _aligned(self, a: Any, rank: int) -> np.ndarray:
        """An argument as an array of entries that broadcasts against samples of a rank."""
        shape = shape_of(self.old.like(a))
        if isinstance(a, Ref) and a.row in self.parts:
            if len(shape) != rank:
                raise Unfit
            return self.parts[a.row]
        if len(shape) == rank and rank and shape[0] == self.samples:
            return self._columns_of(a, shape)
        if shape and (math.prod(shape) > LARGEST or (len(shape) >= rank and shape[0] != 1)):
            raise Unfit
        return self._numbers_of(a, shape)

    def _columns_of(self, a: Any, shape: tuple) -> np.ndarray:
        """The columns of an array of the copy, or of a constant."""
        if math.prod(shape[1:]) > LARGEST:
            raise Unfit
        found = np.empty((1, *shape[1:]), object)
        for index in np.ndindex(shape[1:]):
            found[(0, *index)] = Column(self, self._read(a, (slice(None), *index)))
        return found

    def _numbers_of(self, a: Any, shape: tuple) -> np.ndarray:
        """The single entries of what belongs to all samples."""
        found = np.empty(shape, object)
        for index in np.ndindex(shape):
            found[index] = Column(self, self._read(a, index) if shape else self.ready(a))
        return found

    def _read(self, a: Any, index: tuple) -> Any:
        if not isinstance(a, Ref):
            found = a[index]
            return np.ascontiguousarray(found) if np.ndim(found) else float(found)
        if len(shape_of(self.old.like(a))) == 1 and index == (slice(None),):
            return self.ready(a)
        key = (a.row, *(str(k) for k in index))
        if key not in self.reads:
            self.reads[key] = self.emit(REGISTRY["getitem"], self.ready(a), index=index)
        return self.reads[key]

    def _moved_or_summed(self, step: Step) -> np.ndarray:
        """The operation's own kernel on arrays of entries, with one sample in the place of all."""
        given = []
        batched = []
        for a in step.args:
            shape = shape_of(self.old.like(a))
            own = bool(shape) and shape[0] == self.samples
            if isinstance(a, Ref) and a.row in self.parts:
                given.append(self.parts[a.row])
            elif own:
                given.append(self._columns_of(a, shape))
            elif isinstance(step.op.structure, Contraction) and math.prod(shape) <= LARGEST:
                given.append(self._numbers_of(a, shape))
            else:
                raise Unfit
            batched.append(own)
        shapes = [shape_of(self.old.like(a)) for a in step.args]
        if not keeps_samples(step, shapes, batched):
            raise Unfit
        kernel: Callable = step.op.array
        found = np.asarray(kernel(*given, **self._params(step)), object)
        if found.shape != (1, *step.shape[1:]):
            raise Unfit
        return found

    def _params(self, step: Step) -> dict:
        params = dict(step.params or {})
        if "shape" in params:
            params["shape"] = (1, *step.shape[1:])
        return params


def _adds_up(op: Op) -> bool:
    """Whether an operation adds up within a sample; its kernel works on arrays of objects that can
    be added and multiplied."""
    return isinstance(op.structure, Contraction) and op.structure.adds


def keeps_samples(step: Step, shapes: list[tuple[int, ...]], batched: list[bool]) -> bool:
    """Whether the samples stay the leading axis and are not mixed; the result's leading axis is
    known to be as long. batched: whether the arguments have the axis of samples."""
    params, rank = step.params or {}, len(shapes[0])
    if isinstance(step.op.structure, Contraction):
        terms, output = step.op.structure.labels(shapes, params)
        return bool(output) and all(
            term[0] == output[0] and output[0] not in term[1:] if own else output[0] not in term
            for term, own in zip(terms, batched, strict=True)
        )
    match step.op.name:
        case "getitem" | "place":
            return _leaves_first_axis(params["index"])
        case "transpose":
            return bool(params["axes"][0] == 0)
        case "stack":
            return params.get("axis", 0) % (rank + 1) != 0 and all(batched)
        case "concatenate":
            return params["axis"] % rank != 0 and all(batched)
        case "reshape":
            return batched[0]
        case "broadcast_to":
            return batched[0] and rank == len(step.shape)
    return False


def _picks_samples(params: dict | None, x: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index picks out of the rows of an array those of another one of this shape, of a
    few entries each, one after the other."""
    index = (params or {})["index"]
    rows = picked_rows(index, shape_of(x)) if len(shape) > 1 else None
    first = not isinstance(index, tuple) or len(index) == 1
    return rows is not None and first and rows.shape == shape[:1]


def _leaves_first_axis(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    basic = all(p is None or p is Ellipsis or isinstance(p, (int, slice)) for p in parts)
    if not basic or not parts:
        return False
    return parts[0] == slice(None) or (parts[0] is Ellipsis and None not in parts)
