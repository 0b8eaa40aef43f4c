"""Reverse mode: every operation leaves a node behind, and a sweep walks the nodes back.

S. Linnainmaa, master's thesis (1970); A. Griewank and A. Walther, Evaluating Derivatives (2008).
There is no tape object: the tape of a sweep is the set of nodes reachable from its outputs, in
the order of their serial numbers. It is freed with the values that refer to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from admodes.core.builders import cast, shape_of, zeros
from admodes.core.carrier import Carrier, Level, call
from admodes.core.op import ARITHMETIC, REGISTRY, plain_params
from admodes.core.pytree import (
    check_output,
    checked_input,
    flatten,
    flatten_like,
    match_shapes,
    own,
    unflatten,
)

_next_serial = itertools.count().__next__
_by_serial = attrgetter("serial")


class General(NamedTuple):
    """What the vjp of a node needs beside its adjoint: parameters, and values of the arguments."""

    params: dict | None
    primals: tuple


class Node(Carrier):
    """A value, and the operation and arguments that made it (op is None for an input).

    local: on Python floats the partials, evaluated while recording and shared by all sweeps: one
    number for one argument, otherwise a tuple with None for what nothing is propagated to. In
    general what the operation's vjp needs. None for an input.
    """

    __slots__ = ("args", "local", "op", "serial")
    result: Any

    def __init__(self, level: Level, primal: Any, op: Any, args: tuple, local: Any) -> None:
        self.level = level
        self.primal = primal
        self.op = op
        self.args = args
        self.local = local
        self.serial = _next_serial()

    def unary(self, op: Any) -> Any:
        x = self.primal
        if x.__class__ is float:
            try:
                y = op.scalar(x)
                p = op.quick_partials[0]
                if p.__class__ is not int:
                    p = p(y, x)
                if p or not op.selects:
                    return self.result(self.level, y, op, (self,), p)
            except ARITHMETIC:
                pass
        return self.apply(op, (self,), None)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        level = self.level
        kind = self.__class__
        x = z = None
        if a.__class__ is kind and a.level is level:
            x = a.primal
        if b.__class__ is kind and b.level is level:
            z = b.primal
        u = a if x is None else x
        v = b if z is None else z
        if (
            (u.__class__ is float or u.__class__ is int)
            and (v.__class__ is float or v.__class__ is int)
            and op.elementwise
        ):
            try:
                y = op.scalar(u, v)
                p, q = op.quick_partials
                if x is None:
                    p = None
                elif p.__class__ is not int:
                    p = p(y, u, v)
                if z is None:
                    q = None
                elif q.__class__ is not int:
                    q = q(y, u, v)
                if op.selects:
                    p, q = p or None, q or None
                return self.result(level, y, op, (a, b), (p, q))
            except ARITHMETIC:
                pass
        return op.dispatch((a, b), None)

    def apply(self, op: Any, args: tuple, params: dict | None) -> Any:
        level = self.level
        kind = self.__class__
        primals = tuple(a.primal if a.__class__ is kind and a.level is level else a for a in args)
        y = op.dispatch(primals, params)
        if op.differentiable is not None and not any(op.differentiable):
            return y
        kept = self.kept(op, args, primals)
        return self.result(level, y, op, args, General(plain_params(params), kept))

    @staticmethod
    def kept(op: Any, args: tuple, primals: tuple) -> tuple:
        """The values of the arguments, constants safe against the caller changing an array."""
        safe = op.kept(tuple(p if a is p else None for a, p in zip(args, primals, strict=True)))
        return tuple(p if s is None else s for p, s in zip(primals, safe, strict=True))


Node.result = Node


def reachable(roots: Iterable[Node]) -> list[Node]:
    """The nodes that roots depend on, last first."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        node = stack.pop()
        kind = node.__class__
        level = node.level
        for a in node.args:
            if a.__class__ is kind and a not in seen and a.level is level:
                seen.add(a)
                stack.append(a)
    return sorted(seen, key=_by_serial, reverse=True)


