"""Forward mode: a function, its arguments and a tangent for each go in; the value and the tangent
of the result come out. Dual numbers carry a tangent beside the primal value.

R. E. Wengert, A simple automatic derivative evaluation program, CACM 7 (1964); nesting by levels
after J. M. Siskind and B. A. Pearlmutter, Perturbation confusion (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import ndarray

from admodes.core.batch import Lanes
from admodes.core.carrier import Carrier, Level, call, innermost
from admodes.core.checking import Count, checked, refuse_roots, to_check, unchecked_result
from admodes.core.inplace import lent
from admodes.core.pytree import (
    check_output,
    checked_input,
    flatten,
    flatten_like,
    match_shapes,
    own,
    owned,
    split_aux,
    stripped,
    unflatten,
)
from admodes.core.roots import has_origin, keeps, origin, smooth
from admodes.core.scalars import counted, fitting
from admodes.core.space import cast, zeros
from admodes.core.values import ARITHMETIC, Params, Value, shape_of
from admodes.core.watching import Watch, look
from admodes.errors import BadType


@counted
class Dual(Carrier):
    """primal + ε tangent, at one level."""

    __slots__ = ("__weakref__", "origin", "shares", "tangent")
    content = ("primal", "tangent", "origin")

    def __init__(self, level: Level, primal: Any, tangent: Any) -> None:
        self.level = level
        self.primal = primal
        self.tangent = tangent
        self.origin = None

    def made_of(self) -> tuple:
        return self.primal, self.tangent

    def constant(self, x: Any) -> Any:
        return dual(self.level, x, zeros(x.shape, x))

    def unary(self, op: Any) -> Any:
        x = self.primal
        t = self.tangent
        if x.__class__ is float and t.__class__ is float:
            try:
                y = op.scalar(x)
                if y or (self.origin is None and op.squared is None):
                    ((p, k),) = op.rules
                    if k is not None:
                        p = p(x) if k == 1 else p(y) if k == 0 else p(*k((y, x)))
                    t = p * t if t and (p or not op.cuts) else 0.0
                    return _number(self.level, y, t)
            except ARITHMETIC:
                pass
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        level = self.level
        if a.__class__ is Dual and a.level is level:
            x, t = a.primal, a.tangent
        else:
            x, t = a, None
        if b.__class__ is Dual and b.level is level:
            z, s = b.primal, b.tangent
        else:
            z, s = b, None
        if (
            (x.__class__ is float or x.__class__ is int)
            and (z.__class__ is float or z.__class__ is int)
            and (t is None or t.__class__ is float)
            and (s is None or s.__class__ is float)
            and op.elementwise
        ):
            try:
                y = op.scalar(x, z)
                if y or not (op.squared or has_origin(a) or has_origin(b)):
                    (p, j), (q, k) = op.rules
                    given = (y, x, z)
                    total = 0.0
                    if t:
                        if j.__class__ is int:
                            p = p(given[j])
                        elif j is not None:
                            p = p(*j(given))
                        total = t * p
                    if s:
                        if k.__class__ is int:
                            q = q(given[k])
                        elif k is not None:
                            q = q(*k(given))
                        total += s * q
                    if total == total:
                        return _number(level, y, total)
            except ARITHMETIC:
                pass
        return op.dispatch((a, b), None)

    def apply(self, op: Any, args: tuple, params: Params) -> Any:
        level = self.level
        primals = []
        tangents = []
        floats = True
        arrays = rooted = False
        for a in args:
            t = None
            if a.__class__ is Dual and a.level is level:
                t = a.tangent
                rooted = rooted or a.origin is not None
                a = a.primal
            tangents.append(t)
            primals.append(a)
            if a.__class__ is ndarray and a.dtype.kind == "f":
                arrays = True
            elif a.__class__ is not float:
                floats = False
        xs = tuple(primals)
        if Watch.open and (op.kinked or op.is_test):
            look(op, xs, params)
        y = op.on_arrays(xs, params) if arrays and floats else op.dispatch(xs, params)
        if op.passive:
            return level.truth(y)
        if not rooted and not keeps(op, y):
            return dual(level, y, op.jvp(tangents, y, xs, params))
        better = smooth(op, args)
        if better.__class__ is Dual and better.level is level:
            return dual(level, y, better.tangent)
        made = dual(level, y, op.jvp(tangents, y, xs, params))
        made.origin = origin(op, args, params)
        return made


_number: Any = Dual.real_number


def dual(level: Level, y: Value, tangent: Any) -> Any:
    """A dual number, or an array of them."""
    kind: Any = Dual if y.__class__ is ndarray else fitting(Dual, y, shape_of(y))
    return kind(level, y, tangent)


def jvp(
    f: Callable, primals: tuple, tangents: tuple, batched: bool = False, has_aux: bool = False
) -> tuple:
    """f(*primals) and J v, the derivative of f along the tangents, in one forward sweep.

    primals and tangents are tuples of the same structure and shapes: numbers, arrays, or tuples,
    lists and dicts of them. Integers are promoted to float64. The result is (out, tangent_out),
    both of the structure of f's result. Memory does not grow with the number of operations.

    Raises TypeError for non-numeric values, ValueError for shapes that do not match.

    >>> import admodes as ad
    >>> import numpy as np
    >>> ad.jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.0))
    (12.0, 4.0)
    >>> seeds = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    >>> ad.jvp(lambda x, y: x * y, (3.0, 4.0), seeds, batched=True)
    (12.0, array([4., 3.]))
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise BadType("jvp takes tuples: ad.jvp(f, (x,), (v,)), one tangent per argument of f")
    if Count.blocks and to_check((primals, tangents)):
        xs, vs = checked((tuple(primals), tuple(tangents)), "jvp")
        return unchecked_result(jvp(f, xs, vs, batched, has_aux))  # type: ignore[no-any-return]
    xs, tree = flatten(tuple(primals))
    vs = flatten_like(tuple(tangents), tree, "jvp: the tangents", "the primals")
    level = Level(xs)
    xs = [checked_input(x, "jvp", complex_too=True) for x in xs]
    vs = [checked_input(v, "jvp", complex_too=True) for v in vs]
    lanes = Lanes(xs, vs, "jvp: tangent", "primal") if batched else None
    if lanes is None:
        match_shapes(xs, vs, "jvp: tangent", "primal")
    vs = [cast(v, x) for v, x in zip(vs, xs, strict=True)]
    if lanes is not None:
        vs = [lanes.wrap(v) for v in vs]
    try:
        duals = [lent(dual(level, x, v)) for x, v in zip(xs, vs, strict=True)]
        result, aux = split_aux(call(f, unflatten(tree, duals)), has_aux, f)
        leaves, out_tree = flatten(result)
        if Count.blocks:
            refuse_roots(leaves)
    finally:
        level.alive = False
    outs, dots = [], []
    for leaf in leaves:
        check_output(leaf, level, f)
        mine = leaf.__class__ is Dual and leaf.level is level
        y = leaf.primal if mine else leaf
        dot = cast(leaf.tangent, y) if mine else zeros(shape_of(y), y)
        outs.append(own(y))
        dots.append(dot if lanes is None else lanes.unwrap(dot))
    dots = owned(dots, map(innermost, vs))
    found = unflatten(out_tree, outs), unflatten(out_tree, dots)
    return (*found, stripped(aux, level)) if has_aux else found
