"""Formulas of single operations: `applied` takes an operation and the formulas of its arguments,
and returns the formula of its result, such as A B for matmul or x² for a power. It is simplified as
far as the shapes and constants allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from admodes.backpropagation import terms
from admodes.backpropagation.terms import Kind, Term
from admodes.core.op import Op
from admodes.core.structure import Reduction
from admodes.ops.arithmetic import square


def applied(op: Op, args: Sequence[Term], params: dict | None, shape: tuple) -> Term:
    """op of formulas as a formula."""
    structure = op.structure
    if isinstance(structure, Reduction) and structure.adds:
        return _total(op, args, params or {}, shape)
    builder = _BUILDERS.get(op.name)
    return builder(op, args, params or {}, shape) if builder else _plain(op, args, params, shape)


def _plain(op: Op, args: Sequence[Term], params: dict | None, shape: tuple) -> Term:
    return terms.of_op(op, args, params, shape)


def _transpose(op: Op, args: Sequence[Term], params: dict, shape: tuple) -> Term:
    axes = tuple(params["axes"])
    rank = len(axes)
    last_two = (*range(rank - 2), rank - 1, rank - 2)
    if axes == tuple(range(rank)):
        return args[0]
    return terms.transposed(args[0]) if axes == last_two else _plain(op, args, params, shape)


def _total(op: Op, args: Sequence[Term], params: dict, shape: tuple) -> Term:
    (x,) = args
    found = terms.total(x, op.structure.axes(x.shape, params), shape)
    if not op.structure.averages:
        return found
    return terms.scaled(max(math.prod(shape), 1) / max(math.prod(x.shape), 1), found)


def _matmul(op: Op, args: Sequence[Term], params: dict, shape: tuple) -> Term:
    return terms.matrix(args[0], args[1], shape)


def _product(op: Op, args: Sequence[Term], params: dict, shape: tuple) -> Term:
    return terms.product(args)


def _power(op: Op, args: Sequence[Term], params: dict, shape: tuple) -> Term:
    base, exponent = args
    if exponent.is_number(0):
        return terms.repeat(terms.number(1.0), shape)
    if exponent.is_number(1):
        return base
    if exponent.is_number(2):
        return terms.of_op(square, [base], None, shape)
    return _plain(op, args, params, shape)


def _picked(op: Op, args: Sequence[Term], params: dict, shape: tuple) -> Term:
    (x,) = args
    if x.kind == Kind.REPEAT and x.parts[0].shape == ():
        return terms.repeat(x.parts[0], shape)
    return _plain(op, args, params, shape)


_BUILDERS: dict[str, Callable[..., Term]] = {
    "add": lambda op, args, params, shape: terms.total_of(args, shape),
    "subtract": lambda op, args, params, shape: terms.total_of(
        [args[0], terms.scaled(-1.0, args[1])], shape
    ),
    "negate": lambda op, args, params, shape: terms.scaled(-1.0, args[0]),
    "multiply": _product,
    "strong_mul": _product,
    "tangent_mul": _product,
    "divide": lambda op, args, params, shape: terms.quotient(*args),
    "power": _power,
    "matmul": _matmul,
    "transpose": _transpose,
    "getitem": _picked,
    "reshape": lambda op, args, params, shape: terms.reshape(args[0], shape),
    "broadcast_to": lambda op, args, params, shape: terms.repeat(args[0], shape),
}
