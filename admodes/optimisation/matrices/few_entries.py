"""Products of a matrix and an array that is zero but for a few entries along the axis that is
summed over: those rows or columns of the matrix alone are read. Such arrays are what the way back
through a median, a quantile or x[index] makes; and so are sums and multiples of them, and products
with others.

What is not finite in the rest of the matrix makes nan of zeros. So the matrix must be finite, which
a product that is there already shows: every entry is a factor of some entry of that.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from admodes.core.magnitudes import LARGE
from admodes.core.magnitudes import finite as finite_entries
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step
from admodes.core.values import shape_of
from admodes.optimisation.dataflow import finite
from admodes.optimisation.folding import Folding, Table, params_of
from admodes.optimisation.literals import number

MATMUL = REGISTRY["matmul"]
MOST, DEPTH = 4, 8
"""How many arrays of few entries are added, and how many operations on them are followed."""
NEAR = 2000
"""Among so many rows another product with the matrix is sought."""


class Few(NamedTuple):
    """entries, which are added at these positions along the first axis of an array of zeros: the
    row of a list, an array, or a slice. tested: what must be finite for that."""

    entries: Any
    at: Any
    tested: tuple = ()

    def times(self, copy: Folding, factor: Any, *tested: Any) -> Few:
        """The same with other entries."""
        entries = copy.make("multiply", factor, self.entries)
        return Few(entries, self.at, (*self.tested, *tested))

    def negated(self, copy: Folding) -> Few:
        """The same with a minus."""
        return self._replace(entries=copy.make("negate", self.entries))

    def picked(self, copy: Folding, x: Any, axis: int = 0) -> Any:
        """What stands at these positions along an axis of x."""
        if self.at.__class__ is not Ref:
            return copy.make("getitem", x, index=(*(slice(None),) * axis, self.at))
        rank = len(shape_of(copy.value(x)))
        lined = [1] * rank
        (lined[axis],) = shape_of(copy.value(self.at))
        at = self.at if rank == 1 else copy.make("reshape", self.at, shape=tuple(lined))
        return copy.make("take_along_axis", x, at, axis=axis)


def _few(copy: Folding, v: Any, depth: int = DEPTH) -> list[Few]:
    """An array as a sum of arrays with few entries; an empty list where it is none."""
    step = copy.step(v)
    if step is None or not depth:
        return []
    name = step.op.name
    if name == "add_along_axis":
        return [Few(*step.args)] if len(step.shape) == 1 else []
    if name == "place":
        at = _positions(params_of(step)["index"], step.shape)
        return [] if at is None else [Few(_lined(copy, step.args[0], step.shape), at)]
    if name == "stack":
        return _of_stack(copy, step.args) if len(step.shape) == 1 else []
    if name == "negate":
        return [part.negated(copy) for part in _few(copy, step.args[0], depth - 1)]
    if name in ("add", "subtract"):
        return _both(copy, name, step.args, step.like, depth - 1)
    return _multiple(copy, step.args, step.like, depth - 1) if name == "multiply" else []


def _of_stack(copy: Folding, args: tuple) -> list[Few]:
    """The numbers of a stack that are not zeros."""
    at = [k for k, a in enumerate(args) if number(a) != 0]
    if not 0 < len(at) < len(args):
        return []
    return [Few(copy.make("stack", *(args[k] for k in at), axis=0), np.array(at))]


def _positions(index: Any, shape: tuple[int, ...]) -> Any:
    """The positions along the first axis that an index of this axis alone says."""
    part, *rest = index if isinstance(index, tuple) else (index,)
    if rest or not shape:
        return None
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        k = int(part) % shape[0]
        return slice(k, k + 1)
    lined = part.__class__ is np.ndarray and part.ndim == 1 and part.dtype.kind in "iu"
    return part if lined or part.__class__ is slice else None


def _lined(copy: Folding, x: Any, shape: tuple[int, ...]) -> Any:
    """The entries at a single position with an axis for it."""
    one = len(shape_of(copy.value(x))) < len(shape)
    return copy.make("reshape", x, shape=(1, *shape[1:])) if one else x


def _both(copy: Folding, name: str, args: tuple, like: Any, depth: int) -> list[Few]:
    if any(shape_of(copy.value(a)) != like.shape for a in args):
        return []
    one = _few(copy, args[0], depth)
    two = _few(copy, args[1], depth) if one else []
    if not two or len(one) + len(two) > MOST:
        return []
    return one + ([part.negated(copy) for part in two] if name == "subtract" else two)


def _multiple(copy: Folding, args: tuple, like: Any, depth: int) -> list[Few]:
    """p v by the entries of v, where p is finite."""
    for p, v in (args, args[::-1]):
        parts = _few(copy, v, depth) if shape_of(copy.value(v)) == like.shape else []
        if not parts:
            continue
        c, q = _scaled(copy, p)
        if q is None:
            return [part.times(copy, c) for part in parts] if np.isfinite(c) else []
        if q.__class__ is Ref and not shape_of(copy.value(q)):
            return [part.times(copy, q, q) for part in parts]
        told = q.__class__ is Ref or finite(copy, q)
        if shape_of(copy.value(q)) != like.shape or not (told and np.isfinite(c)):
            return []
        return [
            part.times(copy, copy.make("multiply", c, part.picked(copy, q)), q) for part in parts
        ]
    return []


def _scaled(copy: Folding, p: Any) -> tuple[float, Any]:
    """(c, q) of a factor c q; q is None where it is a number."""
    c = number(p)
    if c is not None:
        return c, None
    product = copy.made(p, "multiply")
    for a, q in (product.args, product.args[::-1]) if product is not None else ():
        c = number(a)
        if c is not None and copy.alike(q, copy.value(p)):
            return c, q
    return 1.0, p


def _tested(copy: Folding, matrix: Any, parts: list[Few]) -> set | None:
    """What must be finite, so that the matrix and all factors are; None where too little would tell
    of the matrix: a product with fewer entries, or a sum with that."""
    tested = {x for part in parts for x in part.tested if not finite(copy, x)}
    if finite(copy, matrix):
        return tested
    if matrix.__class__ is not Ref:
        return None
    if any(_shows(copy, x, matrix) for x in tested):
        return tested
    n = math.prod(shape_of(copy.value(matrix)))
    last = len(copy.steps)
    for row in range(max(0, last - NEAR), last):
        if _multiplies(copy, copy.steps[row], matrix) and n - copy.steps[row].size >= LARGE:
            return {Ref(row), *tested}
    return None


def _multiplies(copy: Folding, step: Step, matrix: Any) -> bool:
    """Whether a row is a product with a matrix, of which every entry is a factor then."""
    if step.op is not MATMUL or not step.size:
        return False
    return any(a.__class__ is Ref and _upright(copy, a)[0] == matrix for a in step.args)


def _upright(copy: Folding, matrix: Any) -> tuple[Any, bool]:
    """(M, True) of M's transpose, (M, False) of other matrices."""
    turned = copy.made(matrix, "transpose")
    return (matrix, False) if turned is None else (turned.args[0], True)


