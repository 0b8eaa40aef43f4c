"""Roots: results with a kink whose squares have none, such as |x|, √s, a norm or a deviation.

A traced value that a root has made, or that is a multiple or a part of one, knows what made it: its
origin. So the derivatives of its square are those of what is under the root, to every order and at
0 too, where the chain rule through the kink has nothing but a convention: d|x|² = d(x²).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from admodes.core.carrier import Carrier
from admodes.core.op import Op
from admodes.core.space import is_complex, space
from admodes.core.values import Params, Value, canonical, frozen

DEEPEST = 8
"""Origins of origins are kept to this depth, so that a loop does not hold what it has passed."""

MOST_COMPARED = 256
"""Things that are not found alike by so many comparisons are taken to differ."""


class Origin(NamedTuple):
    """How a carrier was made."""

    op: Op
    args: tuple
    params: Params
    depth: int


def pair(first: Op, second: Op) -> None:
    """Declare that the results of two operations on the same arguments are these arguments, in
    some order."""
    first.partner, second.partner = second, first
    first.remembers = second.remembers = True


def has_origin(a: Any) -> bool:
    return isinstance(a, Carrier) and a.origin is not None


def origin(op: Op, args: tuple, params: Params) -> Origin | None:
    """What the result of an operation is to remember; None where its square is nothing special."""
    if not op.remembers and not op.commutes:
        return None
    depth = 1 + max((a.origin.depth for a in args if has_origin(a)), default=0)
    return Origin(op, frozen(args), params, depth) if depth <= DEEPEST else None


def keeps(op: Op, y: Value) -> bool:
    """Whether a result remembers its origin. What is nested does, since second derivatives may be
    taken. Of plain values only a root does that has a 0: first derivatives are right elsewhere."""
    if not op.remembers or isinstance(y, Carrier):
        return op.remembers
    if op.squared is None:
        return False
    return not y if y.__class__ is float else bool(y.size) and not y.min() > 0


def smooth(op: Op, args: tuple) -> Any:
    """A carrier with the value of op(*args) and its derivatives without kinks, where an argument
    has an origin and there is one; else None."""
    return None if op.smooth is None else op.smooth(*args)


def square_of(x: Any) -> Any:
    """The square of x without its kink; None where x is not made by a root."""
    if not has_origin(x):
        return None
    x, factor = _factored(x)
    if not has_origin(x):
        return None
    found = _square(x.origin)
    return found if found is None else scaled(factor, scaled(factor, found))


def _square(made: Origin) -> Any:
    params = made.params or {}
    if made.op.squared is not None:
        return made.op.squared(*made.args, **params)
    if not made.op.commutes or any(map(is_complex, made.args)):
        return None
    squares = [
        a if not made.op.active(i) else square_of(a) if has_origin(a) else space.multiply(a, a)
        for i, a in enumerate(made.args)
    ]
    return None if any(a is None for a in squares) else made.op(*squares, **params)


def power_of(x: Any, exponent: Any) -> Any:
    """x to an even whole power, from its square."""
    plain = not isinstance(exponent, Carrier) and np.isscalar(canonical(exponent))
    if not plain or not np.isreal(exponent):
        return None
    half = float(np.real(exponent)) / 2
    square = square_of(x) if half >= 1 and half.is_integer() else None
    return square if square is None or half == 1 else square ** int(half)


def product_of(a: Any, b: Any) -> Any:
    """a b, where both are multiples of the same root, or the two of a pair such as the larger and
    the smaller of two numbers."""
    (a, p), (b, q) = _factored(a), _factored(b)
    if not (has_origin(a) and has_origin(b)):
        return None
    made, other = a.origin, b.origin
    paired = made.op.partner is other.op
    if not (a is b or ((made.op is other.op or paired) and alike(made[1:3], other[1:3]))):
        return None
    found = space.multiply(*made.args) if paired else square_of(a)
    return found if found is None else scaled(p, scaled(q, found))


def _factored(x: Any) -> tuple[Any, Any]:
    """A root and the factor that was put to it, None for 1."""
    factor: Any = None
    while has_origin(x) and x.origin.op.multiple is not None:
        found = x.origin.op.multiple(factor, *x.origin.args)
        if found is None:
            break
        x, factor = found
    return x, factor


def scaled(factor: Any, x: Any) -> Any:
    """factor x, where a factor of None stands for 1."""
    return x if factor is None else space.multiply(factor, x)


def alike(x: Any, y: Any) -> bool:
    """Whether two things were made in the same way from the same things: not a matter of values,
    which another run of a recording would not share."""
    budget = MOST_COMPARED
    pairs = [(x, y)]
    while pairs:
        x, y = pairs.pop()
        budget -= 1
        if x is y:
            continue
        if type(x) is not type(y) or not budget:
            return False
        if isinstance(x, Carrier):
            made, other = x.made_of(), y.made_of()
            if x.level is not y.level or made is None or other is None:
                return False
            pairs.append((made, other))
        elif isinstance(x, (tuple, list)):
            if len(x) != len(y):
                return False
            pairs += zip(x, y, strict=True)
        elif isinstance(x, np.ndarray):
            if x.dtype != y.dtype or not np.array_equal(x, y):
                return False
        elif isinstance(x, dict):
            pairs.append((list(x.items()), list(y.items())))
        elif x != y:
            return False
    return True
