"""Local rules for products of which something is known: strong products that may be plain ones, and
products with a factor that is 0, the identity or a diagonal matrix.

strong_mul(p, t) is p t, and 0 where t is 0. It differs from the plain product only where t is 0
and p infinite or nan: never where p is finite or t has no zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from admodes.core.magnitudes import LARGE, normal_sum
from admodes.core.magnitudes import finite as finite_entries
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step
from admodes.core.values import shape_of
from admodes.optimisation.dataflow import finite
from admodes.optimisation.folding import Folding, Table
from admodes.optimisation.literals import number
from admodes.optimisation.rules.constants import LARGEST
from admodes.programs.keys import param_key


def _has_no_zero(a: Any) -> bool:
    return a.__class__ is not Ref and bool(np.all(a))


def strong_mul(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """p 0 = 0; a plain product where p is finite or t has no zero."""
    p, t = args
    if number(t) == 0:
        return _zeros(value)
    if _has_no_zero(t) or finite(copy, p):
        if t.__class__ is not Ref and number(t) is None and _diagonal_of(copy, t) is not None:
            return None
        return copy.make("multiply", p, t, like=value)
    return None


def tangent_mul(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """s 0 = 0; a plain product where either is finite and has no zero, or both are finite; a strong
    one where either has no zero or is finite."""
    s, t = args
    for a, b in ((s, t), (t, s)):
        if number(a) == 0:
            return _zeros(value)
        if _has_no_zero(a):
            name = "multiply" if finite(copy, a) else "strong_mul"
            return copy.make(name, a, b, like=value)
    if not (finite(copy, s) or finite(copy, t)):
        return None
    if finite(copy, s) and finite(copy, t):
        return copy.make("multiply", s, t, like=value)
    # 0 times what is finite is 0 already.
    a, b = (s, t) if finite(copy, t) else (t, s)
    return copy.make("strong_mul", a, b, like=value)


def _zeros(value: Any) -> Any:
    return np.zeros(value.shape, value.dtype) if value.__class__ is np.ndarray else value * 0.0


def diagonal(copy: Folding, v: Any, value: Any) -> Any:
    """The array of value's shape, a square matrix apart from its trailing axes, with v, flat, on
    its diagonal: v placed in each (n + 1)-th of n² entries."""
    n = shape_of(copy.value(v))[0]
    line = copy.make("place", v, index=slice(None, None, n + 1), shape=(n * n,))
    return copy.make("reshape", line, like=value, shape=value.shape)


def _diagonal_of(copy: Folding, a: Any) -> Any:
    """What is on the diagonal of an array that diagonal() could make, as a number or a Ref to a
    vector; None for other arrays."""
    if a.__class__ is np.ndarray:
        n = a.shape[0] if a.ndim > 1 else 0
        if n < 2 or a.size != n * n or a.dtype.kind != "f":
            return None
        line = a.reshape(n * n)
        c = line[0]
        on = line[:: n + 1]
        rest = np.count_nonzero(line) == n
        return float(c) if rest and c != 0 and np.isfinite(c) and (on == c).all() else None
    step = copy.made(a, "reshape")
    shape = shape_of(copy.value(a))
    placed = copy.made(step.args[0], "place") if step is not None and len(shape) > 1 else None
    if placed is None or len(placed.shape) != 1:
        return None
    n = shape[0]
    every = {"index": slice(None, None, n + 1), "shape": (n * n,)}
    return placed.args[0] if param_key(placed.params) == param_key(every) else None


def scaled_diagonal(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """strong_mul(p, D) of a diagonal D is the diagonal of p times D's."""
    return _scaled_entries(copy, op, args, value, finite)