def _shows(copy: Folding, x: Any, matrix: Any, depth: int = DEPTH) -> bool:
    """Whether an entry of x is not finite where one of the matrix is not: a product with it, or
    what is that plus or minus something."""
    step = copy.step(x)
    if step is None or not depth:
        return False
    if step.op.name in ("add", "subtract", "negate"):
        return any(_shows(copy, a, matrix, depth - 1) for a in step.args)
    return _multiplies(copy, step, matrix)


def product(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """M v, where v is an array of few entries, or of few rows, from the columns of M that these
    meet; v M from its rows."""
    likes = [copy.value(a) for a in args]
    ranks = [len(shape_of(like)) for like in likes]
    if ranks not in ([2, 1], [2, 2], [1, 2]):
        return None
    if any(getattr(like, "dtype", None) != np.float64 for like in likes):
        return None
    left = ranks[0] == 1
    v, matrix = args if left else args[::-1]
    matrix, turned = _upright(copy, matrix)
    axis = int(left == turned)
    parts = _few(copy, v) if v.__class__ is Ref and copy.shows() else []
    if not parts or not _saves(copy, parts, matrix, axis):
        return None
    tested = _tested(copy, matrix, parts)
    if tested is None:
        return None
    for x in sorted(tested):
        copy.check(finite_entries, x)
    total = None
    for part in parts:
        rows = part.picked(copy, matrix, axis)
        rows = rows if left == (axis == 0) else copy.make("transpose", rows, axes=(1, 0))
        term = copy.make("matmul", *((part.entries, rows) if left else (rows, part.entries)))
        total = term if total is None else copy.make("add", total, term, like=value)
    return total


def _saves(copy: Folding, parts: list[Few], matrix: Any, axis: int) -> bool:
    """Whether so many fewer entries of the matrix are read."""
    shape = shape_of(copy.value(matrix))
    met = sum(shape_of(copy.value(part.entries))[0] for part in parts)
    return (shape[axis] - 2 * met) * shape[1 - axis] >= LARGE


TABLE: Table = {MATMUL: (product,)}
