"""The value of a formula at data, calculated by NumPy: what the simplified equations are checked
with.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from admodes.backpropagation.terms import Kind, Term


def evaluate(
    t: Term,
    values: Mapping[tuple[str, str], Any],
    kernels: Mapping[Kind, Callable[..., Any]] = {},
) -> Any:
    """The value of t; values by (name, accent). kernels: what else evaluates some kinds, for values
    that are no floats."""
    if t.kind == Kind.SYMBOL:
        return values[t.data]
    if t.kind == Kind.NUMBER:
        return t.data
    parts = [evaluate(part, values, kernels) for part in t.parts]
    return kernels.get(t.kind, _EVALUATORS[t.kind])(t, *parts)


def _product(t: Term, *xs: Any) -> Any:
    """The product; 0 where an adjoint in it is exactly 0, as in a sweep, even beside nan."""
    y = functools.reduce(np.multiply, xs)
    for part, x in zip(t.parts, xs, strict=True):
        if part.has_bar:
            y = np.where(np.equal(x, 0), 0.0, y)
    return y


def _quotient(t: Term, a: Any, b: Any) -> Any:
    y = np.divide(a, b)
    return np.where(np.equal(a, 0), 0.0, y) if t.parts[0].has_bar else y


def _norm(t: Term, x: Any) -> Any:
    return np.sum(np.square(x)) if t.data == 2 else np.sum(np.abs(x))


def _contraction(t: Term, *xs: Any) -> Any:
    labels, kept = t.data
    known = [c for c in kept if any(c in own for own in labels)]
    y = np.einsum(f"{','.join(labels)}->{''.join(known)}", *xs)
    lined = iter(np.shape(y))
    return np.broadcast_to(y.reshape([next(lined) if c in known else 1 for c in kept]), t.shape)


def _one_hot(t: Term) -> Any:
    made = np.zeros(t.shape)
    np.add.at(made, t.data, 1.0)
    return made


def _op(t: Term, *parts: Any) -> Any:
    op, params = t.data
    return op.plain(parts, params)


def _partial(t: Term, *parts: Any) -> Any:
    op, i = t.data
    return op.partial(i, op.plain(parts), parts)


def _vjp(t: Term, w: Any, y: Any, *args: Any) -> Any:
    op, i, params = t.data
    w = np.broadcast_to(w, np.shape(y)) if np.shape(w) != np.shape(y) else w
    return op.vjp(i, w, y, args, params)


def _jvp(t: Term, *parts: Any) -> Any:
    op, moved, params = t.data
    args = parts[len(moved) :]
    tangents: list = [None] * len(args)
    for i, dot in zip(moved, parts, strict=False):
        tangents[i] = dot
    return op.jvp(tangents, op.plain(args, params), args, params)


_EVALUATORS: dict[Kind, Callable[..., Any]] = {
    Kind.SCALED: lambda t, x: t.data * x,
    Kind.SUM: lambda t, *xs: functools.reduce(operator.add, xs),
    Kind.PRODUCT: _product,
    Kind.QUOTIENT: _quotient,
    Kind.MATRIX: lambda t, a, b: np.matmul(a, b),
    Kind.DOT: lambda t, a, b: np.matmul(a, b),
    Kind.OUTER: lambda t, u, v: np.multiply.outer(u, v),
    Kind.T: lambda t, x: np.reshape(x, t.shape) if np.ndim(x) == 1 else np.swapaxes(x, -1, -2),
    Kind.TOTAL: lambda t, x: np.reshape(np.sum(x, axis=t.data), t.shape),
    Kind.NORM: _norm,
    Kind.REPEAT: lambda t, x: np.broadcast_to(x, t.shape),
    Kind.RESHAPE: lambda t, x: np.reshape(x, t.shape),
    Kind.EYE: lambda t: np.eye(*t.shape),
    Kind.ONE_HOT: _one_hot,
    Kind.DIAG: lambda t, x: np.diag(x),
    Kind.TRACE: lambda t, x: np.trace(x),
    Kind.CONTRACTION: _contraction,
    Kind.ONE: lambda t, c: np.asarray(c, float),
    Kind.PARTIAL: _partial,
    Kind.OP: _op,
    Kind.VJP: _vjp,
    Kind.JVP: _jvp,
}
