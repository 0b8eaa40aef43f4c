"""Operations that move and add values: indexing, stacking, sums, broadcasting, the strong product.

Almost all are linear, so each is its own tangent rule and states its transpose.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from admodes.core.builders import linear, shape_of, zeros
from admodes.core.carrier import (
    FUNCTIONS,
    UFUNCS,
    Carrier,
    LostDerivative,
    bind_operator,
    bind_unary,
    value,
)
from admodes.core.op import REGISTRY, Op, numeric


def _sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    x = np.asarray(x)
    extra = x.ndim - len(shape)
    stretched = tuple(i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1)
    return x.sum(axis=(*range(extra), *stretched)).reshape(shape)


broadcast_to: Op = linear(
    "broadcast_to",
    lambda x, shape: np.broadcast_to(x, shape).copy(),
    lambda w, y, x, shape: unbroadcast(w, shape=shape_of(x)),
    doc="An array stretched to a shape by NumPy's broadcasting rules.",
)
unbroadcast: Op = linear(
    "unbroadcast",
    lambda x, shape: _sum_to(x, shape),
    lambda w, y, x, shape: broadcast_to(w, shape=shape_of(x)),
    kind="additions",
    reduces=True,
    doc="The transpose of broadcasting: the sum over every axis that broadcasting stretched.",
)


def _strong(p: Any, t: Any) -> Any:
    return np.where(np.equal(t, 0), 0.0, np.multiply(p, t))


def _partial_of_strong(i: int, w: Any, y: Any, p: Any, t: Any) -> Any:
    if i == 1:
        return unbroadcast(strong_mul(p, w), shape=shape_of(t))
    return unbroadcast(tangent_mul(t, w), shape=shape_of(p))


strong_mul: Op = linear(
    "strong_mul",
    _strong,
    lambda w, y, p, t: _partial_of_strong(0, w, y, p, t),
    lambda w, y, p, t: _partial_of_strong(1, w, y, p, t),
    scalar=lambda p, t: p * t if t else 0.0,
    arity=2,
    joint=False,
    kind="multiplications",
    text="{0}*{1}",
    latex="{0}*{1}",
    doc="partial × tangent, which is 0 wherever the tangent is exactly 0, even if the partial is "
    "infinite or nan. Its own derivative is the plain product rule.",
)


def _jvp_strong(tangents: list, y: Any, args: tuple, params: dict | None) -> Any:
    p, t = args
    dp, dt = tangents
    terms = [] if dp is None else [tangent_mul(dp, t)]
    if dt is not None:
        terms.append(strong_mul(p, dt))
    total = functools.reduce(REGISTRY["add"], terms)
    same = shape_of(total) == shape_of(y)
    return total if same else broadcast_to(total, shape=shape_of(y))


strong_mul.jvp = _jvp_strong  # type: ignore[method-assign]

tangent_mul: Op = linear(
    "tangent_mul",
    lambda s, t: np.where(np.equal(s, 0), 0.0, _strong(s, t)),
    lambda w, y, s, t: unbroadcast(tangent_mul(t, w), shape=shape_of(s)),
    lambda w, y, s, t: unbroadcast(tangent_mul(s, w), shape=shape_of(t)),
    scalar=lambda s, t: s * t if s and t else 0.0,
    arity=2,
    joint=False,
    kind="multiplications",
    text="{0}*{1}",
    latex="{0}*{1}",
    doc="The product of two tangents or cotangents, which is 0 wherever either is exactly 0. It "
    "arises in second derivatives. Its own derivative is the plain product rule.",
)


def _place(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, getattr(x, "dtype", float))
    np.add.at(out, index, x)
    return out


getitem: Op = linear(
    "getitem",
    lambda x, index: x[index],
    lambda w, y, x, index: place(w, index=index, shape=shape_of(x)),
    text="{0}[{index}]",
    latex="{0}[{index}]",
    doc="x[index]: integers, slices, ... and None.",
)
place: Op = linear(
    "place",
    _place,
    lambda w, y, x, index, shape: getitem(w, index=index),
    doc="The transpose of indexing: x at index in an array of zeros.",
)


def _sum_transpose(w: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    shape = shape_of(x)
    if axis is not None and not keepdims:
        axes = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
        w = reshape(w, shape=tuple(1 if i in axes else n for i, n in enumerate(shape)))
    return broadcast_to(w, shape=shape)


sum_ = linear(
    "sum",
    lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
    _sum_transpose,
    kind="additions",
    reduces=True,
    text="Σ {0}",
    latex=r"\sum {0}",
    doc="The sum of the entries of an array, over all axes or the given ones.",
)
reshape: Op = linear(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    lambda w, y, x, shape: reshape(w, shape=shape_of(x)),
    doc="The same entries in another shape.",
)


def _unstack(i: int, w: Any, y: Any, *args: Any, axis: int = 0) -> Any:
    return getitem(w, index=(slice(None),) * (axis % len(shape_of(w))) + (i,))


_stack = linear(
    "stack",
    lambda *xs, axis=0: np.stack([np.asarray(x) for x in xs], axis, dtype=np.result_type(*xs)),
    _unstack,
    arity=None,
    text="[{*}]",
    latex="[{*}]",
    doc="Values of one shape along a new axis.",
)


def stack(values: Any, axis: int = 0) -> Any:
    """Join numbers, arrays or traced values of one shape along a new axis, as np.stack does.

    Raises ValueError where the shapes differ or there is nothing to join.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.jacobian(lambda x: ad.stack([x[0] * x[1], x[1]]))(np.array([2.0, 3.0]))
    array([[3., 2.],
           [0., 1.]])
    """
    values = list(values)
    shapes = {shape_of(v) for v in values}
    if len(shapes) != 1:
        raise ValueError(
            f"stack: {'nothing to join' if not shapes else f'the shapes differ: {sorted(shapes)}'}"
        )
    return _stack(*values, axis=axis)


def array(values: Any) -> Any:
    """np.array for nested lists and tuples that may hold traced values.

    Numbers and nested sequences of numbers become a float64 array; traced values keep their
    derivatives. Raises ValueError where the nesting is ragged.

    >>> import admodes as ad
    >>> ad.jacobian(lambda t: ad.array([[1.0, t], [t * t, 0.0]]))(3.0)
    array([[0., 1.],
           [6., 0.]])
    """
    if isinstance(values, Carrier):
        return values
    if not isinstance(values, (list, tuple)):
        return numeric(values, "array")
    parts = [array(v) for v in values]
    if not any(isinstance(p, Carrier) for p in parts):
        return numeric(np.array(parts, dtype=float), "array")
    return stack(parts)


def _where_transpose(w: Any, c: Any, like: Any, chosen: bool) -> Any:
    picked = where(c, w, 0.0) if chosen else where(c, 0.0, w)
    return unbroadcast(picked, shape=shape_of(like))


where: Op = linear(
    "where",
    np.where,
    lambda w, y, c, a, b: None,
    lambda w, y, c, a, b: _where_transpose(w, c, a, True),
    lambda w, y, c, a, b: _where_transpose(w, c, b, False),
    arity=3,
    differentiable=(False, True, True),
    kind="comparisons",
    scalar=lambda c, a, b: a if c else b,
    text="where({0}, {1}, {2})",
    latex=r"\mathrm{where}({0}, {1}, {2})",
    symbol=lambda sp, c, a, b: sp.Piecewise((a, c), (b, True)),
    doc="a where the condition holds, otherwise b. The branch that is not taken contributes "
    "nothing, whatever its value or derivative (nan included).",
)


def _compare(name: str, ufunc: np.ufunc, sign: str, latex: str, dunder: str) -> Op:
    """A comparison: a boolean, without derivative, that notes the branch where it is recorded."""
    op = linear(
        name,
        ufunc,
        scalar=getattr(operator, dunder, None),
        arity=2,
        differentiable=(False, False),
        kind="comparisons",
        text=f"{{0}} {sign} {{1}}",
        latex=f"{{0}} {latex} {{1}}",
        symbol=lambda sp, a, b: getattr(sp, dunder.capitalize())(a, b),
        doc=f"a {sign} b as a boolean; it has no derivative.",
        numpy=(ufunc,),
    )
    bind_operator(dunder, op, reflected=dunder in ("and", "or"))
    return op


greater = _compare("greater", np.greater, ">", ">", "gt")
greater_equal = _compare("greater_equal", np.greater_equal, "≥", r"\ge", "ge")
less = _compare("less", np.less, "<", "<", "lt")
less_equal = _compare("less_equal", np.less_equal, "≤", r"\le", "le")
equal: Op = _compare("equal", np.equal, "=", "=", "eq")
not_equal = _compare("not_equal", np.not_equal, "≠", r"\ne", "ne")
both = _compare("both", np.bitwise_and, "∧", r"\land", "and")
either = _compare("either", np.bitwise_or, "∨", r"\lor", "or")
opposite = linear(
    "opposite",
    np.logical_not,
    differentiable=(False,),
    kind="comparisons",
    text="¬{0}",
    latex=r"\lnot {0}",
    symbol=lambda sp, a: sp.Not(a),
    doc="not a, of a truth value; it has no derivative.",
    numpy=(np.logical_not, np.invert),
)
bind_unary("invert", opposite)
UFUNCS.update({np.logical_and: both, np.logical_or: either})


def _index(index: Any) -> Any:
    """An index as plain values: masks and positions that were traced have no derivative."""
    if isinstance(index, tuple):
        return tuple(map(_index, index))
    if isinstance(index, Carrier):
        if np.asarray(value(index)).dtype.kind == "f":
            raise LostDerivative(
                "a traced value cannot be an index: use int(ad.value(x)) or a condition"
            )
        return value(index)
    return index


def sum(values: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of an array, or of a list that may hold traced values, over all or some axes.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.grad(lambda x: ad.sum(x * x))(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return sum_(array(values), axis=axis, keepdims=keepdims)


def _numpy_sum(a: Any, axis: Any = None, **options: Any) -> Any:
    given = {k: v for k, v in options.items() if v is not None and v is not np._NoValue}
    keepdims = bool(given.pop("keepdims", False))
    if given:
        raise TypeError(f"np.sum of a traced value does not take {', '.join(given)}=")
    return sum_(a, axis=axis, keepdims=keepdims)


FUNCTIONS.update(
    {
        np.sum: _numpy_sum,
        np.stack: lambda arrays, axis=0: stack(arrays, axis),
        np.where: where,
        np.broadcast_to: lambda array, shape: broadcast_to(array, shape=shape),
        np.reshape: lambda a, shape: reshape(a, shape=shape),
        np.shape: shape_of,
        np.ndim: lambda a: len(shape_of(a)),
        np.size: lambda a: int(np.size(value(a))),
        np.zeros_like: lambda a: zeros(shape_of(a), a),
        np.ones_like: lambda a: np.ones_like(value(a)),
    }
)
setattr(Carrier, "sum", sum)  # noqa: B010
setattr(Carrier, "__getitem__", lambda self, i: getitem(self, index=_index(i)))  # noqa: B010
