"""Derivatives along many directions of which each meets one column alone: an array whose first axis
is that of directions and that has, for each of them, at most one column (an entry along the last
axis) that is not 0. What is done to such an array is done to these columns, of which there are far
fewer entries, and they are placed into zeros in the end.

So are the directions of a Hessian or a Jacobian with respect to the entries of a matrix W: those of
x W have one column each, through functions of the entries, and until the next product of matrices.

An entry of a factor that is infinite or nan makes nan of zeros as well: a product is taken by
columns only where the factor is finite, or where all its entries are still factors of some column,
and what is not finite there shows in an output (see `strong_products`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from admodes.core.magnitudes import LARGE
from admodes.core.op import REGISTRY, Op
from admodes.core.values import shape_of
from admodes.optimisation.dataflow import finite
from admodes.optimisation.folding import Folding, Table, params_of

ADD, MULTIPLY, STRONG = REGISTRY["add"], REGISTRY["multiply"], REGISTRY["strong_mul"]
TANGENT, SUBTRACT = REGISTRY["tangent_mul"], REGISTRY["subtract"]
EVERY = slice(None)


class Columns(NamedTuple):
    """entries, of shape (len(rows), ...), which are at [rows, ..., at] of an array of this shape,
    that is 0 elsewhere."""

    rows: np.ndarray
    at: np.ndarray
    entries: Any
    shape: tuple[int, ...]

    @property
    def between(self) -> tuple[int, ...]:
        """The axes but for the first and the last."""
        return self.shape[1:-1]

    @property
    def all_met(self) -> bool:
        """Whether each column is that of some direction."""
        return len(np.unique(self.at)) == self.shape[-1]


def _columns(copy: Folding, a: Any) -> Columns | None:
    """An array by its columns."""
    if a.__class__ is np.ndarray:
        return _of_constant(a)
    placed = copy.made(a, "place")
    if placed is None:
        return None
    index = params_of(placed)["index"]
    if index.__class__ is not tuple or len(index) != len(placed.shape) or len(index) < 2:
        return None
    rows, *between, at = index
    if rows.__class__ is not np.ndarray or at.__class__ is not np.ndarray or rows.ndim != 1:
        return None
    if any(k.__class__ is not slice or k != EVERY for k in between):
        return None
    return Columns(rows, at, placed.args[0], placed.shape)


def _of_constant(a: np.ndarray) -> Columns | None:
    if a.dtype != np.float64 or a.ndim < 2 or a.shape[-1] < 2 or a.shape[0] < 2:
        return None
    if not 0 < np.count_nonzero(a) <= a.size // a.shape[-1] or not np.isfinite(a).all():
        return None
    used = (a != 0).any(axis=tuple(range(1, a.ndim - 1)))
    count = used.sum(axis=1)
    if (count > 1).any():
        return None
    rows = np.flatnonzero(count)
    at = used[rows].argmax(axis=1)
    return Columns(rows, at, np.ascontiguousarray(a[_index(rows, at, a.ndim)]), a.shape)


def _index(rows: np.ndarray, at: np.ndarray, ndim: int) -> tuple:
    return (rows, *(EVERY,) * (ndim - 2), at)


def _placed(copy: Folding, c: Columns, entries: Any, between: tuple[int, ...]) -> Any:
    """Other entries at the same rows and columns."""
    shape = (c.shape[0], *between, c.shape[-1])
    if shape_of(copy.value(entries)) != (len(c.rows), *between):
        entries = copy.make("broadcast_to", entries, shape=(len(c.rows), *between))
    return copy.make("place", entries, index=_index(c.rows, c.at, len(shape)), shape=shape)


def _in_rows(copy: Folding, c: Columns, x: Any, value: Any) -> Any:
    """x, of which there is one for each direction that has a column, in rows of zeros."""
    n, first = len(c.rows), int(c.rows[0])
    if n == c.shape[0]:
        return copy.make("reshape", x, like=value, shape=value.shape)
    lined = int(c.rows[-1]) - first == n - 1
    index = (slice(first, first + n),) if lined else (c.rows,)
    return copy.make("place", x, like=value, index=index, shape=value.shape)


def _saves(value: Any, c: Columns) -> bool:
    """Whether value, an array of float64, has so many more entries than its columns."""
    if value.__class__ is not np.ndarray or value.dtype != np.float64 or value.ndim < 2:
        return False
    return value.size - len(c.rows) * math.prod(value.shape[1:-1]) >= LARGE  # type: ignore[no-any-return]


def product(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """p T by columns of T; p (T + D) = p T + p D."""
    if value.__class__ is not np.ndarray or value.ndim < 2:
        return None
    for p, t in (args,) if op is STRONG else (args, args[::-1]):
        if len(shape_of(copy.value(t))) != value.ndim:
            continue
        found = _product(copy, op, p, t, value)
        if found is None and op is MULTIPLY:
            found = _distributed(copy, t, value, lambda x: copy.make("multiply", p, x, like=value))
        if found is not None:
            return found
    return None


def _product(copy: Folding, op: Op, p: Any, t: Any, value: Any) -> Any:
    c = _columns(copy, t)
    if c is None or not _saves(value, c):
        return None
    if (value.shape[0], value.shape[-1]) != (c.shape[0], c.shape[-1]):
        return None
    shape = shape_of(copy.value(p))
    shape = (1,) * (value.ndim - len(shape)) + shape
    each = shape[0] != 1 or (shape[-1] != 1 and not c.all_met)
    if op is MULTIPLY and not finite(copy, p) and (each or not copy.shows()):
        return None
    between = value.shape[1:-1]
    if shape[0] == 1 and shape[-1] == 1:
        factor = copy.make("reshape", p, shape=shape[:-1])
        return _placed(copy, c, copy.row(op, (factor, c.entries)), between)
    lined = copy.make("reshape", p, shape=shape)
    if shape[0] == 1 and _repeats(c.at, shape[-1]):
        return _by_period(copy, op, c, lined, between)
    rows = c.rows if shape[0] != 1 else np.zeros_like(c.rows)
    at = c.at if shape[-1] != 1 else np.zeros_like(c.at)
    factor = copy.make("getitem", lined, index=_index(rows, at, value.ndim))
    return _placed(copy, c, copy.row(op, (factor, c.entries)), between)


def _repeats(at: np.ndarray, n: int) -> bool:
    """Whether the columns are 0 to n - 1, again and again."""
    return len(at) % n == 0 and bool((at.reshape(-1, n) == np.arange(n)).all())


def _by_period(copy: Folding, op: Op, c: Columns, p: Any, between: tuple[int, ...]) -> Any:
    """The product with p, of shape (1, ..., n), where the columns of directions are 0 to n - 1 and
    begin again: p with its last axis first is a factor of each n of them."""
    _, *own, n = shape_of(copy.value(p))
    factor = copy.make("transpose", p, axes=(0, len(own) + 1, *range(1, len(own) + 1)))
    parted = (len(c.rows) // n, n, *shape_of(copy.value(c.entries))[1:])
    entries = copy.row(op, (factor, copy.make("reshape", c.entries, shape=parted)))
    return _placed(copy, c, copy.make("reshape", entries, shape=(len(c.rows), *between)), between)


def _distributed(copy: Folding, a: Any, value: Any, taken: Any) -> Any:
    """A linear function of T + D as the sum of those of T and of D, where T has single columns."""
    total = copy.made(a, "add", "subtract")
    if total is None or not copy.shows():
        return None
    if not any(_is_placed(copy, t, value) for t in total.args):
        return None
    if any(shape_of(copy.value(t)) != total.shape for t in total.args):
        return None
    return copy.row(total.op, tuple(map(taken, total.args)), None, value)  # type: ignore[arg-type]


def _is_placed(copy: Folding, t: Any, value: Any) -> bool:
    c = None if copy.made(t, "place") is None else _columns(copy, t)
    return c is not None and math.prod(c.shape) - len(c.rows) * math.prod(c.between) >= LARGE


def add(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sum of two arrays with single columns: at the same places, or for other directions."""
    if copy.made(args[0], "place") is None or copy.made(args[1], "place") is None:
        return None
    one, two = (_columns(copy, a) for a in args)
    if one is None or two is None or one.shape != two.shape:
        return None
    if np.array_equal(one.rows, two.rows) and np.array_equal(one.at, two.at):
        return _placed(copy, one, copy.row(op, (one.entries, two.entries)), one.between)
    if np.intersect1d(one.rows, two.rows).size or not (copy.once(args[0]) and copy.once(args[1])):
        return None
    second = two.entries if op is ADD else copy.make("negate", two.entries)
    entries = copy.make("concatenate", one.entries, second, axis=0)
    rows, at = np.concatenate([one.rows, two.rows]), np.concatenate([one.at, two.at])
    order = np.argsort(rows)
    if (np.diff(order) < 0).any():
        entries = copy.make("getitem", entries, index=order)
    return _placed(copy, Columns(rows[order], at[order], entries, one.shape), entries, one.between)


