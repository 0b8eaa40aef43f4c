"""Cheaper ways to calculate sums of products: fewer entries written or fewer operations, and the
same result up to rounding. Where the new order could overflow or underflow, that is tested at each
run (core/magnitudes.py).

A sum of n products has in every order a rounding error of at most about n u Σ|terms| (N. Higham,
Accuracy and Stability of Numerical Algorithms, 2002, 3.1); every rule here keeps to that bound for
the terms that it adds. What is infinite or nan stays so.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from admodes.core.magnitudes import LARGE, finite, normal_product, normal_sum
from admodes.core.op import REGISTRY, Op
from admodes.core.record import Ref, Step
from admodes.core.values import shape_of
from admodes.ops.reductions import kept_shape
from admodes.optimisation.folding import Folding, Table, params_of
from admodes.optimisation.literals import number
from admodes.programs.rewriting import Copy

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def factor(c: float) -> bool:
    """Whether a constant factor may be moved without overflow or underflow of its own."""
    return 1e-100 < abs(c) < 1e100


def _constant(copy: Folding, step: Step) -> tuple[float, Any] | None:
    """(c, x) of a product c x."""
    for c, x in (step.args, step.args[::-1]):
        found = number(c)
        if found is not None and factor(found) and copy.alike(x, step.like):
            return found, x
    return None


def _bare(copy: Folding, a: Any) -> tuple[Step | None, list[Step]]:
    """The product behind reshapes that nothing else reads, and these reshapes."""
    moves = []
    while (step := copy.made(a, "reshape")) is not None and copy.once(a):
        moves.append(step)
        a = step.args[0]
    return (copy.made(a, "multiply") if copy.once(a) else None), moves


def multiply(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """c (d x) = (c d) x, and (c x) w = x (c w) where w has fewer entries."""
    if value.__class__ is not np.ndarray or value.dtype != np.float64:
        return None
    for a, b in (args, args[::-1]):
        if b.__class__ is not Ref:
            continue
        product, moves = _bare(copy, b)
        inner = None if product is None else _constant(copy, product)
        if inner is None:
            continue
        c, x = inner
        for move in reversed(moves):
            x = copy.make("reshape", x, like=move.like, shape=move.shape)
        outer = number(a)
        if outer is not None:
            if factor(outer) and factor(c * outer) and copy.alike(b, value):
                return copy.make("multiply", c * outer, x, like=value)
        elif _is_less(copy, a, b):
            less = product_of_small(copy, c, a)
            return copy.make("multiply", less, x, like=value)
    return None


def _is_less(copy: Folding, a: Any, b: Any) -> bool:
    """Whether a has so many entries fewer than b that a product with a, and a decision whether it
    is a normal number, are cheaper than a product with b."""
    return math.prod(shape_of(copy.value(b))) - math.prod(shape_of(copy.value(a))) >= LARGE


def doubled(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """x + x = 2 x, whose factor may be taken into others."""
    a, b = args
    same = a.__class__ is Ref and b.__class__ is Ref and a == b
    if not same or value.__class__ is not np.ndarray or value.dtype != np.float64:
        return None
    copy.used[a.row] = copy.used.get(a.row, 2) - 1
    return copy.make("multiply", 2.0, a, like=value)


def small_first(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """v (w X) = (v w) X where v w has fewer entries than X."""
    if value.__class__ is not np.ndarray or value.dtype != np.float64 or value.size < LARGE:
        return None
    for v, product in (args, args[::-1]):
        inner, _ = _bare(copy, product) if product.__class__ is Ref else (None, [])
        if inner is None or math.prod(inner.shape) != value.size:
            continue
        anyhow = number(v) is not None
        if not anyhow and long_axes(inner.shape) != long_axes(value.shape):
            continue
        found = _small_of(copy, v, inner, value, anyhow)
        if found is not None:
            return found
    return None


def _small_of(copy: Folding, v: Any, inner: Step, value: Any, anyhow: bool) -> Any:
    """v times a product w X, with v w first."""
    ordered = sorted((inner.args, inner.args[::-1]), key=lambda p: np.size(copy.value(p[0])))
    for w, x in ordered:
        if v.__class__ is not Ref and w.__class__ is not Ref:
            continue
        outer = inner.shape == value.shape and not anyhow
        if not anyhow and not outer and not copy.alike(x, inner.like):
            continue
        w = w if anyhow else stretched_as(copy, w, inner.shape, value.shape)
        shape = np.broadcast_shapes(shape_of(copy.value(v)), shape_of(copy.value(w)))
        if value.size - math.prod(shape) < LARGE:
            continue
        both = product_of_small(copy, v, w)
        if anyhow:
            whole = copy.make("multiply", both, x, like=inner.like)
            return copy.make("reshape", whole, like=value, shape=value.shape)
        if not outer:
            x = copy.make("reshape", x, like=value, shape=value.shape)
        return copy.make("multiply", both, x, like=value)
    return None


def product_of_small(copy: Folding, v: Any, w: Any) -> Any:
    """v w, which is tested where it may be too small or too large; a constant from 1 on makes
    nothing too small."""
    found = copy.make("multiply", v, w)
    if any(a.__class__ is not Ref and bool((np.abs(a) >= 1.0).all()) for a in (v, w)):
        if not copy.shows():
            copy.check(finite, found)
    else:
        copy.check(normal_product, v, w)
    return found


def long_axes(shape: tuple[int, ...]) -> list[int]:
    """The lengths of the axes that are longer than 1."""
    return [n for n in shape if n != 1]


def stretched_as(copy: Copy, w: Any, before: tuple[int, ...], now: tuple[int, ...]) -> Any:
    """A factor of an array of one shape as one of the same array in another shape, which differs in
    axes of length 1 alone."""
    own = shape_of(copy.value(w))
    if not own or before == now:
        return w
    own = (1,) * (len(before) - len(own)) + own
    lengths = iter([m for m, n in zip(own, before, strict=True) if n != 1])
    shape = tuple(1 if n == 1 else next(lengths) for n in now)
    return copy.emit(REGISTRY["reshape"], w, shape=shape)


def total(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """Sums of products: constant factors and what does not vary outside the sum, sums over rows of
    a matrix product before the product, shares that add to 1, and contractions."""
    (x,) = args
    own = copy.value(x)
    if own.__class__ is not np.ndarray or own.dtype != np.float64 or not own.size:
        return None
    axes = op.structure.axes(own.shape, params)
    if not axes:
        return None
    for rule in (_shares, _outside, _product, _transposed, _contraction):
        found = rule(copy, x, own, axes, value)
        if found is not None:
            return copy.make("reshape", found, like=value, shape=shape_of(value))
    return None


def _sum(copy: Folding, x: Any, axes: tuple[int, ...]) -> Any:
    """The sum over axes that stay with length 1."""
    own = copy.value(x)
    shape = kept_shape(own.shape, axes)
    return copy.make("sum", x, like=np.broadcast_to(0.0, shape), axis=axes, keepdims=True)


def _early_sum(copy: Folding, x: Any, axes: tuple[int, ...]) -> Any:
    """The sum, which is taken before a product and so may overflow where what is recorded does
    not."""
    found = _sum(copy, x, axes)
    copy.check(finite, found)
    return found


def _shares(copy: Folding, x: Any, own: Any, axes: tuple, value: Any) -> Any:
    """Σ e (c / Σ e) = c. What is lost, inf or nan in e (c / Σ e), reaches an output in another way;
    or else it is tested at each run: an entry of e that is inf or nan makes Σ e so, and a Σ e that
    is 0 or too small the share."""
    product = copy.made(x, "multiply")
    if product is None:
        return None
    for e, share in (product.args, product.args[::-1]):
        if e.__class__ is not Ref or shape_of(copy.value(e)) != own.shape:
            continue
        found = _numerator(copy, share, e, axes)
        if found is None:
            continue
        c, total = found
        parts = math.prod(shape_of(copy.value(total)))
        if copy.carried(x):
            copy.rests_on(x)
        elif parts == 1 or own.size - parts >= LARGE:
            copy.check(finite, total)
            copy.check(finite, share)
        else:
            return None
        alone = not shape_of(copy.value(c))
        return copy.make("broadcast_to", c, shape=shape_of(value)) if alone else c
    return None


def _numerator(copy: Folding, share: Any, e: Ref, axes: tuple) -> tuple[Any, Any] | None:
    """(c, Σ e) where a value is c / Σ e over these axes."""
    while (move := copy.made(share, "reshape")) is not None:
        share = move.args[0]
    step = copy.made(share, "divide", "multiply")
    if step is None:
        return None
    a, b = step.args
    if step.op is REGISTRY["divide"]:
        return (a, b) if _is_sum_of(copy, b, e, axes) else None
    for c, inner in ((a, b), (b, a)):
        scale = number(c)
        found = None if scale is None else _numerator(copy, inner, e, axes)
        if scale is None or found is None:
            continue
        own = number(found[0])
        if own is not None:
            return scale * own, found[1]
    return None


def _is_sum_of(copy: Folding, s: Any, e: Ref, axes: tuple) -> bool:
    while (move := copy.made(s, "reshape")) is not None:
        s = move.args[0]
    step = copy.made(s, "sum", "unbroadcast")
    if step is None or step.args[0] != e:
        return False
    shape = shape_of(copy.value(e))
    return step.op.structure.axes(shape, step.params) == axes


def _outside(copy: Folding, x: Any, own: Any, axes: tuple, value: Any) -> Any:
    """Σ c x = c Σ x, for a number c or an array that does not vary along the summed axes."""
    product = copy.made(x, "multiply")
    if product is None or not copy.once(x):
        return None
    for c, y in (product.args, product.args[::-1]):
        if y.__class__ is not Ref or shape_of(copy.value(y)) != own.shape:
            continue
        shape = shape_of(copy.value(c))
        aligned = (1,) * (own.ndim - len(shape)) + shape
        if all(aligned[k] == 1 for k in axes) and own.size - math.prod(shape) >= LARGE:
            scale = number(c)
            if scale is not None and not factor(scale):
                continue
            summed = _early_sum(copy, y, axes)
            if shape:
                c = copy.make("reshape", c, shape=aligned)
            return copy.make("multiply", c, summed, like=copy.value(summed))
    return None


def _product(copy: Folding, x: Any, own: Any, axes: tuple, value: Any) -> Any:
    """The sum over the rows of A B is (the sum over the rows of A) B; likewise for columns."""
    product = copy.made(x, "matmul")
    if product is None or not copy.once(x) or own.ndim < 2 or own.size < LARGE:
        return None
    a, b = product.args
    if len(shape_of(copy.value(a))) != own.ndim or len(shape_of(copy.value(b))) != own.ndim:
        return None
    like = np.broadcast_to(0.0, kept_shape(own.shape, axes))
    if axes == (own.ndim - 2,) and own.shape[-2] > 1:
        return copy.make("matmul", _early_sum(copy, a, axes), b, like=like)
    if axes == (own.ndim - 1,) and own.shape[-1] > 1:
        return copy.make("matmul", a, _early_sum(copy, b, axes), like=like)
    return None


def _transposed(copy: Folding, x: Any, own: Any, axes: tuple, value: Any) -> Any:
    """The sum of a transpose from the sum of what was transposed."""
    step = copy.made(x, "transpose")
    if step is None or not copy.once(x):
        return None
    order = params_of(step)["axes"]
    summed = _sum(copy, step.args[0], tuple(sorted(order[k] for k in axes)))
    return copy.make("transpose", summed, axes=order)


def _contraction(copy: Folding, x: Any, own: Any, axes: tuple, value: Any) -> Any:
    """Σ a b as one contraction that does not write the products."""
    step = copy.made(x, "multiply", "square")
    if step is None:
        return None
    a, b = (step.args[0], step.args[-1])
    if not copy.once(x) and not _thin(copy, (a, b), own, axes):
        return None
    return _sum_of_products(copy, a, b, own, axes)


def _sum_of_products(copy: Folding, a: Any, b: Any, own: Any, axes: tuple) -> Any:
    """Σ a b, with minus signs and divisors outside."""
    for one, other in ((a, b), (b, a)):
        found = _freed(copy, one, other, own, axes) if a is not b else None
        if found is not None:
            return found
    return _contraction_of(copy, (a, b), own, axes)


def _freed(copy: Folding, a: Any, b: Any, own: Any, axes: tuple) -> Any:
    """Σ -y b = -Σ y b, and Σ (y / s) b = (Σ y b) / s where s does not vary along the axes."""
    step = copy.made(a, "negate", "divide")
    if step is None or not copy.once(a) or step.shape != own.shape:
        return None
    y, *rest = step.args
    if y.__class__ is not Ref or shape_of(copy.value(y)) != own.shape:
        return None
    if not rest:
        total = _sum_of_products(copy, y, b, own, axes)
        return None if total is None else copy.make("negate", total)
    shape = shape_of(copy.value(rest[0]))
    shape = (1,) * (own.ndim - len(shape)) + shape
    if any(shape[k] != 1 for k in axes) or own.size - math.prod(shape) < LARGE:
        return None
    total = _sum_of_products(copy, y, b, own, axes)
    if total is None:
        return None
    minus = copy.made(y, "negate")
    copy.check(normal_sum, total, y if minus is None else minus.args[0], b)
    lined = tuple(n for k, n in enumerate(shape) if k not in axes)
    s = copy.make("reshape", rest[0], shape=lined) if lined != shape else rest[0]
    return copy.make("divide", total, s, like=copy.value(total))


def _contraction_of(copy: Folding, factors: tuple, own: Any, axes: tuple) -> Any:
    """The sum of the products of two arrays over some axes, without these."""
    a, b = factors
    if a.__class__ is not Ref or b.__class__ is not Ref:
        return None
    letters = LETTERS[: own.ndim]
    terms, operands = [], []
    for operand in (a, b):
        held = copy.value(operand)
        if held.__class__ is not np.ndarray or held.dtype != np.float64:
            return None
        shape = held.shape
        named = letters[own.ndim - len(shape) :]
        long = [k for k, n in enumerate(shape) if n != 1 or own.shape[k - len(shape)] == 1]
        terms.append("".join(named[k] for k in long))
        lined = tuple(shape[k] for k in long)
        operands.append(copy.make("reshape", operand, shape=lined))
    output = "".join(c for k, c in enumerate(letters) if k not in axes)
    like = np.broadcast_to(0.0, tuple(n for k, n in enumerate(own.shape) if k not in axes))
    if set(output) - set("".join(terms)):
        return None
    return copy.make(
        "einsum", *operands, like=like if like.ndim else None, terms=tuple(terms), output=output
    )


def _thin(copy: Folding, factors: tuple, own: Any, axes: tuple) -> bool:
    """Whether the product is a matrix times a vector along axes that are not the last: BLAS does
    that several times as fast as NumPy adds rows, even if the product is needed anyway."""
    if own.ndim - 1 in axes or own.size < LARGE:
        return False
    for c in factors:
        shape = shape_of(copy.value(c))
        if len(shape) == own.ndim and shape[-1] == 1 and all(shape[k] != 1 for k in axes):
            return True
    return False


def chosen_share(copy: Folding, op: Op, args: tuple, params: Any, value: Any) -> Any:
    """where(m, 0 / Σ m, 0) = 0: where m holds, its sum is at least 1."""
    mask, a, b = args
    if mask.__class__ is not Ref or number(b) != 0:
        return None
    share = copy.made(a, "divide")
    if share is None or number(share.args[0]) != 0:
        return None
    counted = copy.made(share.args[1], "sum")
    ones = None if counted is None else copy.made(counted.args[0], "where")
    if ones is None or ones.args != (mask, 1.0, 0.0) or value.__class__ is not np.ndarray:
        return None
    return np.zeros(value.shape, value.dtype)


TABLE: Table = {REGISTRY["sum"]: (total,), REGISTRY["unbroadcast"]: (total,)}
FACTORS: Table = {REGISTRY["multiply"]: (multiply, small_first), REGISTRY["add"]: (doubled,)}
EXACT: Table = {REGISTRY["where"]: (chosen_share,)}