def shown_diagonal(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The same for a plain product of which an entry that is not finite shows in an output, as
    every entry of p is a factor of what is on the diagonal too, or where it is tested that p is
    finite. Of M D, entry by entry, the diagonal alone is left."""
    if value.__class__ is not np.ndarray or value.ndim < 2 or value.size < LARGE:
        return None
    found = _scaled_entries(copy, op, args, value, _seen)
    if found is not None or value.ndim != 2:
        return found
    for m, t in (args, args[::-1]):
        d = _diagonal_of(copy, t)
        if d is None or m.__class__ is not Ref or not copy.alike(m, value):
            continue
        if not _shown(copy, m):
            copy.check(finite_entries, m)
        n = len(value)
        line = copy.make("reshape", m, shape=(n * n,))
        on = copy.make("getitem", line, index=slice(None, None, n + 1))
        return diagonal(copy, copy.make("multiply", on, d), value)
    return None


def _seen(copy: Folding, p: Any) -> bool:
    """Whether what is not finite in a product with p shows, or p, which is small, is tested."""
    if not copy.shows():
        copy.check(finite_entries, p)
    return True


def _scaled_entries(copy: Folding, op: Op, args: tuple, value: Any, trusted: Callable) -> Any:
    """The product of a diagonal matrix and rows that repeat, entry by entry; plain ones where these
    are trusted."""
    if value.__class__ is not np.ndarray or value.ndim < 2:
        return None
    for p, t in (args,) if op is REGISTRY["strong_mul"] else (args, args[::-1]):
        if _repeats(copy, p, value) or shape_of(copy.value(t)) != value.shape:
            continue
        d = _diagonal_of(copy, t)
        plain = op is REGISTRY["multiply"]
        if d is None or (plain and not trusted(copy, p)):
            continue
        n, *rest = value.shape
        line = p
        if shape_of(copy.value(p)):
            spread = copy.make("broadcast_to", p, shape=tuple(rest))
            line = copy.make("reshape", spread, shape=(n,))
        on = copy.make(op.name, line, d)
        if not shape_of(copy.value(on)):
            on = copy.make("broadcast_to", on, shape=(n,))
        return diagonal(copy, on, value) if copy.value(on).dtype == value.dtype else None
    return None


def _repeats(copy: Folding, p: Any, value: Any) -> bool:
    """Whether p differs along the leading axis, so that it is no row repeated."""
    shape = shape_of(copy.value(p))
    return len(shape) > value.ndim or (len(shape) == value.ndim and shape[0] != 1)


def negated_diagonal(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """-D."""
    d = None if args[0].__class__ is not Ref else _diagonal_of(copy, args[0])
    if d is None or d.__class__ is not Ref or not copy.once(args[0]):
        return None
    return diagonal(copy, copy.make("negate", d), value)


def added_diagonal(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A + D as A's entries in a line, to which D's places are added."""
    for a, d in (args, args[::-1]):
        on = _diagonal_of(copy, d) if d.__class__ is Ref else None
        if on is None or not copy.alike(a, value) or not copy.alike(d, value):
            continue
        placed: Step | None = copy.made(copy.steps[d.row].args[0], "place")
        assert placed is not None
        line = copy.make("reshape", a, like=placed.like, shape=placed.shape)
        both = copy.make("add", line, copy.steps[d.row].args[0], like=placed.like)
        return copy.make("reshape", both, like=value, shape=value.shape)
    return None


def matmul(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """D M is M with scaled rows, M D with scaled columns, where M is finite: an infinite entry
    would give nan in its column or row, since 0 times it is nan."""
    return _scaled(copy, args, value, finite)


def carried_matmul(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The same where an entry of M that is not finite shows in an output: it does so in the scaled
    rows as well, since every entry of M is a factor of one of theirs."""
    return _scaled(copy, args, value, _shown)


def _shown(copy: Folding, m: Any) -> bool:
    """Whether an entry of M that is not finite shows in an output, in another way than this."""
    if m.__class__ is not Ref or not copy.carried(m):
        return False
    copy.rests_on(m)
    return True


def matmul_of_update(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A (D + u v) = A D + (A u) v for a diagonal D, a column u and a row v: no product of two
    matrices is left."""
    a, b = args
    parts = _parted(copy, b) if value.__class__ is np.ndarray and value.ndim == 2 else None
    if parts is None:
        return None
    d, low = parts
    minus = copy.made(low, "negate")
    product = copy.made(low if minus is None else minus.args[0], "matmul")
    if product is None:
        return None
    u, v = product.args
    rows, *columns = shape_of(copy.value(u))
    if columns != [1] or rows * value.size < 8 * LARGE:
        return None
    scaled = _scaled(copy, (a, d), value, lambda copy, m: True)
    if scaled is None:
        return None
    moved = copy.make("matmul", a, u)
    copy.check(normal_sum, moved, a, copy.make("reshape", u, shape=(1, rows)))
    outer = copy.make("matmul", moved, v, like=value)
    found = copy.make("add" if minus is None else "subtract", scaled, outer, like=value)
    if not copy.shows():
        # Every entry of A is a factor of one of A D.
        copy.check(finite_entries, found)
    return found


def _parted(copy: Folding, a: Any) -> tuple[Any, Any] | None:
    """(D, A) of a sum that added_diagonal made."""
    lined = copy.made(a, "reshape")
    total = copy.made(lined.args[0], "add") if lined is not None else None
    if lined is None or total is None:
        return None
    for placed, line in (total.args, total.args[::-1]):
        if copy.made(placed, "place") is None:
            continue
        d = copy.make("reshape", placed, shape=lined.shape)
        if _diagonal_of(copy, d) is not None:
            return d, copy.make("reshape", line, shape=lined.shape)
    return None


def _scaled(copy: Folding, args: tuple, value: Any, trusted: Callable) -> Any:
    a, b = args
    if value.__class__ is not np.ndarray or value.ndim > 2:
        return None
    for d, m, left in ((a, b, True), (b, a, False)):
        if shape_of(copy.value(d)) != (shape_of(copy.value(d))[0],) * 2:
            continue
        on = _diagonal_of(copy, d)
        if on is None or not trusted(copy, m):
            continue
        if on.__class__ is float:
            scale: Any = on
        else:
            n = shape_of(copy.value(on))[0]
            lined = (n,) if value.ndim == 1 else (n, 1) if left else (1, n)
            scale = copy.make("reshape", on, shape=lined)
        found = copy.make("multiply", scale, m)
        return found if copy.alike(found, value) else None
    return None


def negated_factor(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A (-B) = -(A B), where A B is there."""
    for k, x in enumerate(args):
        minus = copy.made(x, "negate")
        if minus is None or not copy.zeros_are_alike():
            continue
        there = copy.earlier(op, (*args[:k], minus.args[0], *args[k + 1 :]), params)
        if there is not None:
            return copy.make("negate", there, like=value)
    return None


def zero_product(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """A product with an array of zeros, such as the adjoint of a factor that is not used, is 0
    where the others are finite, which is tested at each run."""
    if value.dtype.kind != "f" or value.size > LARGEST or not copy.zeros_are_alike():
        return None
    if not any(is_zero(a) for a in args):
        return None
    for a in args:
        while (moved := copy.made(a, "transpose", "reshape")) is not None:
            (a,) = moved.args
        if a.__class__ is Ref:
            copy.check(finite_entries, a)
    return np.zeros(value.shape, value.dtype)


def is_zero(a: Any) -> bool:
    """Whether an argument is an array of zeros."""
    return a.__class__ is np.ndarray and a.dtype.kind == "f" and not a.any()


def summed_diagonal(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sums over the rows or the columns of D are what is on its diagonal."""
    d = _summed(copy, op, args, params, axes=1)
    return None if d is None else copy.make("reshape", d, like=value, shape=shape_of(value))


def trace(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """The sum of all entries of D is that of its diagonal."""
    d = _summed(copy, op, args, params, axes=2)
    return None if d is None else copy.make("reshape", copy.make("sum", d), shape=shape_of(value))


def _summed(copy: Folding, op: Op, args: tuple, params: Any, axes: int) -> Any:
    """What is on the diagonal of a matrix D of which so many axes are summed over."""
    shape = shape_of(copy.value(args[0]))
    if args[0].__class__ is not Ref or len(shape) != 2:
        return None
    d = _diagonal_of(copy, args[0])
    return d if d is not None and len(op.structure.axes(shape, params)) == axes else None


STRONG: Table = {
    REGISTRY["strong_mul"]: (strong_mul,),
    REGISTRY["tangent_mul"]: (tangent_mul,),
}
STRUCTURE: Table = {
    REGISTRY["strong_mul"]: (scaled_diagonal,),
    REGISTRY["tangent_mul"]: (scaled_diagonal,),
    REGISTRY["multiply"]: (scaled_diagonal,),
    REGISTRY["negate"]: (negated_diagonal,),
    REGISTRY["add"]: (added_diagonal,),
    REGISTRY["matmul"]: (matmul, negated_factor),
}
SUMS: Table = {REGISTRY["sum"]: (summed_diagonal,), REGISTRY["unbroadcast"]: (summed_diagonal,)}
CARRIED: Table = {
    REGISTRY["matmul"]: (carried_matmul, matmul_of_update),
    REGISTRY["multiply"]: (shown_diagonal,),
}
TRACES: Table = {REGISTRY["sum"]: (trace,), REGISTRY["unbroadcast"]: (trace,)}
ZEROS: Table = {REGISTRY["matmul"]: (zero_product,), REGISTRY["einsum"]: (zero_product,)}
