"""Term, a symbolic formula of numbers, vectors and matrices, and the functions that build one:
sums, elementwise and matrix products, transposes. Any other operation stays as it is, applied to
the formulas of its arguments.

A Term knows its shape, so that what broadcasting would do anyway is dropped when it is built, and
numeric coefficients are kept in front, where they multiply out. Vectors are columns: x @ W is
Wᵀ x, and the outer product of u and v is u vᵀ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

import numpy as np

from admodes.core.structure import Shape, stretched_axes
from admodes.ops.arithmetic import square
from admodes.ops.selection import abs as absolute


class Kind(StrEnum):
    """What a Term does with its parts and its data: the node types of the formula."""

    SYMBOL = auto()  # a variable; data = (name, accent), the accent "", "bar" or "dot"
    NUMBER = auto()  # data = the number
    SCALED = auto()  # data = the coefficient of the one part
    SUM = auto()  # the sum of the parts
    PRODUCT = auto()  # the elementwise product of the parts, with broadcasting
    QUOTIENT = auto()  # the first part divided by the second, entry by entry
    MATRIX = auto()  # the matrix product of two parts
    DOT = auto()  # that of two vectors, a number
    OUTER = auto()  # u vᵀ
    T = "T"  # the last two axes exchanged
    TOTAL = auto()  # the sum over the axes in data, in the shape of the formula
    NORM = auto()  # data 1 or 2: the sum of the absolute values or of the squares of the part
    REPEAT = auto()  # broadcast to the shape of the formula
    RESHAPE = auto()  # in the shape of the formula
    EYE = auto()  # the identity matrix
    ONE_HOT = auto()  # 1 at the index in data, 0 elsewhere
    TRACE = auto()  # the trace of a matrix
    DIAG = auto()  # the diagonal matrix of a vector
    CONTRACTION = auto()  # data = (letters of the axes of each part, those of the result): einsum
    ONE = auto()  # 1 where the part (a comparison) holds, 0 elsewhere
    PARTIAL = auto()  # data = (op, i): the partial of op with respect to argument i, at the parts
    OP = auto()  # data = (op, params): op of the parts
    VJP = auto()  # data = (op, i, params): the transpose of op, of w, y and the arguments
    JVP = auto()  # data = (op, moved, params): the tangent, of those of the moved arguments and all


@dataclass(frozen=True)
class Term:
    """A formula. kind: what it does with its parts, which are formulas themselves, and with data,
    such as the name of a symbol (see Kind); shape: that of its value."""

    kind: Kind
    parts: tuple[Term, ...] = ()
    data: Any = None
    shape: Shape = ()

    @property
    def size(self) -> int:
        """How many terms this one is built of."""
        return 1 + sum(part.size for part in self.parts)

    def is_number(self, x: float) -> bool:
        """Whether this is that number, alone."""
        return self.kind == Kind.NUMBER and self.data == x

    @property
    def has_bar(self) -> bool:
        """Whether an adjoint occurs in this."""
        return (self.kind == Kind.SYMBOL and self.data[1] == "bar") or any(
            part.has_bar for part in self.parts
        )

    @property
    def is_zero(self) -> bool:
        """Whether this is 0, in any shape."""
        return self.kind in (Kind.NUMBER, Kind.SCALED) and self.data == 0

    def __hash__(self) -> int:
        return hash((self.kind, self.parts, repr(self.data), self.shape))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Term) or (self.kind, self.shape) != (other.kind, other.shape):
            return False
        return self.parts == other.parts and repr(self.data) == repr(other.data)


def symbol(name: str, shape: Shape, accent: str = "") -> Term:
    return Term(Kind.SYMBOL, (), (name, accent), tuple(shape))


def number(x: float) -> Term:
    return Term(Kind.NUMBER, (), float(x))


def factored(t: Term) -> tuple[float, Term]:
    """A term as (c, rest): the number c in front of it, 1 where there is none, and the rest, so
    that the term is c times rest. Of 3 x it is (3, x), of a number 5 it is (5, 1)."""
    if t.kind == Kind.SCALED:
        return t.data, t.parts[0]
    if t.kind == Kind.NUMBER:
        return t.data, number(1.0)
    return 1.0, t


def scaled(c: float, t: Term) -> Term:
    """c times a term, with one number in front; a minus before a sum goes into it where that makes
    fewer signs."""
    inner, rest = factored(t)
    c *= inner
    if rest.kind == Kind.NUMBER:
        return number(c)
    if c == -1 and rest.kind == Kind.SUM and any(factored(p)[0] < 0 for p in rest.parts):
        turned = sorted((scaled(-1.0, p) for p in rest.parts), key=lambda p: factored(p)[0] < 0)
        return Term(Kind.SUM, tuple(turned), None, rest.shape)
    return rest if c == 1 else Term(Kind.SCALED, (rest,), c, rest.shape)


def total_of(terms: Iterable[Term], shape: Shape) -> Term:
    """The sum; equal terms are collected."""
    coefficients: dict[Term, float] = {}
    for t in terms:
        for part in t.parts if t.kind == Kind.SUM else (t,):
            c, rest = factored(part)
            coefficients[rest] = coefficients.get(rest, 0.0) + c
    kept = [scaled(c, t) for t, c in coefficients.items() if c != 0]
    if not kept:
        return repeat(number(0.0), shape)
    for k, t in enumerate(kept):
        c, rest = factored(t)
        others = [*kept[:k], *kept[k + 1 :]]
        stretched = rest.kind == Kind.REPEAT and rest.parts[0].shape != ()
        if stretched and others and _broadcast(others) == tuple(shape):
            kept[k] = scaled(c, rest.parts[0])
    made = kept[0] if len(kept) == 1 else Term(Kind.SUM, tuple(kept), None, _broadcast(kept))
    return repeat(made, shape)


def product(factors: Iterable[Term]) -> Term:
    """The elementwise product; what only broadcasts is dropped, a column times a row is outer."""
    coefficient = 1.0
    kept: list[Term] = []
    given = list(factors)
    shape = _broadcast(given)
    for factor in given:
        c, rest = factored(factor)
        coefficient *= c
        for part in rest.parts if rest.kind == Kind.PRODUCT else (rest,):
            if part.kind != Kind.NUMBER:
                kept.append(part)
    kept = [_without_repeat(t, kept[:k] + kept[k + 1 :], shape) for k, t in enumerate(kept)]
    lost = [factored(t) for t in kept]
    coefficient *= math.prod(c for c, _ in lost)
    kept = [t for _, t in lost if t.kind != Kind.NUMBER]
    if coefficient == 0 or not kept:
        return repeat(number(coefficient), shape)
    if len(kept) == 1:
        return repeat(scaled(coefficient, kept[0]), shape)
    if any(t.kind == Kind.QUOTIENT for t in kept):
        above = product([t.parts[0] if t.kind == Kind.QUOTIENT else t for t in kept])
        below = product([t.parts[1] for t in kept if t.kind == Kind.QUOTIENT])
        return repeat(scaled(coefficient, quotient(above, below)), shape)
    made = _outer(kept, shape) or Term(Kind.PRODUCT, tuple(kept), None, _broadcast(kept))
    return repeat(scaled(coefficient, made), shape)


def _without_repeat(t: Term, others: list[Term], shape: Shape) -> Term:
    """t without a broadcast, and without leading axes of length 1 that the other factors bring."""
    if t.kind == Kind.REPEAT:
        return t.parts[0]
    inner = t.parts[0] if t.kind == Kind.RESHAPE else t
    leading = (1,) * (len(t.shape) - len(inner.shape)) + inner.shape
    return inner if t.shape == leading and _broadcast([inner, *others]) == shape else t


def _outer(factors: list[Term], shape: Shape) -> Term | None:
    columns = [t for t in factors if _is_column(t)]
    rows = [t for t in factors if not _is_column(t)]
    if len(shape) != 2 or len(columns) != 1 or not rows:
        return None
    right = [t.parts[0] if t.kind == Kind.RESHAPE and t.shape[:-1] == (1,) else t for t in rows]
    row = product(right)
    if row.shape != shape[1:]:
        return None
    return Term(Kind.OUTER, (columns[0].parts[0], row), None, shape)


def _is_column(t: Term) -> bool:
    return t.kind == Kind.RESHAPE and len(t.shape) == 2 and (*t.parts[0].shape, 1) == t.shape


def quotient(a: Term, b: Term) -> Term:
    shape = _broadcast([a, b])
    c, above = factored(a)
    d, below = factored(b)
    if below.kind == Kind.NUMBER:
        return (
            repeat(scaled(c / d, above), shape) if d else Term(Kind.QUOTIENT, (a, b), None, shape)
        )
    return scaled(c / d, Term(Kind.QUOTIENT, (above, below), None, shape))


def matrix(a: Term, b: Term, shape: Shape) -> Term:
    """a @ b."""
    c, a = factored(a)
    d, b = factored(b)
    if len(a.shape) == 1 and len(b.shape) == 1:
        return scaled(c * d, Term(Kind.DOT, (a, b), None, shape))
    if len(a.shape) == 1 and len(b.shape) == 2:
        a, b = transposed(b), a
    return scaled(c * d, Term(Kind.MATRIX, (a, b), None, shape))


def transposed(a: Term) -> Term:
    c, rest = factored(a)
    if rest.kind == Kind.T:
        return scaled(c, rest.parts[0])
    if rest.kind == Kind.OUTER:
        return scaled(c, Term(Kind.OUTER, rest.parts[::-1], None, rest.shape[::-1]))
    if rest.kind == Kind.MATRIX and all(len(p.shape) == 2 for p in rest.parts):
        left, right = rest.parts
        return scaled(c, matrix(transposed(right), transposed(left), rest.shape[::-1]))
    shape = (*rest.shape[:-2], rest.shape[-1], rest.shape[-2])
    return scaled(c, Term(Kind.T, (rest,), None, shape))


def total(t: Term, axes: tuple[int, ...], shape: Shape) -> Term:
    """The sum over some axes, in the given shape."""
    axes = tuple(a for a in axes if t.shape[a] != 1)
    if not axes:
        return reshape(t, shape)
    c, rest = factored(t)
    if rest.kind == Kind.REPEAT:
        inner = rest.parts[0]
        lined = (1,) * (len(t.shape) - len(inner.shape)) + inner.shape
        if all(lined[a] == 1 for a in axes):
            c *= math.prod(t.shape[a] for a in axes)
            kept = [k for k in range(len(lined)) if k not in axes]
            inner = reshape(inner, tuple(lined[k] for k in kept))
            return scaled(c, reshape(repeat(inner, tuple(t.shape[k] for k in kept)), shape))
    op = rest.data[0] if rest.kind == Kind.OP else None
    if len(axes) == len(t.shape) and shape == () and op in (square, absolute):
        return scaled(c, Term(Kind.NORM, rest.parts, 2 if op is square else 1, ()))
    return scaled(c, Term(Kind.TOTAL, (rest,), axes, shape))


def unbroadcast(t: Term, shape: Shape) -> Term:
    """The sum over every axis that broadcasting stretched."""
    return total(t, stretched_axes(t.shape, shape), shape)


def repeat(t: Term, shape: Shape) -> Term:
    """t broadcast to a shape."""
    if t.shape == tuple(shape):
        return t
    c, rest = factored(t)
    if rest.kind == Kind.REPEAT:
        rest = rest.parts[0]
    return scaled(c, Term(Kind.REPEAT, (rest,), None, tuple(shape)))


def reshape(t: Term, shape: Shape) -> Term:
    c, rest = factored(t)
    if rest.kind == Kind.RESHAPE:
        rest = rest.parts[0]
    if rest.shape == tuple(shape):
        return scaled(c, rest)
    if rest.kind == Kind.TOTAL:
        return scaled(c, Term(Kind.TOTAL, rest.parts, rest.data, tuple(shape)))
    if rest.kind == Kind.REPEAT and rest.parts[0].shape == ():
        return scaled(c, repeat(rest.parts[0], shape))
    return scaled(c, Term(Kind.RESHAPE, (rest,), None, tuple(shape)))


def replaced(t: Term, old: Term, new: Term) -> Term:
    """t with new in place of old."""
    if t == old:
        return new
    parts = tuple(replaced(p, old, new) for p in t.parts)
    return t if parts == t.parts else Term(t.kind, parts, t.data, t.shape)


def eye(n: int) -> Term:
    return Term(Kind.EYE, (), None, (n, n))


def diagonal_matrix(t: Term) -> Term:
    c, rest = factored(t)
    return scaled(c, Term(Kind.DIAG, (rest,), None, t.shape * 2))


def one_hot(index: Any, shape: Shape) -> Term:
    return Term(Kind.ONE_HOT, (), index, tuple(shape))


def trace(t: Term) -> Term:
    c, rest = factored(t)
    return scaled(c, Term(Kind.TRACE, (rest,), None, ()))


def contraction(parts: tuple[Term, ...], labels: tuple[str, ...], kept: str, shape: Shape) -> Term:
    """The sum of the products of entries over the letters that are not kept, as in einsum; along a
    letter that no part has entries repeat."""
    return Term(Kind.CONTRACTION, parts, (labels, kept), tuple(shape))


def one_where(condition: Term) -> Term:
    return Term(Kind.ONE, (condition,), None, condition.shape)


def of_op(op: Any, args: Iterable[Term], params: dict | None, shape: Shape) -> Term:
    return Term(Kind.OP, tuple(args), (op, params or None), tuple(shape))


def _broadcast(terms: Iterable[Term]) -> Shape:
    return tuple(np.broadcast_shapes(*(t.shape for t in terms)))