def negate(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """-T."""
    if copy.made(args[0], "place") is None or not copy.once(args[0]):
        return None
    c = _columns(copy, args[0]) if copy.zeros_are_alike() else None
    return None if c is None else _placed(copy, c, copy.make("negate", c.entries), c.between)


def reshape(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """T in another shape with the same first and last axis; a sum T + D in another shape."""
    if value.__class__ is not np.ndarray or value.ndim < 2:
        return None
    c = None if copy.made(args[0], "place") is None else _columns(copy, args[0])
    if c is None or (c.shape[0], c.shape[-1]) != (value.shape[0], value.shape[-1]):
        return None
    between = value.shape[1:-1]
    return _placed(copy, c, copy.make("reshape", c.entries, shape=(len(c.rows), *between)), between)


def matmul(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A T = (columns of T) times A's transpose, placed; T B = columns of T times rows of B; and of
    sums T + D."""
    a, b = args
    if value.__class__ is not np.ndarray or value.dtype != np.float64:
        return None
    found = _from_left(copy, a, b)
    if found is None:
        found = _from_right(copy, a, b, value)
    if found is None and len(shape_of(copy.value(b))) > 2:
        found = _distributed(copy, b, value, lambda x: copy.make("matmul", a, x, like=value))
    if found is None and len(shape_of(copy.value(a))) > 2:
        found = _distributed(copy, a, value, lambda x: copy.make("matmul", x, b, like=value))
    return found


def _from_left(copy: Folding, a: Any, t: Any) -> Any:
    """A T, for a matrix A."""
    if len(shape_of(copy.value(a))) != 2 or len(shape_of(copy.value(t))) < 3:
        return None
    c = _columns(copy, t)
    m = shape_of(copy.value(a))[0]
    if c is None or m * (math.prod(c.shape) - len(c.rows) * math.prod(c.between)) < LARGE:
        return None
    if not (finite(copy, a) or copy.shows()):
        return None
    entries = copy.make("matmul", c.entries, copy.make("transpose", a, axes=(1, 0)))
    return _placed(copy, c, entries, (*c.between[:-1], m))


def _from_right(copy: Folding, t: Any, b: Any, value: Any) -> Any:
    """T B, for a matrix or a vector B."""
    shape = shape_of(copy.value(b))
    c = _columns(copy, t) if len(shape) in (1, 2) else None
    if c is None or value.size * (c.shape[-1] - 1) < LARGE or b.__class__ is np.ndarray:
        return None
    if not finite(copy, b) and not (c.all_met and copy.shows()):
        return None
    taken = copy.make("getitem", b, index=_run(c.at))
    ends = shape[1:]
    rows = copy.make("reshape", taken, shape=(len(c.rows), *(1,) * len(c.between), *ends))
    if t.__class__ is np.ndarray and not c.between and bool((c.entries == 1.0).all()):
        return _in_rows(copy, c, rows, value)
    own = (*shape_of(copy.value(c.entries)), *(1,) * len(ends))
    entries = copy.make("multiply", copy.make("reshape", c.entries, shape=own), rows)
    return _in_rows(copy, c, entries, value)


def _run(at: np.ndarray) -> Any:
    """An index of these positions, as a slice where they follow one another."""
    first = int(at[0])
    if np.array_equal(at, np.arange(first, first + len(at))):
        return (slice(first, first + len(at)),)
    return at


def total(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Sums of T, or of T + D, over axes between the first and the last."""
    shape = shape_of(copy.value(args[0]))
    if len(shape) < 3 or value.__class__ is not np.ndarray or value.dtype != np.float64:
        return None
    axes = op.structure.axes(shape, params)
    if not axes or 0 in axes or len(shape) - 1 in axes:
        return None
    found = _distributed(copy, args[0], value, lambda x: copy.row(op, (x,), params, value))
    if found is not None:
        return found
    c = None if copy.made(args[0], "place") is None else _columns(copy, args[0])
    if c is None:
        return None
    entries = copy.make("sum", c.entries, axis=axes, keepdims=False)
    between = tuple(n for k, n in enumerate(c.shape[1:-1], 1) if k not in axes)
    placed = _placed(copy, c, entries, between)
    return copy.make("reshape", placed, like=value, shape=value.shape)


TABLE: Table = {
    **dict.fromkeys((MULTIPLY, STRONG, TANGENT), (product,)),
    ADD: (add,),
    SUBTRACT: (add,),
    REGISTRY["negate"]: (negate,),
    REGISTRY["reshape"]: (reshape,),
    REGISTRY["matmul"]: (matmul,),
    REGISTRY["sum"]: (total,),
    REGISTRY["unbroadcast"]: (total,),
}