def sweep(adjoints: dict[Node, Any], nodes: list[Node], keep: bool = False) -> dict[Node, Any]:
    """Propagate the adjoints of the outputs to every node, in the given order (last first).

    Returns the adjoints of the inputs (of all nodes with keep). Adjoints that have been passed on
    are dropped as the sweep goes.
    """
    take = adjoints.get if keep else adjoints.pop
    for node in nodes:
        local = node.local
        if local is None:
            continue
        w = take(node, None)
        if w is None:
            continue
        if local.__class__ is General or w.__class__ is not float:
            _general_step(adjoints, node, w)
        elif local.__class__ is tuple:
            a, b = node.args
            p, q = local
            if p is not None:
                term = p * w if w else 0.0
                adjoints[a] = adjoints[a] + term if a in adjoints else term
            if q is not None:
                term = q * w if w else 0.0
                adjoints[b] = adjoints[b] + term if b in adjoints else term
        else:
            (a,) = node.args
            term = local * w if w else 0.0
            adjoints[a] = adjoints[a] + term if a in adjoints else term
    return adjoints


def _general_step(adjoints: dict[Node, Any], node: Node, w: Any) -> None:
    """Add what node's adjoint w contributes to its arguments, by the operation's vjp."""
    kind = node.__class__
    level = node.level
    args = node.args
    if node.local.__class__ is General:
        params, xs = node.local
    else:
        params = None
        xs = tuple(a.primal if a.__class__ is kind and a.level is level else a for a in args)
    for i, a in enumerate(args):
        if a.__class__ is kind and a.level is level:
            term = node.op.vjp(i, w, node.primal, xs, params)
            if term is not None:
                adjoints[a] = _add(adjoints[a], term) if a in adjoints else term


def vjp(f: Callable, *primals: Any) -> tuple[Any, Callable[[Any], tuple]]:
    """f(*primals), and the pullback: cotangent of the output -> tuple of cotangents wᵀJ.

    Inputs are copied, so changing an array afterwards does not change the pullback. The pullback
    may be called any number of times. Arguments that f does not use get zeros of their shape.
    Integers are promoted to float64.

    Raises TypeError for complex and non-numeric values, ValueError for a cotangent whose
    structure or shapes are not those of the output.

    >>> import admodes as ad
    >>> out, pullback = ad.vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> pullback(1.0)
    (4.0, 3.0)
    """
    xs, tree = flatten(primals)
    level = Level()
    inputs = [Node(level, checked_input(x, "vjp", copy=True), None, (), None) for x in xs]
    try:
        leaves, out_tree = flatten(call(f, unflatten(tree, inputs)))
    finally:
        level.alive = False
    for leaf in leaves:
        check_output(leaf, level, f)
    outs = [y.primal if _owned(y, level) else y for y in leaves]
    nodes = reachable([y for y in leaves if _owned(y, level)])

    def pullback(cotangent: Any) -> tuple:
        ws = flatten_like(cotangent, out_tree, "pullback: the cotangent", "the output")
        ws = [checked_input(w, "pullback") for w in ws]
        match_shapes(outs, ws, "pullback: cotangent", "output")
        ws = [cast(w, y) for w, y in zip(ws, outs, strict=True)]
        adjoints: dict[Node, Any] = {}
        for y, w in zip(leaves, ws, strict=True):
            if _owned(y, level) and not _is_zero(w):
                adjoints[y] = _add(adjoints[y], w) if y in adjoints else w
        sweep(adjoints, nodes)
        found = (adjoints.get(x) for x in inputs)
        return unflatten(
            tree,
            [
                zeros(shape_of(x), x.primal) if g is None else own(cast(g, x.primal))
                for x, g in zip(inputs, found, strict=True)
            ],
        )

    return unflatten(out_tree, [own(y) for y in outs]), pullback


def _add(a: Any, b: Any) -> Any:
    """a + b, also inf - inf of arrays, without a warning."""
    return REGISTRY["add"](a, b)


def _is_zero(w: Any) -> bool:
    """Whether a cotangent is exactly zero, so that there is nothing to propagate."""
    return not isinstance(w, Carrier) and not np.any(w)


def _owned(y: Any, level: Level) -> bool:
    return isinstance(y, Node) and y.level is level
