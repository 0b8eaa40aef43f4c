"""Rules of arithmetic that change no rounding: a row goes in, such as 1 times x, minus minus x or
a division by a power of two, and a cheaper one with the same bits comes out.

The sign of a zero may change where nothing that follows can tell (see `dataflow`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref
from admodes.optimisation.folding import Folding, Table, params_of
from admodes.optimisation.literals import number


def is_real(a: Any) -> bool:
    """Whether a value holds floats."""
    return a.__class__ is float or getattr(getattr(a, "dtype", None), "kind", "") == "f"


def _operands(args: tuple) -> Any:
    """(constant, the other operand, the constant's number) where one operand is a number."""
    first, second = args
    if first.__class__ is second.__class__ is Ref:
        return None
    for a, b in (args, args[::-1]):
        c = number(a)
        if c is not None:
            return a, b, c
    return None


def multiply(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """1 x = x, -1 x = -x, (-a) (-b) = a b, (-a) c = a (-c), x x = x²."""
    a, b = args
    if not is_real(value):
        return None
    if a.__class__ is Ref and b.__class__ is Ref and a == b and copy.alike(a, value):
        return copy.make("square", a, like=value)
    constant = _operands(args)
    if constant is not None:
        _, x, c = constant
        if c == 1 and copy.alike(x, value):
            return x
        if c == -1 and copy.alike(x, value):
            return copy.make("negate", x, like=value)
        minus = copy.made(x, "negate")
        if minus is not None and copy.alike(x, value):
            return copy.make("multiply", minus.args[0], -c, like=value)
        if copy.value(x).__class__ is float and value.__class__ is np.ndarray and value.ndim:
            # The constant array repeats c, which gives the shape alone.
            scaled = copy.make("multiply", x, c, like=0.0)
            if value.dtype == np.float64:
                return copy.make("broadcast_to", scaled, like=value, shape=value.shape)
        return None
    left, right = copy.made(a, "negate"), copy.made(b, "negate")
    if left is None and right is None:
        return None
    if left is not None and right is not None:
        return copy.make("multiply", left.args[0], right.args[0], like=value)
    for x, minus, y in ((a, left, b), (b, right, a)):
        # A sum takes the minus in; nowhere is there more to negate than before.
        if minus is not None and copy.once(x) and copy.alike(x, value):
            product = copy.make("multiply", minus.args[0], y, like=value)
            return copy.make("negate", product, like=value)
    return None


def divide(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x / 1 = x, x / -1 = -x, x / 2^k = x 2^-k."""
    a, b = args
    c = number(b)
    if c is None or not is_real(value):
        return None
    if c == 1 and copy.alike(a, value):
        return a
    exact = math.isfinite(c) and abs(math.frexp(c)[0]) == 0.5 and 1e-30 < abs(c) < 1e30
    return copy.make("multiply", a, 1.0 / c, like=value) if exact and copy.alike(a, value) else None


def add(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x + 0 = x, a + (-b) = a - b, also where -b is placed into zeros."""
    a, b = args
    constant = _operands(args)
    if constant is not None and constant[2] == 0:
        c, x, _ = constant
        if copy.alike(x, value) and (_is_minus_zero(c) or copy.zeros_are_alike()):
            return x
    right = copy.made(b, "negate")
    if right is not None:
        return copy.make("subtract", a, right.args[0], like=value)
    left = copy.made(a, "negate")
    if left is not None:
        return copy.make("subtract", b, left.args[0], like=value)
    for x, other in ((b, a), (a, b)):
        placed = _placed_minus(copy, x)
        if placed is not None:
            return copy.make("subtract", other, placed, like=value)
    return None


def _placed_minus(copy: Folding, x: Any) -> Any:
    """place(b) where x is place(-b), and nothing else reads that or tells the sign of a zero."""
    placed = copy.made(x, "place")
    minus = None if placed is None else copy.made(placed.args[0], "negate")
    if placed is None or minus is None or not (copy.once(x) and copy.once(placed.args[0])):
        return None
    if not copy.zeros_are_alike():
        return None
    return copy.make("place", *minus.args, like=placed.like, **params_of(placed))


def _is_minus_zero(c: Any) -> bool:
    return bool(np.all(np.signbit(c)))


def subtract(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x - 0 = x, a - (-b) = a + b, also where -b is placed into zeros, b - a = -(a - b) where that
    is there."""
    a, b = args
    if b.__class__ is not Ref:
        zero = number(b) == 0 and not _is_minus_zero(b)
        return a if zero and copy.alike(a, value) else None
    right = copy.made(b, "negate")
    if right is not None:
        return copy.make("add", a, right.args[0], like=value)
    placed = _placed_minus(copy, b)
    if placed is not None:
        return copy.make("add", a, placed, like=value)
    other = copy.earlier(op, (b, a), params)
    if other is not None and value.__class__ is np.ndarray and copy.zeros_are_alike():
        return copy.make("negate", other, like=value)
    return None


def negate(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """-(-x) = x, -(c x) = (-c) x, where nothing else reads the product."""
    (x,) = args
    inner = copy.made(x, "negate")
    if inner is not None:
        return inner.args[0]
    product = copy.made(x, "multiply")
    if product is not None and copy.once(x):
        constant = _operands(product.args)
        if constant is not None and copy.alike(constant[1], value):
            return copy.make("multiply", constant[1], -constant[2], like=value)
    return None


def even(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """|-x| = |x|, (-x)² = x²."""
    minus = copy.made(args[0], "negate")
    return None if minus is None else copy.row(op, minus.args, params, value)


def isnan(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """-x and |x| are nan where x is."""
    signed = copy.made(args[0], "negate", "abs")
    real = signed is not None and is_real(copy.value(signed.args[0]))
    return copy.row(op, signed.args, params, value) if signed is not None and real else None


def power(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x^1 = x."""
    a, b = args
    return a if number(b) == 1 and is_real(value) and copy.alike(a, value) else None


def inverse(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The kernel of inverse is that of 1 / x."""
    return copy.make("divide", 1.0, args[0], like=value) if is_real(value) else None


def part(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The real part and the conjugate of what is real."""
    (x,) = args
    return x if is_real(copy.value(x)) and copy.alike(x, value) else None


def astype(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """No conversion to the same dtype; a truth value as a float is a choice between 1 and 0."""
    if copy.alike(args[0], value):
        return args[0]
    truth = args[0]
    while (inner := copy.made(truth, "astype")) is not None:
        truth = inner.args[0]
    held = copy.value(truth)
    if (
        value.__class__ is np.ndarray
        and getattr(held, "dtype", None) == np.bool_
        and is_real(value)
    ):
        one, zero = value.dtype.type(1), value.dtype.type(0)
        given = (1.0, 0.0) if value.dtype == np.float64 else (one, zero)
        return copy.make("where", truth, *given, like=value)
    return None


def where(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """where(c, x, x) = x, where(x >= 0, -x, x) = -|x|."""
    c, a, b = args
    if a is b or _same(a, b):
        return a if copy.alike(a, value) else None
    test = copy.made(c, "greater_equal")
    if test is None or number(test.args[1]) != 0 or not (_same(test.args[0], b) and is_real(value)):
        return None
    minus = [(copy.made(x, "negate"), y) for x, y in ((a, b), (b, a))]
    negated = any(made is not None and _same(made.args[0], y) for made, y in minus)
    if negated and copy.zeros_are_alike():
        return copy.make("negate", copy.make("abs", b, like=value), like=value)
    return None


def _same(a: Any, b: Any) -> bool:
    """Whether two arguments are one row."""
    return a.__class__ is Ref and b.__class__ is Ref and a == b


TABLE: Table = {
    REGISTRY[name]: (rule,)
    for name, rule in {
        "multiply": multiply,
        "divide": divide,
        "add": add,
        "subtract": subtract,
        "negate": negate,
        "abs": even,
        "square": even,
        "isnan": isnan,
        "power": power,
        "inverse": inverse,
        "real": part,
        "conj": part,
        "astype": astype,
        "where": where,
    }.items()
}
